"""Installs a Tryton server outside the repository, makes its books once, and starts servers on copies of them."""

import json
import shutil
import sqlite3
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

from tests.product import eventually, free_port
from tests.sources.cache import environment_of, made_once, run

HERE = Path(__file__).parent
REQUIREMENTS, BOOKS = HERE / "requirements.txt", HERE / "books.py"
MODULES = ("account", "account_invoice", "account_statement")
DATABASE, USER, PASSWORD = "books", "admin", "of the tests"


def installation() -> Path:
    """The folder of the programs of a virtual environment that has Tryton."""
    return environment_of("tryton", REQUIREMENTS) / "bin"


def template() -> Path:
    """A folder with a database of books as `books.create` makes them, and with a key in `key.json`."""
    programs = installation()

    def make(folder: Path) -> None:
        config = _configured(folder)
        (folder / f"{DATABASE}.sqlite").touch()
        (folder / "password").write_text(PASSWORD)
        run(
            *(programs / "trytond-admin", "-c", config, "-d", DATABASE, "--all", "--email", "admin@tryton.example"),
            *("-u", *MODULES, "--activate-dependencies"),
            TRYTONPASSFILE=str(folder / "password"),
        )
        run(programs / "python", BOOKS, config, DATABASE, "create")
        (folder / "key.json").write_text(run(programs / "python", BOOKS, config, DATABASE, "key"))

    return made_once("tryton-books", REQUIREMENTS, BOOKS, make=make)


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
        return json.loads(run(self.programs / "python", BOOKS, self.config, DATABASE, action))


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
