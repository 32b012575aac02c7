"""The record protocol: what a connector is given, what it yields, and how it reports problems.

A connector is a class with the attributes of `Connector`, decorated with `syncs.connectors.register`. It reads its
source once, from beginning to end, and yields what it finds in the source's order without collecting it:

- `FileHeader`, once for each file that has a header, before the rows of the file;
- `Rows` or `Columns`, a block of rows of one kind of record; blocks of up to BLOCK_ROWS rows or BLOCK_BYTES of raw
  text are best, and smaller ones are combined;
- `RowProblem`, for a line that cannot be read and for a remark about a line or a file.

Every line of the source is either a row of one block or a `RowProblem` of kind "error" with its number, so that the
counts of the sync add up. A source that cannot be read to its end raises `ConnectorError`. What a row means – types,
required columns, references – is not the connector's concern.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import IO, Literal, Protocol, TypeAlias
from uuid import UUID

import polars as pl

# Rows of a block: enough for work by column to be worthwhile, few enough to keep memory small.
BLOCK_ROWS = 5_000
BLOCK_BYTES = 8 * 1024**2


class Absent:
    """The type of ABSENT: the cell of a column that the row does not have, so that the record keeps its value.

    An empty cell ("" or None) clears the value instead.
    """

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT = Absent()

# The values of JSON; a number with a decimal point is text, so that no digit is lost.
JsonValue: TypeAlias = "str | int | bool | list[JsonValue] | dict[str, JsonValue] | None"
# The values that a connector may put into a cell.
Cell: TypeAlias = "JsonValue | Absent"


@dataclass(slots=True)
class Rows:
    """A block of rows of one kind from one file, all with the same columns.

    `name` is the source's own word for the kind of record: a file name without extension, a batch key, an entity name.
    `cells` has one sequence for each row, as long as `columns`. `lines` has the line number where each row starts,
    counted from 1, and `raw` each row as the source wrote it. `letters` are the columns' letters in a spreadsheet, so
    that a problem can name its cell; empty for other sources. `origins` are the file's own names of the columns, where
    these are other ones, so that a problem can name them. `numbers` are the line and the column's position of cells
    that the source has as numbers, though a text like them could be read two ways: `1.250`.
    """

    name: str
    file: str
    columns: Sequence[str]
    cells: list[Sequence[Cell]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)
    letters: Sequence[str] = ()
    origins: Sequence[str] = ()
    numbers: set[tuple[int, int]] = field(default_factory=set)

    def __len__(self) -> int:
        return len(self.cells)


@dataclass(slots=True)
class Columns:
    """A block of rows like `Rows`, but stored by column, which is faster for sources with many rows.

    `cells` has for each of the `columns` either a sequence with a cell for each row, or a Series of texts in which an
    empty or absent cell is null. `gaps` distinguishes the two: for the position of a Series in `cells`, it has whether
    the cell of each row is absent. A cell may contain only characters of the raw text of its row, except those that
    an escape sequence (with a backslash) stands for.

    `delimited` has each row as its cells with `delimiter` between them, which often is its raw text, except for rows at
    the positions `not_delimited`. It may be left empty, together with `delimiter`.
    """

    name: str
    file: str
    columns: Sequence[str]
    cells: Sequence[pl.Series | Sequence[Cell]]
    lines: Sequence[int]
    raw: list[str]
    gaps: Mapping[int, list[bool]] = field(default_factory=dict)
    delimited: list[str] = field(default_factory=list)
    delimiter: str = ""
    not_delimited: Collection[int] = ()
    letters: Sequence[str] = ()
    origins: Sequence[str] = ()

    def __len__(self) -> int:
        return len(self.raw)


@dataclass(slots=True)
class RowProblem:
    """A line that cannot be read, or a remark about a line or a whole file (`line` is None).

    An error with a line is counted as a rejected row; an error without one means that the file could not be read.
    A warning is not counted. `code` is one of `syncs.problem_codes`, and `message` a sentence that says what is wrong
    and what to do.

    `erp_key` is that of the record, where it is known. A further problem of a line that is counted already
    `is_further`. A problem that concerns several lines has their number in `row_count`, and in `lines` the numbers and
    texts of those that could be corrected one by one. `also` are further kinds of which the line may hold a record.

    An error says by itself that the input was not read completely. A warning `leaves_unread` where it is about a part
    that was not read to its end and may hold rows; then a full sync deletes no record of the kind called `name`, or of
    any kind if `name` is none.
    """

    name: str
    file: str
    line: int | None
    code: str
    message: str
    kind: Literal["error", "warning"] = "error"
    column: str = ""
    value: str = ""
    raw: str = ""
    leaves_unread: bool = False
    row_count: int = 1
    lines: Iterable[tuple[int, str]] = ()
    erp_key: str = ""
    is_further: bool = False
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FileLayout:
    """How files of one kind are written, by an import profile, and the columns by which they are recognised.

    `profile` identifies the profile, and `title` is its name for people. `columns` are all names of the header as the
    profile has them, `used` those that are needed; names are compared by `key_of`. `header` has the numbers of the
    header's lines. An empty `encoding`, `delimiter` or `sheet` stands for any; `file` is a pattern of file names that
    decides where several layouts fit. `has_other_lines` says that some lines are no records, such as totals. `exact`
    are the columns of which a workbook's own value counts (numbers, dates, true and false), not what the sheet shows.
    In those of `decimal_commas`, its numbers are written with a decimal comma, as the texts there are.
    """

    profile: str
    title: str
    columns: tuple[str, ...]
    used: tuple[str, ...]
    key_of: Callable[[str], str]
    header: tuple[int, ...] = (1,)
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    file: str = ""
    has_other_lines: bool = False
    exact: tuple[str, ...] = ()
    decimal_commas: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FileHeader:
    """The columns and the delimiter by which a single raw line of the file can be read again.

    The raw lines of a file without a header are JSON objects. `layout` is that of a file which was recognised by one:
    its columns have the file's own names, among which some may be equal or empty. `is_download` says that it is a
    download of rejected rows of such a file. `only` is the kind of record that its rows are about, where just one is
    meant of several that the layout's profile knows.
    """

    name: str
    file: str
    columns: Sequence[str]
    delimiter: str
    layout: FileLayout | None = None
    is_download: bool = False
    only: str = ""


SourceItem: TypeAlias = Rows | Columns | RowProblem | FileHeader
SourceItems: TypeAlias = Iterator[SourceItem]


class ConnectorError(Exception):
    """The source cannot be read, or not to its end, so that the attempt fails; `str()` is the sentence to show.

    `transient` is for causes that may go away by themselves (no connection, HTTP 429 or 5xx): the sync gets another
    attempt, not before the `retry_after` seconds that the source asked for. Other failures are final. `code` is one of
    `syncs.problem_codes`, which determines who must act.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = "source_unreadable",
        file: str = "",
        transient: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.file = file
        self.transient = transient
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting of an enrollment of the connector; never a secret. `value` is the default."""

    label: str
    value: str = ""
    data_type: str = "String"


@dataclass(frozen=True, slots=True)
class Credential:
    """A value that a connector needs to sign in to its source; people enter it when they enrol.

    `name` is a member of `connectorInfo` in the API. A secret is typed unseen and never displayed again.
    """

    name: str
    label: str
    help_text: str = ""
    is_secret: bool = True
    is_required: bool = True


@dataclass(frozen=True, slots=True)
class ApplicationEntry:
    """A connector's entry in the catalogue of applications; `app_id` and `connector` may never change."""

    app_id: UUID
    connector: str
    name: str
    description: str
    app_type: str
    settings: tuple[Setting, ...] = ()
    credentials: tuple[Credential, ...] = ()


class Vocabulary(Protocol):
    """The names of the kinds of record that can be loaded and of their columns, spelt as in files.

    A reader of files needs them to find the header, the sheet with the data, and the columns of texts.
    """

    def kind_named(self, name: str) -> str:
        """The kind that a file, a sheet or a list of that name holds; empty if there is none."""

    def known_columns(self, kind: str, names: Sequence[str]) -> Sequence[str]:
        """For each name the type of the kind's column (text, amount, double, integer, boolean, uuid, date, stamp or
        json), or an empty text where the kind has no such column."""

    def has_key(self, kind: str, names: Sequence[str]) -> bool:
        """Whether the names suffice to tell one record of the kind from another."""

    def kinds(self) -> Sequence[str]:
        """All kinds."""


class NoVocabulary:
    """The vocabulary of a source without kinds of record: it knows no name."""

    def kind_named(self, name: str) -> str:
        return ""

    def known_columns(self, kind: str, names: Sequence[str]) -> Sequence[str]:
        return [""] * len(names)

    def has_key(self, kind: str, names: Sequence[str]) -> bool:
        return False

    def kinds(self) -> Sequence[str]:
        return ()


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a source may be: bytes after unpacking and per line, times of its packed size, files in a ZIP."""

    unpacked_bytes: int
    ratio: int
    entries: int
    line_bytes: int


@dataclass(frozen=True, slots=True)
class Source:
    """The input of a connector: for which enrollment, how to reach the source, and which kind of sync.

    `content` is the upload as a seekable binary file, if there is one, and `format` its kind: zip, csv, jsonl, batch or
    mended (corrected rows). `last_full_sync` is the day of the last successful full sync, if there was one.
    `vocabulary` has the names of the kinds of record and their columns. `layouts` are those of the enrollment's import
    profiles.
    """

    app_enrollment_id: UUID
    full: bool
    limits: Limits
    credentials: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    content: IO[bytes] | None = None
    file_name: str = ""
    format: str = ""
    last_full_sync: date | None = None
    vocabulary: Vocabulary = field(default_factory=NoVocabulary)
    layouts: tuple[FileLayout, ...] = ()

    @property
    def upload(self) -> IO[bytes]:
        """The content of a source that is an upload."""
        if self.content is None:
            raise ConnectorError("This connector reads uploads only, and there is none.", code="upload_missing")
        return self.content


class ByteStream(Protocol):
    """A file as the readers of file formats need it: read once, from beginning to end."""

    def read(self, size: int, /) -> bytes:
        """The next bytes, at most `size` of them; none at the end."""


class Connector(Protocol):
    """Reads one kind of source."""

    application: ApplicationEntry

    def check(self, credentials: Mapping[str, str]) -> None:
        """Raise ConnectorError unless the source can be reached with these credentials."""

    def rows(self, source: Source) -> SourceItems:
        """Yield everything that is in the source; raise ConnectorError if it cannot be read to its end."""
