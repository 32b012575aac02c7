"""An import profile as typed parts: how a file is recognised and read, and what its columns mean."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeAlias

from syncs.import_profiles.header_names import key_of

FORMAT = "import-profile/1"
ENCODINGS = ("utf-8", "utf-16", "cp1252", "cp1250", "iso-8859-15", "mac-roman", "cp437", "cp850")
DELIMITERS = (",", ";", "\t", "|")
DECIMAL_MARKS = (".", ",")
DATE_PATTERNS = (
    "YYYY-MM-DD",
    "DD/MM/YYYY",
    "MM/DD/YYYY",
    "DD.MM.YYYY",
    "DD-MM-YYYY",
    "MM-DD-YYYY",
    "DD/MM/YY",
    "MM/DD/YY",
    "DD.MM.YY",
    "YYYYMMDD",
    "DDMMYYYY",
    "DD-MMM-YYYY",
    "DD MMM YYYY",
    "MMM DD, YYYY",
    "MM.DD.YYYY",
    "DD-MM-YY",
    "MM-DD-YY",
    "DD MMM YY",
    "excel",
    "excel1904",
)
REFERENCE_FIELDS = ("companyName", "taxId", "referenceCode")

# What a source may name in place of a column of the file.
POSITION = "#n"  # counts within the `lineOf` of the record
LINE = "#line"  # the number of the line in the file
FIRST_COLUMN = "#first"  # the first column, where it has no name
OTHERWISE = "*"  # in `values`: every value that is not listed

Constant: TypeAlias = str | int | float | bool
# A value of a profile's JSON document.
DocumentValue: TypeAlias = "Constant | list[DocumentValue] | dict[str, DocumentValue] | None"


class ProfileError(Exception):
    """A document that is no import profile, or one that cannot be used; `str()` is a sentence that names the place."""

    def __init__(self, message: str, *, place: str = "") -> None:
        super().__init__(message)
        self.place = place


@dataclass(frozen=True, slots=True)
class Style:
    """How values are written; None where nothing is said."""

    decimal: str | None = None
    thousands: tuple[str, ...] | None = None
    dates: str | None = None
    true: tuple[str, ...] | None = None
    false: tuple[str, ...] | None = None
    empty: tuple[str, ...] | None = None
    whole_mark: tuple[str, ...] | None = None
    currency_in_cell: bool | None = None
    century: int | None = None

    def over(self, general: "Style") -> "Style":
        """This style, with what it does not say taken from a more general one."""
        said = {name: value for name in Style.__slots__ if (value := getattr(self, name)) is not None}
        return replace(general, **said)


@dataclass(frozen=True, slots=True)
class ColumnSource:
    """A value from one column, perhaps translated by a map, named by another field, or with its sign changed.

    `percent` divides a number by 100. `currency` takes the currency that stands beside a number, not the number.
    """

    column: str
    values: Mapping[str, Constant | None] | None = None
    by: str = ""
    negate: bool = False
    absolute: bool = False
    inverted: bool = False
    percent: bool = False
    currency: bool = False
    sign_column: str = ""
    negative: tuple[str, ...] = ()
    positive: tuple[str, ...] | None = None

    def columns(self) -> Iterator[str]:
        yield self.column
        if self.sign_column:
            yield self.sign_column


@dataclass(frozen=True, slots=True)
class ConstantSource:
    """The same value in each record."""

    constant: Constant

    def columns(self) -> Iterator[str]:
        yield from ()


@dataclass(frozen=True, slots=True)
class JoinSource:
    """The values of several columns, one after the other; empty if all of them are."""

    join: tuple[str, ...]
    between: str = ""

    def columns(self) -> Iterator[str]:
        yield from self.join


@dataclass(frozen=True, slots=True)
class FirstSource:
    """The first of several sources that is not empty."""

    first: "tuple[Source, ...]"

    def columns(self) -> Iterator[str]:
        for source in self.first:
            yield from source.columns()


@dataclass(frozen=True, slots=True)
class SumSource:
    """The sum of several columns, in a `group` of all its lines."""

    sum: tuple[str, ...]

    def columns(self) -> Iterator[str]:
        yield from self.sum


@dataclass(frozen=True, slots=True)
class DebitCreditSource:
    """An amount that stands in one of two columns: as it is in `debit`, with its sign turned in `credit`."""

    debit: str
    credit: str

    def columns(self) -> Iterator[str]:
        yield self.debit
        yield self.credit


Source: TypeAlias = ColumnSource | ConstantSource | JoinSource | FirstSource | SumSource | DebitCreditSource


@dataclass(frozen=True, slots=True)
class When:
    """Of which lines records are made: those whose column has one of these values, a number in a range, is filled or
    empty, or has a sign. Exactly one of the four is given."""

    column: str
    any_of: tuple[str, ...] | None = None
    from_number: int | None = None
    to_number: int | None = None
    filled: bool | None = None
    sign: str = ""


@dataclass(frozen=True, slots=True)
class RecordRule:
    """One kind of record that the lines of the file yield.

    With `group`, lines with the same values in these columns are one record; with `line_of`, each line is one, and
    `#n` counts within lines of the same values.
    """

    kind: str
    fields: Mapping[str, Source]
    when: When | None = None
    group: tuple[str, ...] = ()
    line_of: tuple[str, ...] = ()

    def columns(self) -> Iterator[str]:
        """The names that the rule refers to, including those that begin with #."""
        if self.when:
            yield self.when.column
        yield from self.group
        yield from self.line_of
        for source in self.fields.values():
            yield from source.columns()


@dataclass(frozen=True, slots=True)
class SkipLines:
    """Lines, by their numbers, that are no records."""

    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SkipTotals:
    """Lines of totals: a word of totals in this column, and amounts that are sums of lines above."""

    column: str


@dataclass(frozen=True, slots=True)
class SkipEmpty:
    """Lines in which all of these columns are empty."""

    columns: tuple[str, ...]


Skip: TypeAlias = SkipLines | SkipTotals | SkipEmpty


@dataclass(frozen=True, slots=True)
class Carry:
    """A line in which `where_empty` are empty names the group of the lines below it; they have it as `as_name`."""

    column: str
    where_empty: tuple[str, ...]
    as_name: str


@dataclass(frozen=True, slots=True)
class Match:
    """How a file is recognised: by the names of its columns, and if that is not enough by its own name."""

    columns: tuple[str, ...]
    fingerprint: str
    file: str = ""


@dataclass(frozen=True, slots=True)
class Read:
    """How the file is read into cells. `header` has the number of each line of the header, counted from 1."""

    header: tuple[int, ...]
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    skip: tuple[Skip, ...] = ()
    carry: tuple[Carry, ...] = ()


@dataclass(frozen=True)
class ImportProfile:
    """What a person confirmed once about a kind of file: how it is written and which records it contains."""

    name: str
    match: Match
    read: Read
    styles: Style
    records: tuple[RecordRule, ...]
    columns: Mapping[str, Style] = field(default_factory=dict)
    # As they are in the document; only people read them.
    answers: tuple[Mapping[str, DocumentValue], ...] = ()
    confirmed: Mapping[str, DocumentValue] | None = None

    @property
    def fingerprint(self) -> str:
        return self.match.fingerprint

    @cached_property
    def used_columns(self) -> tuple[str, ...]:
        """The columns of the file that the profile needs, as `match` spells them, in its order."""
        used = {key_of(name) for name in self._names() if not name.startswith("#")}
        return tuple(name for name in self.match.columns if key_of(name) in used)

    @property
    def joins_lines(self) -> bool:
        """Whether a line may need others of the file: those of its record, or the one that names its group."""
        return bool(self.read.carry) or any(rule.group or rule.line_of for rule in self.records)

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of record that the file yields, each once."""
        return tuple(dict.fromkeys(rule.kind for rule in self.records))

    @cached_property
    def _style_by_key(self) -> dict[str, Style]:
        return {key_of(name): style.over(self.styles) for name, style in self.columns.items()}

    def style_of(self, column: str) -> Style:
        """How the values of a column are written."""
        return self._style_by_key.get(key_of(column), self.styles)

    @property
    def uses_first_column(self) -> bool:
        """Whether the first column of the file is needed, which has no name."""
        return FIRST_COLUMN in self._names()

    def _names(self) -> Iterator[str]:
        for rule in self.records:
            yield from rule.columns()
        for skip in self.read.skip:
            if isinstance(skip, SkipTotals):
                yield skip.column
            elif isinstance(skip, SkipEmpty):
                yield from skip.columns
        for carry in self.read.carry:
            yield carry.column
            yield from carry.where_empty
