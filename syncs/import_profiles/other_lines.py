"""Lines of a file that are no records: totals, footers, lines that name the group of those below."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache, reduce

import numpy as np
import polars as pl
from numpy.typing import NDArray

from adsplatform.wording import plural
from syncs.connectors.protocol import RowProblem
from syncs.import_profiles.field_values import NUMBERS, FieldReader
from syncs.import_profiles.header_names import normal_form, roles
from syncs.import_profiles.own_rows import OwnRows
from syncs.import_profiles.profile import (
    Carry,
    ColumnSource,
    DebitCreditSource,
    FirstSource,
    ImportProfile,
    SkipEmpty,
    SkipLines,
    SkipTotals,
    Source,
    SumSource,
)

# How many lines a sentence lists, and of how many earlier totals the sums may begin.
LISTED, MOST_STARTS = 20, 200
TOTALS, OUTSIDE, GROUPS = "totals", "outside", "groups"
_SENTENCES = {
    TOTALS: (
        "is a total: its amounts are the sums of the lines above it. It was not loaded.",
        "are totals: their amounts are the sums of lines above them. They were not loaded.",
    ),
    OUTSIDE: (
        "is no record by the import profile, such as a title or a footer. It was not loaded.",
        "are no records by the import profile, such as titles or footers. They were not loaded.",
    ),
    GROUPS: (
        "names the group of the lines below it. It is no record of its own.",
        "name the groups of the lines below them. They are no records of their own.",
    ),
}


@dataclass
class LeftOutLines:
    """The numbers of lines that are no records, by reason; of each reason the first are listed."""

    first: dict[str, list[int]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def add(self, reason: str, lines: list[int]) -> None:
        if lines:
            listed = self.first.setdefault(reason, [])
            listed += lines[: LISTED - len(listed)]
            self.counts[reason] = self.counts.get(reason, 0) + len(lines)

    def remarks(self, kind: str, file: str) -> Iterator[RowProblem]:
        """One remark on the file for each reason."""
        for reason, count in self.counts.items():
            lines = self.first[reason]
            singular, several = _SENTENCES[reason]
            message = f"{plural(count, 'Line', 'Lines')} {_listed(lines, count)} {plural(count, singular, several)}"
            yield RowProblem(kind, file, None, "lines_left_out", message, kind="warning", column=reason)


def _listed(lines: list[int], count: int) -> str:
    texts = [f"{line:,}" for line in lines]
    if count > len(lines):
        return f"{', '.join(texts)} and {count - len(lines):,} others"
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"


class OtherLines:
    """Takes the lines out of a file that its profile knows to be no records; remembers sums and groups by block."""

    def __init__(self, profile: ImportProfile, fields: FieldReader, number_columns: set[str], keys: set[str]) -> None:
        """`number_columns` hold amounts, and `keys` what every record has."""
        self.profile, self.left_out = profile, LeftOutLines()
        read = {name for rule in profile.records for name in rule.columns() if not name.startswith("#")}
        texts = sorted(read - number_columns)
        self._totals = [
            _Totals(skip.column, sorted(number_columns), sorted(keys), texts, fields)
            for skip in profile.read.skip
            if isinstance(skip, SkipTotals)
        ]
        self._carried: dict[str, str | None] = {}

    def take_out(self, rows: OwnRows) -> OwnRows:
        """The rows that may be records."""
        if not rows.file.is_excerpt:
            rows = self._skip_lines(rows)
        for totals in self._totals:
            is_total = totals.find(rows)
            if is_total.any():
                rows = self._without(rows, is_total, TOTALS)
        for skip in self.profile.read.skip:
            if isinstance(skip, SkipEmpty):
                rows = self._without(rows, _all_empty(rows, skip.columns), OUTSIDE)
        for carry in self.profile.read.carry:
            rows = self._carry(rows, carry)
        return rows

    def _skip_lines(self, rows: OwnRows) -> OwnRows:
        """Lines are known by their numbers in the file as it was sent first, not in a download of rejected rows."""
        numbers = [line for skip in self.profile.read.skip if isinstance(skip, SkipLines) for line in skip.lines]
        if not numbers:
            return rows
        return self._without(rows, np.isin(np.asarray(rows.lines), numbers), OUTSIDE)

    def _without(self, rows: OwnRows, is_out: NDArray[np.bool_], reason: str) -> OwnRows:
        if not is_out.any():
            return rows
        self.left_out.add(reason, np.asarray(rows.lines)[is_out].tolist())
        return rows.filter(~is_out)

    def _carry(self, rows: OwnRows, carry: Carry) -> OwnRows:
        named = rows.filled(carry.column)
        is_group = _all_empty(rows, carry.where_empty) & named.is_not_null().to_numpy()
        found = named.zip_with(pl.Series(is_group), pl.Series([None] * len(rows), dtype=pl.String))
        found = found.fill_null(strategy="forward")
        before = self._carried.get(carry.as_name)
        found = found if before is None else found.fill_null(before)
        if len(found):
            self._carried[carry.as_name] = found[-1]
        rows.extra[carry.as_name] = found
        return self._without(rows, is_group, GROUPS)


def _all_empty(rows: OwnRows, columns: tuple[str, ...]) -> NDArray[np.bool_]:
    is_empty = reduce(lambda one, other: one & other, (rows.filled(name).is_null() for name in columns))
    return is_empty.to_numpy()


def amount_columns(source: Source) -> Iterator[str]:
    """The columns whose numbers a source of a field of numbers reads."""
    match source:
        case ColumnSource(column=name, values=None):
            yield name
        case SumSource(names):
            yield from names
        case DebitCreditSource():
            yield from source.columns()
        case FirstSource(first):
            for one in first:
                yield from amount_columns(one)


@cache
def _total_words() -> tuple[str, ...]:
    words = roles()["totals"]
    return tuple(sorted(map(str, words), key=len, reverse=True)) if isinstance(words, list) else ()


def is_called_total(cell: str) -> bool:
    """Whether a cell is a word of totals, or begins or ends with one."""
    text = f" {normal_form(cell)} "
    return any(text.startswith(f" {word} ") or text.endswith(f" {word} ") for word in _total_words())


class _Totals:
    """Finds the lines of totals: called so, without a key, and with amounts that are the sums of lines above.

    The word may stand in place of the key. Then at least half of the other texts are missing as well.
    """

    def __init__(self, column: str, numbers: list[str], keys: list[str], texts: list[str], fields: FieldReader) -> None:
        self.column, self.numbers, self.fields = column, numbers, fields
        self._empty = [name for name in keys if name != column]
        self._sparse = [name for name in texts if name != column] if column in keys else None
        self._sums = [Decimal()] * len(numbers)
        # The sums at the places where a total may begin to count.
        self._starts: list[list[Decimal]] = [[Decimal()] * len(numbers)]

    def find(self, rows: OwnRows) -> NDArray[np.bool_]:
        """Which rows are totals."""
        names = rows.filled(self.column)
        may_be = names.is_not_null().to_numpy() & self._lacks_texts(rows)
        amounts = [self._amounts(name, rows) for name in self.numbers]
        is_total = np.zeros(len(rows), bool)
        last = 0
        for row in np.flatnonzero(may_be).tolist():
            if not is_called_total(names[row]):
                continue
            self._add(amounts, last, row)
            last = row
            if self._is_proven([column[row] for column in amounts]):
                is_total[row] = True
                last = row + 1
                self._starts.append(list(self._sums))
                # The first start is that of the whole file.
                del self._starts[1 : len(self._starts) - MOST_STARTS]
        self._add(amounts, last, len(rows))
        return is_total

    def _lacks_texts(self, rows: OwnRows) -> NDArray[np.bool_]:
        """Which rows lack what a record has."""
        lacks = np.ones(len(rows), bool)
        for name in self._empty:
            lacks &= rows.filled(name).is_null().to_numpy()
        if self._sparse is None:
            return lacks
        gaps = np.zeros(len(rows), int)
        for name in self._sparse:
            gaps += rows.filled(name).is_null().to_numpy()
        return lacks & (gaps * 2 >= len(self._sparse)) & bool(self._sparse)

    def _amounts(self, name: str, rows: OwnRows) -> list[Decimal | None]:
        texts = self.fields.numbers(name, rows).texts.to_list()
        return [None if text is None else Decimal(text) for text in texts]

    def _add(self, amounts: list[list[Decimal | None]], start: int, end: int) -> None:
        for place, column in enumerate(amounts):
            self._sums[place] += sum((amount for amount in column[start:end] if amount is not None), Decimal())

    def _is_proven(self, amounts: list[Decimal | None]) -> bool:
        filled = [(place, amount) for place, amount in enumerate(amounts) if amount is not None]
        return bool(filled) and any(
            all(self._sums[place] - start[place] == amount for place, amount in filled)
            for start in reversed(self._starts)
        )


def number_columns_of(profile: ImportProfile, types: dict[str, dict[str, str]]) -> set[str]:
    """The columns of the file that hold amounts; `types` has the type of each field by kind."""
    return {
        name
        for rule in profile.records
        for wire, source in rule.fields.items()
        if types[rule.kind][wire] in NUMBERS
        for name in amount_columns(source)
    }
