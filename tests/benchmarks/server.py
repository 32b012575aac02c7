"""The server that everything is measured on, and the database of the benchmark's own, fresh as often as asked."""

import contextlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from adsplatform.local import embedded_postgres

PROJECT = Path(__file__).resolve().parents[2]
DATABASE, TEMPLATE = "ads_benchmark", "ads_benchmark_template"
# How long a worker's last connection may take to end.
DROP_SECONDS = 60
# The batch of a million invoices is larger than the default limit.
LIMITS = {"BATCH_MAX_BYTES": str(4 * 1024**3)}


class BenchmarkServer:
    """The server of DATABASE_URL or, without one, an embedded one; a context manager that leaves nothing behind.

    One that need not be `durable` is for tests: nothing can be measured on it.
    """

    def __init__(self, base: Path, *, durable: bool = True):
        self.durable = durable
        base.mkdir(parents=True, exist_ok=True)
        self.folder = Path(tempfile.mkdtemp(prefix="run-", dir=base))
        # As root, the embedded server runs as another user, who has to reach its data.
        self.folder.chmod(0o711)
        self._embedded = None

    def __enter__(self):
        try:
            if url := os.environ.get("DATABASE_URL"):
                of = conninfo_to_dict(url)
            else:
                self._embedded = embedded_postgres.Server(self.folder / "var", durable=self.durable)
                self._embedded.start()
                settings = embedded_postgres.database_settings(self.folder / "var")
                of = {name.lower(): settings[name] for name in ("HOST", "PORT", "USER", "PASSWORD")}
                of["dbname"] = settings["NAME"]
            self._maintenance = self._url(of, of["dbname"])
            self.url = self._url(of, DATABASE)
            self.environment = os.environ | LIMITS | {
                "DATABASE_URL": self.url,
                "ADS_VAR_DIR": str(self.folder / "var"),
                "DJANGO_SETTINGS_MODULE": "tests.benchmarks.settings",
                "LOG_LEVEL": "WARNING",
                # The benchmark measures only the process that it starts for the sync.
                "SYNC_OWN_PROCESS": "false",
                "SYNC_READER_FOLDERS": str(self.folder),
                "CONNECTOR_ALLOWED_ADDRESSES": "127.0.0.1/32",
            }  # fmt: skip
            self._make_template()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        try:
            if self._embedded:
                self._embedded.stop()
            elif hasattr(self, "_maintenance"):
                self.drop(DATABASE, TEMPLATE)
        finally:
            shutil.rmtree(self.folder)

    def fresh(self, template: str = TEMPLATE) -> None:
        """Make the database anew, with all tables and no records, or as it was kept under another name."""
        self.drop(DATABASE)
        shutil.rmtree(self.folder / "var" / "uploads", ignore_errors=True)
        self._copy(template, DATABASE)

    def keep(self, name: str) -> None:
        """Keep the database as it is now as a template, until `drop`."""
        self.drop(name)
        self._copy(DATABASE, name)

    def create(self, name: str) -> str:
        """Make an empty database, and return its URL; it is there until `drop`."""
        self.drop(name)
        self._maintain(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self._url(conninfo_to_dict(self._maintenance), name)

    def drop(self, *names: str) -> None:
        for name in names:
            # Without FORCE: only a superuser may end an autovacuum that is at work there, but it gives way by itself.
            deadline = time.monotonic() + DROP_SECONDS
            while True:
                try:
                    self._maintain(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
                    break
                except psycopg.errors.ObjectInUse:
                    if time.monotonic() > deadline:
                        raise

    def connect(self) -> psycopg.Connection:
        return psycopg.connect(self.url, autocommit=True)

    def ask(self, query: str, *parameters):
        """The one value that a query answers."""
        with self.connect() as connection:
            return connection.execute(query, parameters or None).fetchone()[0]

    def written_columns(self, table: str) -> list[str]:
        """The table's columns, but for those that the database calculates."""
        with self.connect() as connection:
            found = connection.execute(
                "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass "
                "AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum",
                [table],
            )
            return [name for (name,) in found]

    def rows_written(self) -> int:
        """How many records were inserted, updated or deleted since the database was made."""
        # A process reports what it wrote when its connection ends.
        while self.ask(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
        ):
            time.sleep(0.02)
        return self.ask(
            "SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::bigint FROM pg_stat_user_tables "
            r"WHERE relname LIKE 'records\_%'"
        )

    def vacuum(self) -> None:
        """Do what autovacuum does within minutes of a large load."""
        with self.connect() as connection:
            connection.execute("VACUUM ANALYZE records_invoice, records_company")

    @property
    def may_be_confined(self) -> bool:
        """Whether all that works is ours, and there is something to confine it to."""
        may_choose = bool(self._embedded) and hasattr(psutil.Process, "cpu_affinity")
        return may_choose and len(psutil.Process().cpu_affinity()) % 2 == 0

    @contextlib.contextmanager
    def on_half_the_cores(self):
        """Let the server, and whatever is started meanwhile, use only half of the cores."""
        cores = psutil.Process().cpu_affinity()
        try:
            self._confine(cores[: len(cores) // 2])
            yield
        finally:
            self._confine(cores)

    def _confine(self, cores: list[int]) -> None:
        served = psutil.Process(self._embedded.process.pid)
        # Processes that are started later, like the server's next connection, inherit the cores of their parent.
        for process in (psutil.Process(), served, *served.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.cpu_affinity(cores)

    def wal_position(self) -> int:
        return self.ask("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint")

    def size(self) -> int:
        """Bytes that the database takes on disk."""
        return self.ask("SELECT pg_database_size(current_database())")

    def description(self) -> str:
        """When and where this is measured; raises SystemExit where the server may lose what it has committed."""
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            if (found := self.ask(f"SHOW {setting}")) != "on":
                raise SystemExit(
                    f"{setting} of this server is “{found}”. Turn it on: else what is measured means nothing."
                )
        return (
            f"{date.today()}, {_processor()}, {os.cpu_count()} cores, "
            f"PostgreSQL {self.ask('SHOW server_version')} ({'embedded' if self._embedded else 'DATABASE_URL'}), "
            f"Python {platform.python_version()}; fsync, synchronous_commit and full_page_writes on"
        )

    def _make_template(self) -> None:
        self.drop(DATABASE, TEMPLATE)
        self._maintain(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
        command = [sys.executable, "manage.py", "migrate", "-v0"]
        done = subprocess.run(command, cwd=PROJECT, env=self.environment, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"The benchmark's database could not be made: {done.stderr}")
        self.keep(TEMPLATE)

    def _copy(self, template: str, name: str) -> None:
        # Copied as files, a large template takes seconds and no WAL.
        statement = "CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy"
        self._maintain(sql.SQL(statement).format(sql.Identifier(name), sql.Identifier(template)))

    def _maintain(self, statement) -> None:
        with psycopg.connect(self._maintenance, autocommit=True) as connection:
            connection.execute(statement)

    @staticmethod
    def _url(of: dict, name: str) -> str:
        user, password = (quote(of.get(key) or "", safe="") for key in ("user", "password"))
        sign_in = f"{user}{':' if password else ''}{password}@" if user else ""
        return f"postgresql://{sign_in}{of.get('host', 'localhost')}:{of.get('port') or 5432}/{name}"


def _processor() -> str:
    """The processor's name, which only Linux keeps in a file."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
