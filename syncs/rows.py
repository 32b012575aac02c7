"""The record protocol: what a connector yields, and what it may complain of."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, BinaryIO, Protocol
from uuid import UUID


class Absent:
    """Marks a cell whose column the row does not have; not the same as an empty one, which clears."""

    def __repr__(self):
        return "ABSENT"


ABSENT = Absent()

# Rows of a block: enough to make column-wise work pay, few enough to keep memory small.
BLOCK_ROWS = 5_000
BLOCK_BYTES = 8 * 1024**2


@dataclass(slots=True)
class Rows:
    """A block of rows of one kind from one place, all with the same columns.

    `name` is the source's own word for the kind of record (a file's stem, a batch key, an entity name).
    `cells` holds a sequence a row, as long as `columns`; a cell is text, None, or what JSON has (int, bool,
    dict, list; numbers with a decimal point come as text), or ABSENT. `lines` says where each row stands,
    counted from 1; `raw` is each row as the source wrote it. `form` says in which form; it is empty unless rows of
    equal columns, form and raw text are sure to have equal cells.
    """

    name: str
    file: str
    columns: Sequence[str]
    cells: list[Sequence[Any]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)
    form: str = ""

    def __len__(self):
        return len(self.cells)

    def only(self, places: Sequence[int]) -> "Rows":
        """The block with none but the rows at these places."""
        cells, lines, raw = ([values[at] for at in places] for values in (self.cells, self.lines, self.raw))
        return replace(self, cells=cells, lines=lines, raw=raw)


@dataclass(slots=True)
class TextRows:
    """A block of rows not yet cut into cells: lines of delimited text, without their ends.

    They hold no quotation mark, no NUL, tab or backslash (but for the delimiter), no line without values, and are
    UTF-8. Should one turn out to have more or fewer cells than there are columns, `exactly` reads the block again,
    row by row.
    """

    name: str
    file: str
    columns: Sequence[str]
    delimiter: str
    lines: Sequence[int]
    raw: list[bytes]
    exactly: Callable[[], Iterator["Rows | RowProblem"]]

    @property
    def form(self) -> str:
        return f"csv{self.delimiter}"

    def __len__(self):
        return len(self.raw)

    def only(self, places: Sequence[int]) -> "TextRows":
        """The block with none but the lines at these places."""
        lines, raw = ([values[at] for at in places] for values in (self.lines, self.raw))
        return replace(self, lines=lines, raw=raw)


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


class ConnectorError(Exception):
    """The source cannot be read (to its end), so that the sync fails; `str()` is the sentence to show."""

    def __init__(self, message: str, *, code: str = "source_unreadable", file: str = ""):
        super().__init__(message)
        self.code = code
        self.file = file


@dataclass(frozen=True, slots=True)
class Setting:
    """Something an enrollment of the connector can be told; never a secret."""

    label: str
    value: str = ""
    data_type: str = "String"


@dataclass(frozen=True, slots=True)
class ApplicationEntry:
    """A connector's entry in the catalogue of applications."""

    app_id: UUID
    connector: str
    name: str
    description: str
    app_type: str
    settings: tuple[Setting, ...] = ()


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
    as a seekable binary file, where there is one, and `format` its kind: zip, csv, jsonl or batch. `uncut` says
    that whoever reads also takes `TextRows`.
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
    uncut: bool = False


class Connector(Protocol):
    """Knows one kind of source; yields its rows, never collects them."""

    application: ApplicationEntry

    def check(self, credentials: Mapping[str, str]) -> None:
        """Raise ConnectorError unless the source can be reached with these credentials."""

    def rows(self, source: Source) -> Iterator[Rows | TextRows | RowProblem]:
        """Yield everything the source holds; raise ConnectorError where it cannot be read to its end."""
