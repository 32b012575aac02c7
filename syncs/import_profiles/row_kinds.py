"""Which rows of a table are records, and which are totals, footers, or names of groups."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

import polars as pl

from syncs.import_profiles.known_names import words_of_totals
from syncs.import_profiles.tables import Column, Table

# A column that is filled in this share of the rows is expected to be filled in every record.
MOSTLY_FILLED = 0.6


@dataclass(frozen=True, slots=True)
class RowKinds:
    """The positions of rows by what they are. Totals are proven by a word and by sums; `doubtful` have a word only."""

    records: tuple[int, ...]
    totals: tuple[int, ...] = ()
    doubtful: tuple[int, ...] = ()
    footers: tuple[int, ...] = ()
    groups: tuple[int, ...] = ()
    # The column in which the word of totals stands.
    total_column: Column | None = None

    @property
    def others(self) -> tuple[int, ...]:
        return tuple(sorted((*self.totals, *self.footers, *self.groups)))


def sort_rows(table: Table, read_amounts: Callable[[], Mapping[int, Sequence[Decimal | None]]]) -> RowKinds:
    """What the rows are. `read_amounts` is only called where a row may be a total: by position of a column, its
    numbers, as far as they are known."""
    frame = table.cells
    filled = frame.select(pl.sum_horizontal((pl.all() != "").cast(pl.Int32)).alias("filled"))["filled"].to_list()
    worded = _with_word_of_totals(table)
    lonely = [place for place, count in enumerate(filled) if count == 1] if len(table.columns) > 2 else []
    candidates = set(worded) | set(lonely)
    if not candidates:
        return RowKinds(tuple(range(table.height)))
    totals, doubtful = _totals(table, sorted(worded), candidates, read_amounts()) if worded else ((), ())
    taken = set(totals) | set(doubtful)
    rest = [place for place in range(table.height) if place not in taken and place not in set(lonely)]
    last = rest[-1] if rest else -1
    footers = tuple(place for place in lonely if place not in taken and place > last)
    groups = tuple(place for place in lonely if place not in taken and place < last)
    records = tuple(place for place in range(table.height) if place not in {*totals, *footers, *groups})
    columns = {worded[place] for place in totals}
    column = table.columns[min(columns)] if columns else None
    return RowKinds(records, totals, doubtful, footers, groups, column)


def _with_word_of_totals(table: Table) -> dict[int, int]:
    """By position of a row: the position of the column in which it has a word of totals."""
    found: dict[int, int] = {}
    for column in table.columns:
        cells = table.cells[str(column.place)]
        plain = cells.str.to_lowercase().str.normalize("NFD").str.replace_all(r"\p{M}", "")
        for place in plain.str.contains(_pattern_of_totals()).arg_true().to_list():
            found.setdefault(place, column.place)
    return found


@cache
def _pattern_of_totals() -> str:
    """Finds cells that begin with a word of totals, as “total oakline studio” does, without capitals and accents."""
    words = (word.replace(" ", r"[^\pL\pN]+") for word in sorted(words_of_totals(), key=len, reverse=True))
    return rf"^[^\pL\pN]*(?:{'|'.join(words)})(?:[^\pL\pN]|$)"


def _totals(
    table: Table, worded: Sequence[int], candidates: set[int], amounts: Mapping[int, Sequence[Decimal | None]]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The rows that are totals by word and sums, and those of which that is doubtful."""
    expected = _mostly_filled(table, candidates, amounts)
    totals: list[int] = []
    doubtful: list[int] = []
    places = sorted(amounts)
    since_last = {place: Decimal(0) for place in places}
    in_all = {place: Decimal(0) for place in places}
    marked = set(worded)
    for row in range(table.height):
        if row in marked:
            is_sum = _is_sum(row, amounts, since_last, in_all)
            gaps = sum(1 for place in expected if not table.cells[str(place)][row])
            is_gappy = gaps * 2 >= len(expected) and bool(expected)
            if is_sum and is_gappy:
                totals.append(row)
                since_last = {place: Decimal(0) for place in places}
                continue
            if is_sum or is_gappy:
                doubtful.append(row)
                continue
        for place in places:
            value = amounts[place][row]
            if value is not None:
                since_last[place] += value
                in_all[place] += value
    return tuple(totals), tuple(doubtful)


def _mostly_filled(
    table: Table, candidates: set[int], amounts: Mapping[int, Sequence[Decimal | None]]
) -> tuple[int, ...]:
    """The columns, except amounts, that ordinary rows have filled in."""
    ordinary = [place for place in range(table.height) if place not in candidates]
    if not ordinary:
        return ()
    rows = table.cells[ordinary]
    return tuple(
        column.place
        for column in table.columns
        if column.place not in amounts and (rows[str(column.place)] != "").sum() >= MOSTLY_FILLED * len(ordinary)
    )


def _is_sum(
    row: int,
    amounts: Mapping[int, Sequence[Decimal | None]],
    since_last: Mapping[int, Decimal],
    in_all: Mapping[int, Decimal],
) -> bool:
    """Whether each amount of the row is the sum of those above it: of all, or of those since the last total."""
    values = {place: column[row] for place, column in amounts.items() if column[row] is not None}
    return bool(values) and all(value in (since_last[place], in_all[place]) for place, value in values.items())
