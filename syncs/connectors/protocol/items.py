"""What a connector yields, and the error that it raises."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import polars as pl

# Rows of a block: enough for work by column to be worthwhile, few enough to keep memory small.
BLOCK_ROWS = 5_000
BLOCK_BYTES = 8 * 1024**2
# The longest state of a bookmark, and how many kinds may have one.
MOST_STATE_BYTES, MOST_STATES = 1024**2, 200


class Absent:
    """The type of ABSENT: the cell of a column that the row does not have, so that the record keeps its value.

    An empty cell ("" or None) clears the value instead.
    """

    def __repr__(self) -> str:
        return "ABSENT"

    def __reduce__(self) -> str:
        # The only one there is, also after pickling.
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

    `exact` are the positions of columns that the source has as numbers or dates, so that their texts can be read in one
    way only, though a text like them could be read in two: `1.250`.
    """

    name: str
    file: str
    columns: Sequence[str]
    cells: Sequence[pl.Series | Sequence[Cell]]
    lines: Sequence[int]
    raw: Sequence[str]
    gaps: Mapping[int, list[bool]] = field(default_factory=dict)
    delimited: Sequence[str] = field(default_factory=list)
    delimiter: str = ""
    not_delimited: Collection[int] = ()
    letters: Sequence[str] = ()
    origins: Sequence[str] = ()
    exact: Collection[int] = ()

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
    meant of several that the layout's profile knows. The rows of a file that `is_interleaved` may have those of others
    between them, until everything is read.
    """

    name: str
    file: str
    columns: Sequence[str]
    delimiter: str
    layout: FileLayout | None = None
    is_download: bool = False
    only: str = ""
    is_interleaved: bool = False


@dataclass(frozen=True, slots=True)
class Bookmark:
    """How far the source has been read: what the connector wants to know the next time (`Source.state`).

    `kind` is empty for the whole source, or a kind of record, each of which has a state of its own. Of several of a
    kind the last one counts. It is stored together with the records, in one transaction; a sync that fails, is
    cancelled or is a preview stores none, so what it read is read again. So a bookmark follows the rows it is about.
    `state` has at most MOST_STATE_BYTES as JSON, and holds no secret: people see it.
    """

    kind: str
    state: JsonValue


@dataclass(frozen=True, slots=True)
class Deleted:
    """Records that the source says are gone, each by its ERP key.

    They are deleted like others that are missing, under the delete guard. A key that is unknown is no error, and a row
    of the same key that comes later makes the record anew. `name` and `file` are as in `Rows`; only kinds that are
    identified by their ERP key can be named. `lines` and `raw` are the numbers and texts of the source's own lines, or
    empty; these lines are not counted as lines of rows.
    """

    name: str
    file: str
    erp_keys: Sequence[str]
    lines: Sequence[int] = ()
    raw: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class AllKeys:
    """A block of the complete list of the ERP keys of one kind, which finds deletes where only changes are read.

    Records of that kind of this enrollment that are neither named nor among the rows are deleted under the delete
    guard, provided that the last block of the list has come (`is_last`) and nothing of the kind was left unread. An
    empty list is a single last block without keys. Where a source has sent all records of the kind, the block names no
    keys, but says that they `are_in_rows`: then what is not among the rows is deleted, unless a row was rejected.
    """

    name: str
    file: str
    erp_keys: Sequence[str]
    is_last: bool
    are_in_rows: bool = False


SourceItem: TypeAlias = Rows | Columns | RowProblem | FileHeader | Bookmark | Deleted | AllKeys
SourceItems: TypeAlias = Iterator[SourceItem]


@dataclass(frozen=True, slots=True)
class FileProblem:
    """A problem that a sync has found in a file, about all of it where there is no line; `file` is as in items."""

    file: str
    line: int | None
    column: str
    value: str
    is_error: bool
    code: str
    message: str
    raw: str


@dataclass(frozen=True, slots=True)
class SyncEnd:
    """How a sync has ended: whether its records are stored, else the code of the failure; and the problems of files.

    `more_problems` is how many there are besides those listed.
    """

    is_loaded: bool
    code: str = ""
    problems: tuple[FileProblem, ...] = ()
    more_problems: int = 0


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
