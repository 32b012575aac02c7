"""The record protocol: what a connector yields, and what it may complain of."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, BinaryIO, Protocol, TypeAlias
from uuid import UUID

import polars as pl


class Absent:
    """Marks a cell whose column the row does not have; not the same as an empty one, which clears."""

    def __repr__(self):
        return "ABSENT"


ABSENT = Absent()

# What JSON has; a number with a decimal point comes as text, so that no digit is lost.
JsonValue: TypeAlias = "str | int | bool | list[JsonValue] | dict[str, JsonValue] | None"
Cell: TypeAlias = "JsonValue | Absent"

# Rows of a block: enough to make column-wise work pay, few enough to keep memory small.
BLOCK_ROWS = 5_000
BLOCK_BYTES = 8 * 1024**2


@dataclass(slots=True)
class Rows:
    """A block of rows of one kind from one place, all with the same columns.

    `name` is the source's own word for the kind of record (a file's stem, a batch key, an entity name).
    `cells` holds a sequence a row, as long as `columns`; a cell is text, None, or what JSON has (int, bool,
    dict, list; numbers with a decimal point come as text), or ABSENT. `lines` says where each row stands,
    counted from 1; `raw` is each row as the source wrote it. A sheet names its columns by `letters` too, so that a
    problem can be found by its cell.
    """

    name: str
    file: str
    columns: Sequence[str]
    cells: list[Sequence[Any]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)
    letters: Sequence[str] = ()

    def __len__(self):
        return len(self.cells)


def in_larger_blocks(found: Iterable) -> Iterator:
    """What a connector yields, its small blocks of rows put together where one follows on another of the same kind."""
    held, size = None, 0
    try:
        for block in found:
            added = sum(map(len, block.raw)) if isinstance(block, Rows) else 0
            has_room = held and len(held) < BLOCK_ROWS and size + added <= BLOCK_BYTES
            if has_room and isinstance(block, Rows) and _are_alike(held, block):
                size += added
                held.cells += block.cells
                held.lines += block.lines
                held.raw += block.raw
                continue
            if held:
                yield held
            held, size = None, added
            if isinstance(block, Rows):
                # The lists of a block are the connector's.
                held = replace(block, cells=[*block.cells], lines=[*block.lines], raw=[*block.raw])
            else:
                yield block
    except ConnectorError:
        # What has been read of the source before it broke off is told all the same.
        if held:
            yield held
        raise
    if held:
        yield held


def _are_alike(one: Rows, other: Rows) -> bool:
    return (one.name, one.file, list(one.columns)) == (other.name, other.file, list(other.columns)) and (
        one.letters == other.letters
    )


@dataclass(slots=True)
class Columns:
    """A block of rows by column, for sources that hold many: `Rows` turned on their side.

    `cells` holds for each of the `columns` either a sequence of what `Rows` have, or a Series of texts, null where a
    cell is empty; `gaps` says of a Series, by its place, in which rows there is no cell (null there). Nothing may be
    in a cell that is not in the raw text of its row, but what stands for escapes (backslashes). `delimited` has each
    row as its cells with a `delimiter` between them, but for rows at the places `apart`: often that is the raw text.
    Without a delimiter nothing of the kind is said.
    """

    name: str
    file: str
    columns: Sequence[str]
    cells: list[pl.Series | Sequence[Any]]
    lines: Sequence[int]
    raw: list[str]
    gaps: Mapping[int, list[bool]] = field(default_factory=dict)
    delimited: list[str] = field(default_factory=list)
    delimiter: str = ""
    apart: Collection[int] = ()
    letters: Sequence[str] = ()

    def __len__(self):
        return len(self.raw)


@dataclass(slots=True)
class RowProblem:
    """A line that cannot be read, or something to say about a whole file (`line` None).

    An error with a line is a rejected line and counted as one; without a line it is the file's.
    """

    name: str
    file: str
    line: int | None
    code: str
    message: str
    kind: str = "error"
    column: str = ""
    value: str = ""
    raw: str = ""


@dataclass(frozen=True, slots=True)
class FileHead:
    """How the lines of a file are to be read again, one by one; said once, before its rows.

    A file without one has a JSON object a line.
    """

    name: str
    file: str
    columns: Sequence[str]
    delimiter: str


class ConnectorError(Exception):
    """The source cannot be read (to its end), so that the attempt fails; `str()` is the sentence to show.

    `transient` if it may go better without anybody's doing (no connection, 429, 5xx): the sync is tried again, not
    before the `retry_after` seconds that the source asked for. All else fails at once; who must act, the code tells.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = "source_unreadable",
        file: str = "",
        transient: bool = False,
        retry_after: float | None = None,
    ):
        super().__init__(message)
        self.code = code
        self.file = file
        self.transient = transient
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Setting:
    """Something an enrollment of the connector can be told; never a secret."""

    label: str
    value: str = ""
    data_type: str = "String"


@dataclass(frozen=True, slots=True)
class Credential:
    """Something a connector needs to sign in to its source; people fill it in when they enrol.

    `name` is a member of `connectorInfo` in the API. A secret is typed unseen and never shown again.
    """

    name: str
    label: str
    help_text: str = ""
    is_secret: bool = True
    is_required: bool = True


@dataclass(frozen=True, slots=True)
class ApplicationEntry:
    """A connector's entry in the catalogue of applications."""

    app_id: UUID
    connector: str
    name: str
    description: str
    app_type: str
    settings: tuple[Setting, ...] = ()
    credentials: tuple[Credential, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a source may hold. Sizes in bytes."""

    unpacked_bytes: int
    ratio: int
    entries: int
    line_bytes: int


@dataclass(frozen=True, slots=True)
class Source:
    """What a connector is given to read: whose data, which run, how to reach it.

    `anchor` is the day of the enrollment's last successful full sync, where there was one. `content` is the upload
    as a seekable binary file, where there is one, and `format` its kind: zip, csv, jsonl, batch or mended.
    """

    app_enrollment_id: UUID
    full: bool
    limits: Limits
    credentials: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    content: BinaryIO | None = None
    file_name: str = ""
    format: str = ""
    anchor: date | None = None


class Connector(Protocol):
    """Knows one kind of source; yields its rows, never collects them."""

    application: ApplicationEntry

    def check(self, credentials: Mapping[str, str]) -> None:
        """Raise ConnectorError unless the source can be reached with these credentials."""

    def rows(self, source: Source) -> Iterator[Rows | Columns | RowProblem | FileHead]:
        """Yield everything the source holds; raise ConnectorError where it cannot be read to its end."""
