"""A stream of a tap, whose records become blocks of rows."""

import json
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from syncs.connectors.formats.layouts import fits, missing_columns
from syncs.connectors.protocol import (
    ABSENT,
    BLOCK_ROWS,
    Columns,
    ConnectorError,
    FileHeader,
    FileLayout,
    RowProblem,
)
from syncs.connectors.row_blocks import block_of_rows, header_of
from syncs.connectors.singer.schemas import StreamColumn, columns_of

# By which taps that read the log of a database say that a record is gone, and by which our own names do.
DELETED_AT = "_sdc_deleted_at"
MATCH_ACTION, DELETE = "onMatchAction", "2"
# Members of records that the schema does not have, by name.
MOST_UNKNOWN = 20
_TEXTS = {str, type(None)}


class Stream:
    """One stream that is read: by the layout of an import profile, or by our own names as a kind of record.

    `name` is what people call it, and `kind` the kind of record; by a layout, or where it is only looked at, that is
    its name too.
    """

    def __init__(self, name: str, kind: str = "", layout: FileLayout | None = None) -> None:
        self.name, self.kind, self.layout = name, kind or name, layout
        self.has_our_names = bool(kind)
        self.count = 0
        # Of the records that it sends, as its last message about that says.
        self.version: int | None = None
        self._columns: list[StreamColumn] | None = None
        self._names: list[str] = []
        self._records: list[dict[str, Any]] = []
        self._members: set[str] = set()
        self._unknown: set[str] = set()

    def begin(self, schema: dict[str, Any]) -> Iterator[FileHeader | Columns]:
        """What follows from a schema, which may come again."""
        columns = columns_of(schema)
        if columns == self._columns:
            return
        yield from self.flush()
        names = [column.name for column in columns]
        if self.layout and not fits(self.layout, names):
            raise missing_columns(self.layout, self.name, names)
        if len(set(names)) < len(names):
            raise ConnectorError(f"The stream “{self.name}” has two columns of one name, so it cannot be read.")
        self._columns, self._names = columns, names
        self._members = {column.path[0] for column in columns}
        yield header_of(self.kind, self.name, self._own_names, self.layout, is_interleaved=True)

    @property
    def _own_names(self) -> list[str]:
        """The names of the columns; among our own ones, that for a record that is deleted is ours too."""
        if not self.has_our_names:
            return self._names
        return [MATCH_ACTION if name == DELETED_AT else name for name in self._names]

    def add(self, record: dict[str, Any]) -> Iterator[Columns | RowProblem]:
        """Take a record; a full block is yielded."""
        if self._columns is None:
            raise ConnectorError(f"The tap sent a record of the stream “{self.name}” before its schema.")
        self._records.append(record)
        if not record.keys() <= self._members:
            yield from self._unknown_members(record)
        if len(self._records) >= BLOCK_ROWS:
            yield from self.flush()

    def flush(self) -> Iterator[Columns]:
        """What has come since the last block."""
        records, self._records = self._records, []
        if not records or not self._columns:
            return
        first, self.count = self.count + 1, self.count + len(records)
        rows = [[record.get(name, ABSENT) for name in self._names] for record in records]
        for at, column in enumerate(self._columns):
            if len(column.path) > 1:
                for row, record in zip(rows, records, strict=True):
                    row[at] = _at(record, column.path)
        yield self._block(rows, first)

    def _block(self, rows: list[list[Any]], first: int) -> Columns:
        texts: Sequence[Sequence[str | None]] = rows
        gaps: dict[int, list[bool]] = {}
        is_marked = self.has_our_names and DELETED_AT in self._names
        # Most sources have texts only, whose columns need not be looked at one by one.
        if is_marked or not _TEXTS.issuperset(chain.from_iterable(map(type, row) for row in rows)):
            texts, gaps = self._texts(rows, is_marked=is_marked)
        exact = [at for at, column in enumerate(self._columns or ()) if column.is_exact]
        try:
            return block_of_rows(self.kind, self.name, self._own_names, exact, texts, first, gaps)
        except UnicodeEncodeError:
            whole = [[cell and whole_characters(cell) for cell in row] for row in texts]
            return block_of_rows(self.kind, self.name, self._own_names, exact, whole, first, gaps)

    def _texts(
        self, rows: list[list[Any]], *, is_marked: bool
    ) -> tuple[list[tuple[str | None, ...]], dict[int, list[bool]]]:
        """The cells as texts, and by column which of them are absent."""
        by_column = list(zip(*rows, strict=True))
        gaps = {}
        for at, cells in enumerate(by_column):
            if not _TEXTS.issuperset(map(type, cells)):
                by_column[at] = tuple(map(text_of, cells))
                if ABSENT in cells:
                    gaps[at] = [cell is ABSENT for cell in cells]
        if is_marked:
            at = self._names.index(DELETED_AT)
            by_column[at] = tuple(DELETE if cell else None for cell in by_column[at])
            gaps.pop(at, None)
        return list(zip(*by_column, strict=True)), gaps

    def _unknown_members(self, record: dict[str, Any]) -> Iterator[RowProblem]:
        """A remark about each member that the schema does not have, once."""
        new = sorted(record.keys() - self._members - self._unknown)
        for name in new[: max(MOST_UNKNOWN - len(self._unknown), 0)]:
            self._unknown.add(name)
            yield RowProblem(
                self.kind,
                self.name,
                None,
                "unknown_column",
                f"Records of the stream “{self.name}” have “{name}”, which its schema does not have; its values were "
                "not loaded.",
                kind="warning",
                column=name,
            )


def whole_characters(text: str) -> str:
    """The text with half characters, which no text of ours may have, as their codes."""
    return text.encode("utf-8", "backslashreplace").decode()


def text_of(value: object) -> str | None:
    """A value of JSON as the text of a cell; None where there is none."""
    match value:
        case None | str():
            return value
        case bool():
            return "true" if value else "false"
        case dict() | list():
            return json.dumps(value, ensure_ascii=False)
    return None if value is ABSENT else str(value)


def _at(record: dict[str, Any], path: Sequence[str]) -> object:
    value: object = record
    for place, name in enumerate(path):
        if not isinstance(value, dict):
            # An object that is null has no members that could be filled.
            return None if value is None and place else ABSENT
        value = value.get(name, ABSENT)
    return value
