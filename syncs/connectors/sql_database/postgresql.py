"""PostgreSQL: rows come by COPY, several times as fast as by a cursor."""

import contextlib
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql

from syncs.connectors import addresses
from syncs.connectors.protocol import BLOCK_BYTES, BLOCK_ROWS, Columns, ConnectorError, FileHeader
from syncs.connectors.row_blocks import block_of_copied, cells_of_copied, header_of
from syncs.connectors.sql_database.snapshot import (
    CONNECT_SECONDS,
    MOST_TABLES,
    PROGRAM,
    FieldTypes,
    Login,
    Snapshot,
    bytes_in,
    check_names,
    failed,
    found_sentence,
    key_among,
    too_slow,
    trusted_certificates,
)
from syncs.connectors.sql_database.statements import BEGINNING, Select

SERVER = "PostgreSQL"
PORT = 5432
SSL_MODES = {"offered": "prefer", "always": "require", "verified": "verify-full"}
# The numbers of types.
BOOLEAN, BYTEA, MONEY, DATE, TIMESTAMP, TIMESTAMP_WITH_ZONE = 16, 17, 790, 1082, 1114, 1184
# Whole numbers, floating and exact ones, and days: texts of these can be read in one way only.
EXACT = {20, 21, 23, 26, 700, 701, 1700, BOOLEAN, MONEY, DATE, TIMESTAMP, TIMESTAMP_WITH_ZONE}
# What COPY would not write as it is meant: t and f, and the sign of a currency.
CASTS = {BOOLEAN: "{}::text", MONEY: "{}::numeric"}
# Stamps for fields of some types and for all others. One without a zone is in that of the session.
STAMPS = {"date": "{}::date", "stamp": "({}::timestamptz AT TIME ZONE 'UTC')"}
ANY_STAMP = "{}::timestamptz"
# The SELECT stands in another one, which can be nothing but one SELECT.
BEFORE, AFTER = "SELECT * FROM (\n", "\n) q"
ADVICE = {
    "42P01": "Check the name of the table, with its schema, and whether the user may see it.",
    "42703": "Check the name of the column.",
    "42501": "Grant the user SELECT on it.",
    "25006": "Only reading is possible.",
}
# The server refuses a connection now, but not for good. It says so in its own language; this is that of most.
PASSING = re.compile(
    r"starting up|shutting down|recovery|refused$|closed the connection|timeout expired|too many (clients|connections)"
    r"|connection slots"
)
TABLES = """
    SELECT count(*), count(*) FILTER (WHERE has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE'))
    FROM (SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p') AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
          AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') LIMIT %s) c
"""


@contextlib.contextmanager
def open_postgresql(login: Login) -> Iterator[Snapshot]:
    """A snapshot of a PostgreSQL database; raises ConnectorError."""
    with _connected(login) as connection:
        # Where the server can, it notices within seconds that a cancelled sync does not wait for a slow SELECT.
        with contextlib.suppress(psycopg.Error):
            connection.execute("SET client_connection_check_interval = '2s'")
        settings = {
            "DateStyle": "ISO, YMD",
            "TimeZone": login.zone.key,
            "extra_float_digits": "3",
            "statement_timeout": f"{login.seconds}s",
            "idle_in_transaction_session_timeout": "0",
        }
        for name, value in settings.items():
            connection.execute("SELECT set_config(%s, %s, false)", [name, value])
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        [clock] = connection.execute("SELECT now()").fetchone() or [BEGINNING]
        yield PostgreSQL(connection, login, clock)


@contextlib.contextmanager
def _connected(login: Login) -> Iterator[psycopg.Connection[Any]]:
    # Of the addresses that the name has, this is one that answers and may be asked.
    with addresses.connect(login.host, login.port, seconds=CONNECT_SECONDS) as answering:
        ip = answering.getpeername()[0]
    try:
        connection = psycopg.connect(
            host=login.host,
            hostaddr=ip,
            port=login.port,
            dbname=login.database,
            user=login.user,
            password=login.password,
            sslmode=SSL_MODES[login.encryption],
            sslrootcert=trusted_certificates() if login.encryption == "verified" else None,
            # None of the files in which libpq looks for secrets are ours to use.
            sslcertmode="disable",
            passfile="/dev/null",
            gssencmode="disable",
            connect_timeout=CONNECT_SECONDS,
            application_name=PROGRAM,
            client_encoding="UTF8",
            autocommit=True,
            prepare_threshold=None,
        )
    except psycopg.Error as error:
        raise refused(login, str(error)) from None
    with contextlib.closing(connection):
        try:
            yield connection
        except psycopg.Error as error:
            raise lost(login, error) from None


class PostgreSQL(Snapshot):
    """A read-only transaction with the isolation level REPEATABLE READ."""

    def __init__(self, connection: psycopg.Connection[Any], login: Login, clock: datetime) -> None:
        self.connection, self.login, self.clock = connection, login, clock

    def found(self) -> str:
        version = str(self.connection.info.parameter_status("server_version")).split()[0]
        readable, writable = self.connection.execute(TABLES, [MOST_TABLES]).fetchone() or (0, 0)
        return found_sentence(f"{SERVER} {version}", readable, writable, self.login.user)

    def blocks(
        self, select: Select, since: datetime, types: FieldTypes, limit: int | None = None
    ) -> Iterator[FileHeader | Columns]:
        described = self._columns(select, since)
        columns = [name for name, _ in described]
        check_names(select, columns)
        for name, type_number in described:
            if type_number == BYTEA:
                raise bytes_in(select, name, "bytea", f"Write, for example, encode({name}, 'hex') AS {name}.")
        exact = [at for at, (_, type_number) in enumerate(described) if type_number in EXACT]
        yield header_of(select.kind, select.title, columns)
        chosen = sql.SQL(", ").join(
            _as_copied(name, type_number, field_type)
            for (name, type_number), field_type in zip(described, types(columns), strict=True)
        )
        number = 1
        for copied in self._copied(select, since, chosen, limit):
            block = block_of_copied(select.kind, select.title, columns, exact, copied, number)
            number += len(block)
            yield block

    def keys(self, select: Select) -> Iterator[list[str]]:
        name = key_among(select, [name for name, _ in self._columns(select, BEGINNING)])
        for copied in self._copied(select, BEGINNING, _name(name), None):
            lines = copied.decode("utf-8", "replace").split("\n")
            yield [key for line in lines if line for key in cells_of_copied(line) if key]

    def _columns(self, select: Select, since: datetime) -> list[tuple[str, int]]:
        """Name and number of the type of each column of the result; no row is read."""
        query = f"{BEFORE}{select.as_format()}{AFTER} LIMIT 0"
        # A prepared statement is one statement: what would end the SELECT and begin another one is refused here.
        with self._failing(select), self.connection.cursor(binary=True) as cursor:
            cursor.execute(query.encode(), {"since": since}, prepare=False)
            return [(column.name, column.type_code) for column in cursor.description or ()]

    def _copied(self, select: Select, since: datetime, chosen: sql.Composable, limit: int | None) -> Iterator[bytes]:
        """The chosen columns of the result as lines of COPY, so many as a block has."""
        query = sql.SQL("COPY (SELECT {} FROM (\n{}\n) q{}) TO STDOUT (NULL '')").format(
            chosen,
            # `_columns` has found that it is one SELECT.
            sql.SQL(select.as_format()),
            sql.SQL("" if limit is None else f" LIMIT {limit:d}"),
        )
        with self._failing(select), self.connection.cursor() as cursor, cursor.copy(query, {"since": since}) as copy:
            lines: list[Any] = []
            size = 0
            # The server sends a message for each row.
            for line in copy:
                lines.append(line)
                size += len(line)
                if len(lines) >= BLOCK_ROWS or size >= BLOCK_BYTES:
                    yield b"".join(lines)
                    lines, size = [], 0
            if lines:
                yield b"".join(lines)

    @contextlib.contextmanager
    def _failing(self, select: Select) -> Iterator[None]:
        """Turn the server's errors about a SELECT into sentences."""
        try:
            yield
        except psycopg.errors.QueryCanceled:
            raise too_slow(select, self.login.seconds) from None
        except psycopg.Error as error:
            if is_passing(error):
                raise lost(self.login, error) from None
            place = int(error.diag.statement_position or 0) - 1 - len(BEFORE)
            where = select.place(place) if 0 <= place <= len(select.text) else ""
            advice = ADVICE.get(error.sqlstate or "", "")
            raise failed(select, SERVER, words_of(error), where=where, advice=advice) from None


def _as_copied(name: str, type_number: int, field_type: str) -> sql.Composable:
    """The column, converted where COPY would write another text than is meant."""
    cast = CASTS.get(type_number, "{}")
    if type_number in (TIMESTAMP, TIMESTAMP_WITH_ZONE):
        cast = STAMPS.get(field_type, ANY_STAMP)
    return sql.SQL(cast).format(_name(name))


def _name(name: str) -> sql.Identifier:
    # A statement with parameters has its percent signs doubled.
    return sql.Identifier(name.replace("%", "%%"))


def is_passing(error: psycopg.Error) -> bool:
    """Whether the connection was lost, or the server has no room or stops; not that a statement is wrong."""
    state = error.sqlstate or ""
    return not state or state.startswith(("08", "53", "57P")) or state in ("40001", "40P01", "55P03")


def words_of(error: psycopg.Error) -> str:
    return (error.diag.message_primary or str(error).strip() or "no reason").rstrip(".") + "."


def lost(login: Login, error: psycopg.Error) -> ConnectorError:
    """The error of a connection that ended, or of a server that is busy or refuses a setting of ours."""
    place, words = f"{SERVER} at {login.host}:{login.port}", words_of(error)
    if is_passing(error):
        return ConnectorError(f"{place} broke off the connection. It says: “{words}”", transient=True)
    return ConnectorError(f"{place} refuses to be read. It says: “{words}”")


def refused(login: Login, words: str) -> ConnectorError:
    """The error of a server that was reached and let nobody in, in its own words."""
    said = re.split(r"FATAL:|failed:", words)[-1].strip().splitlines() or ["no reason"]
    return ConnectorError(
        f"{SERVER} at {login.host}:{login.port} did not let “{login.user}” into the database “{login.database}”. It "
        f"says: “{said[0].rstrip('.')}.” Check the user, the password and the database.",
        transient=bool(PASSING.search(words)),
    )
