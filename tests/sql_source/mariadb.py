"""A MariaDB of the tests' own: an unprivileged process with its own data folder, on a free port."""

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pymysql

PROGRAM, INSTALL = "/usr/sbin/mariadbd", "/usr/bin/mariadb-install-db"
IS_INSTALLED = Path(PROGRAM).exists() and Path(INSTALL).exists()
NOT_INSTALLED = "MariaDB is not installed here: apt-get install mariadb-server"
START_SECONDS = 120


class MariaDB:
    """A server that lives as long as the tests; `connect` signs in as its superuser."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="ads-mariadb-"))
        self.folder.chmod(0o711)
        self.password = secrets.token_hex(16)
        # As root it would refuse to run.
        self._user = {"user": "nobody", "group": "nogroup"} if os.geteuid() == 0 else {}
        self._process = None
        self.port = 0

    def start(self):
        data = self.folder / "data"
        data.mkdir()
        if self._user:
            shutil.chown(data, **self._user)
        subprocess.run(
            [INSTALL, "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal",
             "--skip-test-db", "--skip-name-resolve", "--innodb-flush-log-at-trx-commit=0",
             "--innodb-log-file-size=4M"],
            check=True, cwd="/", capture_output=True, **self._user,
        )  # fmt: skip
        self._serve()
        with pymysql.connect(host="127.0.0.1", port=self.port, user="root", autocommit=True) as connection:
            connection.cursor().execute(f"ALTER USER root@localhost IDENTIFIED BY '{self.password}'")

    def _serve(self):
        if not self.port:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                self.port = free.getsockname()[1]
        self._process = subprocess.Popen(
            [PROGRAM, "--no-defaults", f"--datadir={self.folder / 'data'}", f"--port={self.port}",
             "--bind-address=127.0.0.1", f"--socket={self.folder / 'data' / 's'}",
             f"--pid-file={self.folder / 'data' / 'pid'}", "--skip-log-bin", "--innodb-flush-log-at-trx-commit=0",
             "--innodb-buffer-pool-size=32M", "--innodb-log-file-size=4M", "--performance-schema=off",
             "--sql-mode=STRICT_ALL_TABLES", "--max-connections=20"],
            cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=(self.folder / "log").open("ab"), **self._user,
        )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError((self.folder / "log").read_text()) from None
                time.sleep(0.05)

    def connect(self, database=None, **given):
        return pymysql.connect(
            **{"host": "127.0.0.1", "port": self.port, "user": "root", "password": self.password, "autocommit": True}
            | given,
            database=database,
            charset="utf8mb4",
        )

    def execute(self, *statements, database=None):
        with self.connect(database) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchall()

    def stop(self):
        if self._process:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
