"""MariaDB and MySQL, by SQLAlchemy and PyMySQL."""

import contextlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from select import POLLIN, poll
from typing import Any

import pymysql
import sqlalchemy
from pymysql.constants import FIELD_TYPE
from pymysql.converters import conversions
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from syncs.connectors import addresses
from syncs.connectors.protocol import ConnectorError
from syncs.connectors.sql_database.cursor_snapshot import CursorSnapshot, lost, words_of
from syncs.connectors.sql_database.snapshot import (
    CONNECT_SECONDS,
    MOST_TABLES,
    PROGRAM,
    Login,
    Snapshot,
    found_sentence,
    trusted_certificates,
)

PORT = 3306
TABLES = f"""
    SELECT (SELECT count(*) FROM (SELECT 1 FROM information_schema.tables WHERE table_schema NOT IN
            ('information_schema', 'performance_schema', 'mysql', 'sys') LIMIT {MOST_TABLES}) t),
           (SELECT count(*) FROM (
               SELECT privilege_type FROM information_schema.user_privileges
               UNION ALL SELECT privilege_type FROM information_schema.schema_privileges
               UNION ALL SELECT privilege_type FROM information_schema.table_privileges
            ) p WHERE privilege_type IN ('INSERT', 'UPDATE', 'DELETE'))
"""  # noqa: S608, a number of ours
# The numbers of the server's errors: the time limit of a statement; a lost connection, no room, a deadlock.
TOO_SLOW = {1317, 1969, 3024}
PASSING = {1040, 1053, 1152, 1158, 1159, 1160, 1161, 1203, 1205, 1213, 1927, 2003, 2006, 2013, 2055}
# A flag is a number; the time of a day is what the server writes.
CONVERTERS = {**conversions, FIELD_TYPE.BIT: int.from_bytes, FIELD_TYPE.TIME: str}
TLS: dict[str, dict[str, Any] | None] = {
    "offered": None,
    "always": {"verify_mode": "none"},
    "verified": {"verify_mode": "required", "check_hostname": True, "ca": trusted_certificates()},
}


@contextlib.contextmanager
def open_mysql(login: Login) -> Iterator[Snapshot]:
    """A snapshot of a database of MariaDB or MySQL; raises ConnectorError."""
    engine = sqlalchemy.create_engine(
        "mysql+pymysql://",
        creator=lambda: _connect(login),
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
    )
    try:
        connection = engine.connect()
    except DBAPIError as error:
        raise _refused(login, error) from None
    with contextlib.closing(connection):
        try:
            clock = _begin(connection, login)
        except DBAPIError as error:
            raise lost(MySQL.server, login, error) from None
        yield MySQL(connection, login, clock)


def _connect(login: Login) -> pymysql.Connection:
    connection = pymysql.connect(
        host=login.host,
        port=login.port,
        user=login.user,
        # As text it would have to be Latin-1.
        password=login.password.encode(),
        database=login.database,
        charset="utf8mb4",
        conv=CONVERTERS,
        ssl=TLS[login.encryption],
        read_timeout=login.seconds + CONNECT_SECONDS,
        program_name=PROGRAM,
        defer_connect=True,
    )
    opened = addresses.connect(login.host, login.port, seconds=CONNECT_SECONDS)
    # The server speaks first. Afterwards it has as long as a statement may take.
    speaking = poll()
    speaking.register(opened, POLLIN)
    if not speaking.poll(CONNECT_SECONDS * 1000):
        opened.close()
        raise ConnectorError(
            f"The server at {login.host}:{login.port} said nothing for {CONNECT_SECONDS} seconds. Check that a "
            "database of MariaDB or MySQL answers there.",
            transient=True,
        )
    connection.connect(opened)
    return connection


def _begin(connection: sqlalchemy.Connection, login: Login) -> datetime:
    """Begin the transaction; returns what the server's clock shows."""
    is_mariadb = getattr(connection.dialect, "is_mariadb", False)
    limit = f"max_statement_time = {login.seconds}" if is_mariadb else f"max_execution_time = {login.seconds * 1000}"
    # The loader may need a while for what it has got, and the server must not give up meanwhile.
    connection.exec_driver_sql(f"SET SESSION {limit}, net_write_timeout = 3600")
    clock: datetime = connection.exec_driver_sql("SELECT utc_timestamp(6)").scalar_one()
    connection.exec_driver_sql("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    connection.exec_driver_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
    return clock.replace(tzinfo=UTC)


class MySQL(CursorSnapshot):
    """A read-only transaction with a consistent snapshot of the InnoDB tables."""

    server = "The server"
    bytes_advice = "Write, for example, HEX({name}) AS {name}."

    def found(self) -> str:
        with self._reading():
            version = str(self.connection.exec_driver_sql("SELECT version()").scalar_one())
            readable, writable = self.connection.exec_driver_sql(TABLES).one()
        name = "MariaDB" if "mariadb" in version.lower() else "MySQL"
        return found_sentence(f"{name} {version.split('-')[0]}", readable, writable, self.login.user)

    def prepare(self, since: datetime) -> None:
        """Have the columns of the type TIMESTAMP compared with `since` on the clocks of our zone.

        The zone is set as an offset: many servers do not know the names of zones.
        """
        self.connection.exec_driver_sql(f"SET time_zone = '{_offset_text(self._offset(since))}'")

    def zones(self, since: datetime, types: Sequence[Any]) -> list[tzinfo | None]:
        shown = timezone(self._offset(since))
        return [shown if type_number == FIELD_TYPE.TIMESTAMP else None for type_number in types]

    def _offset(self, since: datetime) -> timedelta:
        """The offset of our zone at that moment; in former centuries it was no whole number of minutes."""
        offset = max(since, datetime(1980, 1, 1, tzinfo=UTC)).astimezone(self.login.zone).utcoffset() or timedelta()
        return timedelta(minutes=offset // timedelta(minutes=1))

    def limit(self, count: int) -> str:
        return f" LIMIT {count:d}"

    def is_passing(self, error: DBAPIError) -> bool:
        return number_of(error) in PASSING

    def is_too_slow(self, error: DBAPIError) -> bool:
        return number_of(error) in TOO_SLOW

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise lost(self.server, self.login, error) from None


def number_of(error: DBAPIError) -> int:
    """The number of the server's error; 0 if it has none."""
    said = error.orig.args if error.orig else ()
    return said[0] if said and isinstance(said[0], int) else 0


def _offset_text(offset: timedelta) -> str:
    minutes = offset // timedelta(minutes=1)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def _refused(login: Login, error: DBAPIError) -> ConnectorError:
    return ConnectorError(
        f"The database server at {login.host}:{login.port} did not let “{login.user}” into the database "
        f"“{login.database}”. It says: “{words_of(error)}” Check the user, the password and the database.",
        transient=number_of(error) in PASSING,
    )
