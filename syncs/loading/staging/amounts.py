"""Exact sums of an input's amounts by kind of record, column and currency, added up while reading."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from adsplatform.records.specification import Entity
from syncs.models.control_totals import EXACT

# The categories of amounts: what became of their rows. CHANGE is what a sync adds to the totals of the books.
READ, LOADED, REJECTED, SKIPPED, CHANGE = "read", "loaded", "rejected", "skipped", "change"
# Of the table `amount_tally` that the merge adds its amounts to, so that they are rolled back with the merge.
TALLY_COLUMNS = 'entity text, category text, "column" text, currency text, count bigint, sum numeric'
CURRENCY = re.compile("[A-Za-z]{3}")
AMOUNT = pl.Decimal(38, 8)


# (entity, category, wire name of the column, currency, count, sum)
Tally: TypeAlias = tuple[str, str, str, str, int, Decimal]


class FileTotals:
    """Count and sum of every amount that rows gave, also of rows that did not load.

    The currency is the one in the row. The amounts of a row without a readable currency count under no currency, even
    if its record has one: the totals of a file must not depend on the books. Rows that cannot be read, and those of
    a file that is rejected as a whole, have no amounts.
    """

    def __init__(self) -> None:
        self._totals: dict[tuple[str, str, str, str], tuple[int, Decimal]] = {}

    def add(
        self, entity: Entity, rows: pl.DataFrame, category: str = "", *, only: NDArray[np.bool_] | None = None
    ) -> None:
        """Add the amounts of rows that were read: cells as COPY takes them, null where empty or faulty.

        `category` is the category of the rows, if that is decided already; `only` selects some of them.
        """
        for column, currency, count, total in _sums(entity, rows, only):
            self.put(entity.name, READ, column, currency, count, total)
            if category:
                self.put(entity.name, category, column, currency, count, total)

    def add_new(self, entity: Entity, records: pl.DataFrame) -> None:
        """Add the amounts of new records, as COPY takes them."""
        for column, currency, count, total in _sums(entity, records):
            self.put(entity.name, CHANGE, column, currency, count, total)

    def put(self, entity: str, category: str, column: str, currency: str, count: int, total: Decimal) -> None:
        """Add amounts that have been counted and added up."""
        if count:
            earlier_count, earlier_total = self._totals.get((entity, category, column, currency), (0, Decimal()))
            added = earlier_count + count, EXACT.add(earlier_total, total)
            self._totals[entity, category, column, currency] = added

    def rows(self) -> list[Tally]:
        """The totals of rows, in the form of `amount_tally`."""
        return [(*key, *total) for key, total in self._totals.items() if key[1] != CHANGE]

    def changes(self) -> list[Tally]:
        """The totals of new records, in the form of `amount_tally`."""
        return [(*key, *total) for key, total in self._totals.items() if key[1] == CHANGE]


def _sums(
    entity: Entity, frame: pl.DataFrame, only: NDArray[np.bool_] | None = None
) -> Iterator[tuple[str, str, int, Decimal]]:
    """(wire name of the column, currency, count, sum) of every amount in the frame."""
    if not len(frame):
        return
    amounts = [column for column in entity.amounts if column.name in frame.columns]
    for currency in dict.fromkeys(column.currency for column in amounts):
        of_currency = [column for column in amounts if column.currency == currency]
        cells = frame
        if only is not None:
            needed = [name for name in (*(column.name for column in of_currency), currency) if name in frame.columns]
            cells = frame.select(needed).filter(only)
        currencies = cells[currency] if currency in cells.columns else pl.Series([None], dtype=pl.String)
        if currencies.n_unique() == 1:
            # As in most files; grouping would take as long as adding up.
            for column in of_currency:
                given = cells[column.name].cast(AMOUNT)
                yield column.wire, currency_of(currencies[0]), given.count(), Decimal(given.sum() or 0)
            continue
        numbers = cells.select(
            pl.col(currency).alias("currency"),
            *(pl.col(column.name).cast(AMOUNT).alias(column.wire) for column in of_currency),
        )
        wires = [column.wire for column in of_currency]
        sums = numbers.group_by("currency").agg(pl.col(wires).sum(), pl.col(wires).count().name.prefix("count "))
        for found in sums.iter_rows(named=True):
            for wire in wires:
                yield wire, currency_of(found["currency"]), found[f"count {wire}"], found[wire]


def currency_of(cell: str | None) -> str:
    """The currency in the form of the totals: three capital letters; empty if the cell has anything else."""
    return cell.upper() if cell is not None and CURRENCY.fullmatch(cell) else ""
