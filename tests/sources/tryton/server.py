"""Installs a Tryton server outside the repository, makes its books once, and starts servers on copies of them."""

import fcntl
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

from tests.product import eventually, free_port

HERE = Path(__file__).parent
REQUIREMENTS, BOOKS = HERE / "requirements.txt", HERE / "books.py"
MODULES = ("account", "account_invoice", "account_statement")
DATABASE, USER, PASSWORD = "books", "admin", "of the tests"


def cache_folder() -> Path:
    """Where what takes long to make stays for the next run: TEST_SOURCES_CACHE, or below the user's cache folder."""
    given = os.environ.get("TEST_SOURCES_CACHE")
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(given) if given else home / "ads-platform-tests"


def _made_once(name: str, *inputs: Path, make) -> Path:
    """The folder `name` of the cache, made anew where one of the files has changed; one process makes it at a time."""
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in inputs) + sys.version.encode()).hexdigest()[:16]
    folder = cache_folder() / f"{name}-{digest}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(folder.parent / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "ready").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            (folder / "ready").touch()
    return folder


def _run(*command: str | Path, **environment: str) -> str:
    done = subprocess.run(
        [*map(str, command)], capture_output=True, text=True, timeout=600, env={**os.environ, **environment}
    )
    assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}{done.stderr[-4000:]}"
    return done.stdout


def installation() -> Path:
    """The folder of the programs of a virtual environment that has Tryton."""

    def make(folder: Path) -> None:
        _run(sys.executable, "-m", "venv", folder)
        pip = (folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        _run(*pip, "--no-deps", "-r", REQUIREMENTS)

    return _made_once("tryton", REQUIREMENTS, make=make) / "bin"


def template() -> Path:
    """A folder with a database of books as `books.create` makes them, and with a key in `key.json`."""
    programs = installation()

    def make(folder: Path) -> None:
        config = _configured(folder)
        (folder / f"{DATABASE}.sqlite").touch()
        (folder / "password").write_text(PASSWORD)
        _run(
            *(programs / "trytond-admin", "-c", config, "-d", DATABASE, "--all", "--email", "admin@tryton.example"),
            *("-u", *MODULES, "--activate-dependencies"),
            TRYTONPASSFILE=str(folder / "password"),
        )
        _run(programs / "python", BOOKS, config, DATABASE, "create")
        (folder / "key.json").write_text(_run(programs / "python", BOOKS, config, DATABASE, "key"))

    return _made_once("tryton-books", REQUIREMENTS, BOOKS, make=make)


def _configured(folder: Path, port: int = 0) -> Path:
    config = folder / f"trytond-{port}.conf"
    config.write_text(f"[database]\nuri = sqlite://\npath = {folder}\n\n[web]\nlisten = 127.0.0.1:{port}\n")
    return config


class Tryton:
    """A running server with books of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port, self.programs = folder, free_port(), installation()
        self.config = _configured(folder, self.port)
        self.address = f"http://127.0.0.1:{self.port}"
        self.key = json.loads((folder / "key.json").read_text())["key"]
        self._process: subprocess.Popen | None = None

    @property
    def by_key(self) -> dict[str, str]:
        """What signs in to the REST interface."""
        return {"serverName": self.address, "tenant": DATABASE, "authToken": self.key}

    @property
    def by_password(self) -> dict[str, str]:
        """What signs in to the JSON-RPC interface."""
        return {"serverName": self.address, "tenant": DATABASE, "username": USER, "password": PASSWORD}

    def start(self) -> None:
        with open(self.folder / "server.log", "a") as log:
            command = [self.programs / "trytond", "-c", self.config, "-d", DATABASE]
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        assert eventually(self._answers, seconds=120), (self.folder / "server.log").read_text()[-4000:]

    def _answers(self) -> bool:
        import httpx

        try:
            return httpx.get(f"{self.address}/{DATABASE}/rest/model/party.party").status_code == 401
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def end_sessions(self) -> None:
        """Sign everybody out, as the server does after a time without questions."""
        self._execute("DELETE FROM ir_session")

    def cancel_keys(self) -> None:
        """Cancel all keys of the REST interface."""
        self._execute("UPDATE res_user_application SET state = 'cancelled'")

    def _execute(self, statement: str) -> None:
        with sqlite3.connect(self.folder / f"{DATABASE}.sqlite", timeout=60) as database:
            database.execute(statement)

    def books(self, action: str):
        """Do or ask something as a user of Tryton would, by a process beside the server."""
        return json.loads(_run(self.programs / "python", BOOKS, self.config, DATABASE, action))


@contextmanager
def tryton_server():
    """A server on a copy of the template; yields a `Tryton`."""
    made = template()
    with tempfile.TemporaryDirectory(prefix="ads-tryton-") as name:
        folder = Path(name)
        for file in (*made.glob(f"{DATABASE}.sqlite*"), made / "key.json"):
            shutil.copy(file, folder)
        server = Tryton(folder)
        server.start()
        try:
            yield server
        finally:
            server.stop()


if __name__ == "__main__":
    print(f"Tryton is installed in {installation()}, and its books are in {template()}.")
