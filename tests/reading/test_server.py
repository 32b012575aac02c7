"""The reading server forks a process for each source, ends it with its sync, and is started again when it dies."""

import ast
import contextlib
import io
import os
import socket
import subprocess
import sys
import textwrap
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import psutil
import pytest

from syncs.connectors.protocol import Columns, ConnectorError, Limits, Source
from syncs.reading import client
from syncs.reading.launcher import ReadingServer, environment
from tests.product import PROJECT, eventually
from tests.reading.test_messages import plain, read


@pytest.fixture
def reading_server():
    server = ReadingServer()
    server.start()
    yield server
    server.stop()
    client.server.requests = None


def source_of(content, name="companies.csv") -> Source:
    return Source(
        app_enrollment_id=uuid4(),
        full=False,
        limits=Limits(10**6, 100, 10, 10**5),
        content=content,
        file_name=name,
        format=name.partition(".")[2],
    )


def items_of(source, opened, connector="file-upload"):
    return client.items_of(source, opened, connector=connector, sync_id="a sync", fetches_data=False)


@pytest.fixture
def content(tmp_path):
    path = tmp_path / "companies.csv"
    path.write_text("erpKey,companyName\nC1,Acme\nC2,Bär\n")
    with path.open("rb") as file:
        yield file


def processes() -> list[psutil.Process]:
    """The processes that read, once they are confined."""
    return [
        reader
        for child in psutil.Process().children()
        if "syncs.reading" in child.cmdline()
        for reader in child.children()
        if is_confined(reader)
    ]


def is_confined(process) -> bool:
    with contextlib.suppress(OSError):
        return "NoNewPrivs:\t1" in Path(f"/proc/{process.pid}/status").read_text()
    return False


def test_a_source_is_read_in_another_process_as_it_is_here(reading_server, content):
    with ExitStack() as opened:
        found = list(items_of(source_of(content), opened))
    (rows,) = (item for item in found if isinstance(item, Columns))
    assert [column.to_list() for column in rows.cells] == [["C1", "C2"], ["Acme", "Bär"]]
    assert eventually(lambda: not processes(), seconds=5)


def test_a_storage_without_files_is_read_too(reading_server):
    with ExitStack() as opened:
        found = list(items_of(source_of(io.BytesIO(b"erpKey,companyName\nC1,Acme\n"), "plain.csv"), opened))
    assert [type(item) for item in found] == [type(item) for item in read("plain.csv")]


def test_the_connectors_error_arrives_after_what_was_read_before(reading_server):
    with ExitStack() as opened, pytest.raises(ConnectorError, match="report.zip") as refused:
        list(items_of(source_of(io.BytesIO(b"%PDF-1.7"), "report.zip"), opened))
    assert refused.value.code == "zip_damaged"


def test_an_unknown_connector_is_refused_before_anything_is_started(reading_server, content):
    with ExitStack() as opened, pytest.raises(ConnectorError, match="No connector is called “nobody”"):
        items_of(source_of(content), opened, connector="nobody")
    assert not processes()


@pytest.fixture
def endless():
    """Content that never comes."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as content:
        yield content
    os.close(writing)


def test_the_process_ends_when_its_sync_no_longer_reads(reading_server, endless):
    with ExitStack() as opened:
        items = items_of(source_of(endless), opened)
        assert eventually(processes, seconds=20)
        del items
    assert eventually(lambda: not processes(), seconds=5)


def test_the_death_of_the_process_is_no_error_of_the_source(reading_server, endless):
    with ExitStack() as opened:
        items = items_of(source_of(endless), opened)
        (process,) = eventually(processes, seconds=20)
        process.kill()
        with pytest.raises(client.ReaderLost):
            next(items)


def test_a_request_to_a_server_that_died_is_answered_by_the_next_one(reading_server, content):
    (server,) = (child for child in psutil.Process().children() if "syncs.reading" in child.cmdline())
    server.kill()
    server.wait()
    with ExitStack() as opened:
        items = items_of(source_of(content), opened)

        def runs_again():
            reading_server.keep_running()
            return any("syncs.reading" in child.cmdline() for child in psutil.Process().children())

        assert eventually(runs_again, seconds=20)
        assert [plain(item)["kind"] for item in items] == ["FileHeader", "Columns"]


def test_the_server_gets_no_secret():
    of = {
        "SECRET_KEY": "1", "CREDENTIALS_KEYS": "2", "DATABASE_URL": "3", "PGPASSWORD": "4", "AWS_SECRET_KEY": "5",
        "AUDIT_KEYS": "6", "EMAIL_URL": "7", "UPLOAD_STORAGE_OPTIONS": "8", "SYNC_MEMORY_MAX_BYTES": "9", "PATH": "10",
        "LC_ALL": "11", "https_proxy": "12",
    }  # fmt: skip
    given = dict(environment(of))
    assert {name: given.get(name) for name, value in of.items() if given.get(name) == value} == {
        "SYNC_MEMORY_MAX_BYTES": "9", "PATH": "10", "LC_ALL": "11", "https_proxy": "12",
    }  # fmt: skip


# Each tries something and raises OSError if it is refused. A server on {port} and on the Unix socket {path} waits.
NETWORK = {
    "connect": "socket.create_connection(('127.0.0.1', {port}), 5)",
    "Multipath TCP": "socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262).connect(('127.0.0.1', {port}))",
    "fast open": "socket.socket().sendto(b'x', socket.MSG_FASTOPEN, ('127.0.0.1', {port}))",
    "UDP": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', {port}))",
    "UDP, a port": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).bind(('127.0.0.1', 0))",
}
NEVER = {
    "a Unix socket": "socket.socket(socket.AF_UNIX).connect({path!r})",
    "a pair of Unix sockets": "socket.socketpair(type=socket.SOCK_DGRAM)[0].sendto(b'x', {path!r})",
    "listen": "socket.create_server(('127.0.0.1', 0))",
    "listen without a port": "socket.socket().listen()",
    "a user namespace": "call('unshare', 0x10000000)",
    "a user namespace of a child": "syscall(56 if os.uname().machine == 'x86_64' else 220, 1 << 28 | 17, 0, 0, 0, 0)",
    "the newer clone": "syscall(435, bytes(88), 88)",
    "shared memory": "call('shmget', 1616, 4096, 0o1666)",
    "a queue of messages": "call('msgget', 1616, 0o1666)",
    "a queue in the kernel": "syscall(425, 1, bytes(120))",
    "a program": "os.execv('/usr/bin/true', ['true'])",
    "a program from memory": "os.execve(in_memory('/usr/bin/true'), ['true'], dict())",
}
CONFINED = """
    import ctypes, os, socket, threading
    from pathlib import Path
    from adsplatform.local import confinement
    libc = ctypes.CDLL(None, use_errno=True)
    def call(name, *arguments):
        if getattr(libc, name)(*arguments) < 0:
            raise OSError(ctypes.get_errno(), "")
    def syscall(number, *arguments):
        call("syscall", ctypes.c_long(number), *(ctypes.c_long(a) if isinstance(a, int) else a for a in arguments))
    def in_memory(path):
        memory = os.memfd_create("x")
        os.write(memory, Path(path).read_bytes())
        return memory
    confinement.prepare(64016).apply(Path({folder!r}), has_network={has_network})
    found = dict()
    for name, attempt in {attempts}.items():
        try:
            exec(attempt)
            found[name] = "done"
        except OSError as error:
            found[name] = "refused" if error.errno in (1, 13, 38) else str(error)
    socket.socketpair()
    thread = threading.Thread(target=print, args=(found,))
    thread.start()
    thread.join()
"""


@pytest.mark.parametrize("has_network", [True, False])
def test_only_a_connector_that_fetches_its_data_has_a_network(tmp_path, has_network):
    path = str(tmp_path / "socket")
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as local:
        local.bind(path)
        local.listen()
        os.chmod(path, 0o777)
        port = server.getsockname()[1]
        attempts = {name: code.format(port=port, path=path) for name, code in (NETWORK | NEVER).items()}
        code = CONFINED.format(folder=str(tmp_path), has_network=has_network, attempts=attempts)
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code)], cwd=PROJECT, capture_output=True, text=True, timeout=60
        )
    assert not done.returncode, done.stderr
    found = ast.literal_eval(done.stdout)
    assert {name: found.pop(name) for name in NEVER} == dict.fromkeys(NEVER, "refused")
    if has_network:
        # Not every kernel has the others.
        found = {name: found[name] for name in ("connect", "UDP", "UDP, a port")}
    assert found == dict.fromkeys(found, "done" if has_network else "refused")
