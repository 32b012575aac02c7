"""Any server that SQLAlchemy has a dialect for: rows come by a server-side cursor."""

import contextlib
import re
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, tzinfo
from functools import partial
from typing import Any, TypeAlias

import sqlalchemy
from sqlalchemy.exc import DBAPIError

from syncs.connectors.protocol import BLOCK_ROWS, Columns, ConnectorError, FileHeader
from syncs.connectors.row_blocks import block_of_rows, header_of
from syncs.connectors.sql_database.snapshot import (
    FieldTypes,
    Login,
    Snapshot,
    bytes_in,
    check_names,
    failed,
    key_among,
    too_slow,
)
from syncs.connectors.sql_database.statements import BEGINNING, Select, wall_clock
from syncs.connectors.sql_database.values import is_exact, text_of

_Text: TypeAlias = Callable[[Any], str | None]


class CursorSnapshot(Snapshot):
    """A transaction whose rows are read by a server-side cursor; a class for each kind of server derives from it."""

    # The server's name for people, and what to write in place of bytes.
    server = ""
    bytes_advice = ""

    def __init__(self, connection: sqlalchemy.Connection, login: Login, clock: datetime) -> None:
        self.connection, self.login, self.clock = connection, login, clock

    def zones(self, since: datetime, types: Sequence[Any]) -> list[tzinfo | None]:
        """For each type of the result's columns the zone in which the server writes its stamps, if not in ours."""
        return [None] * len(types)

    @abstractmethod
    def limit(self, count: int) -> str:
        """What limits a SELECT to so many rows, behind its end."""

    @abstractmethod
    def is_passing(self, error: DBAPIError) -> bool:
        """Whether the connection was lost, or the server has no room or stops; not that a statement is wrong."""

    @abstractmethod
    def is_too_slow(self, error: DBAPIError) -> bool:
        """Whether the time limit of a statement was reached."""

    def prepare(self, since: datetime) -> None:
        """What has to be done before a SELECT that compares stamps with `since`; nothing for most servers."""

    def blocks(
        self, select: Select, since: datetime, types: FieldTypes, limit: int | None = None
    ) -> Iterator[FileHeader | Columns]:
        with self._result(select, "*", since, limit) as result:
            names = list(result.keys())
            check_names(select, names)
            yield header_of(select.kind, select.title, names)
            written_in = self.zones(since, [column[1] for column in result.cursor.description])
            texts = [
                partial(text_of, ours=self.login.zone, written_in=zone, field_type=field_type)
                for zone, field_type in zip(written_in, types(names), strict=True)
            ]
            number = 1
            while rows := result.fetchmany(BLOCK_ROWS):
                yield self._block(select, names, texts, rows, number)
                number += len(rows)

    def keys(self, select: Select) -> Iterator[list[str]]:
        with self._result(select, "*", BEGINNING, 0) as result:
            name = key_among(select, list(result.keys()))
        quoted = self.connection.dialect.identifier_preparer.quote(name)
        with self._result(select, f"q.{quoted}", BEGINNING, None) as result:
            while rows := result.fetchmany(BLOCK_ROWS):
                yield [text_of(key, ours=self.login.zone) or "" for (key,) in rows if key is not None]

    def _block(
        self, select: Select, names: list[str], texts: Sequence[_Text], rows: Sequence[Sequence[Any]], first: int
    ) -> Columns:
        samples = [next((value for value in values if value is not None), None) for values in zip(*rows, strict=True)]
        for name, value in zip(names, samples, strict=True):
            if isinstance(value, bytes):
                raise bytes_in(select, name, "BLOB or BINARY", self.bytes_advice.format(name=name))
        cells = [[text(value) for text, value in zip(texts, row, strict=True)] for row in rows]
        exact = [at for at, value in enumerate(samples) if is_exact(value)]
        return block_of_rows(select.kind, select.title, names, exact, cells, first)

    @contextlib.contextmanager
    def _result(
        self, select: Select, columns: str, since: datetime, limit: int | None
    ) -> Iterator[sqlalchemy.CursorResult[Any]]:
        """The result of a SELECT that stands in another one, which can be nothing but one SELECT."""
        end = "" if limit is None else self.limit(limit)
        # What people write is what is to be run, in a read-only transaction of their own database.
        query = f"SELECT {columns} FROM ({select.as_text()}\n) q{end}"  # noqa: S608
        values = {"since": wall_clock(since, self.login.zone)} if select.is_delta else {}
        try:
            self.prepare(since)
            with self.connection.execute(
                sqlalchemy.text(query), values, execution_options={"stream_results": True, "max_row_buffer": BLOCK_ROWS}
            ) as result:
                yield result
        except DBAPIError as error:
            raise self._error(select, error) from None

    def _error(self, select: Select, error: DBAPIError) -> ConnectorError:
        if self.is_too_slow(error):
            return too_slow(select, self.login.seconds)
        if self.is_passing(error):
            return lost(self.server, self.login, error)
        return failed(select, self.server, words_of(error))


def words_of(error: DBAPIError) -> str:
    """What the server says."""
    said = error.orig.args if error.orig else ()
    # A remark that a password was used looks like the password.
    words = re.sub(r" ?\(using password: (YES|NO)\)", "", str(said[-1] if said else "no reason"))
    return words.strip().rstrip(".") + "."


def lost(server: str, login: Login, error: DBAPIError) -> ConnectorError:
    """The error of a connection that ended, or of a server that is busy."""
    return ConnectorError(
        f"{server} at {login.host}:{login.port} broke off the connection. It says: “{words_of(error)}”", transient=True
    )
