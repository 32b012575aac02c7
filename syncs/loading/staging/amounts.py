"""What the amounts of an input add up to, by kind of record, column and currency: exact, and taken while reading."""

import re
from decimal import Decimal

import numpy as np
import polars as pl

from adsplatform.records.specification import Entity
from syncs.models.control_totals import EXACT

# What became of the amounts of lines; CHANGE is what a sync adds to the totals of the books.
READ, LOADED, REJECTED, SKIPPED, CHANGE = "read", "loaded", "rejected", "skipped", "change"
# Beside the stage, for what the merge finds out; like the problems, it is rolled back with what was found.
TALLY_TABLE = """
    CREATE TEMP TABLE amount_tally (
        entity text, fate text, "column" text, currency text, count bigint, sum numeric
    )
    """
# Of lines that go to the stage, that are rejected, and that are in the books by now.
FATES = ("", REJECTED, LOADED)
CURRENCY = re.compile("[A-Za-z]{3}")
AMOUNT = pl.Decimal(38, 8)


class FileTotals:
    """Count and sum of every amount that lines gave, also of those lines that did not load.

    The currency is what the line says. A line that says none, or nothing readable, counts under no currency, even if
    its record has one: what a file adds up to must not depend on the books. Lines that cannot be read, and those of a
    file that is refused as a whole, give no amounts.
    """

    def __init__(self):
        self._found: dict[tuple[str, str, str, str], list] = {}

    def add(self, entity: Entity, checked: pl.DataFrame, is_good: np.ndarray, in_books: np.ndarray | None):
        """Take in a block by column: COPY texts, null where a cell is empty or at fault.

        `is_good` says of each line whether it may go on, `in_books` of each of those whether the books hold it by now.
        """
        fates = np.where(is_good, 0, 1)
        if in_books is not None:
            fates[np.flatnonzero(is_good)[in_books]] = 2
        for place, *given in _sums(entity, checked, fates):
            self.put(entity.name, READ, *given)
            if fate := FATES[place]:
                self.put(entity.name, fate, *given)

    def add_new(self, entity: Entity, records: pl.DataFrame):
        """Take in what new records hold, likewise by column."""
        for _, *given in _sums(entity, records, np.zeros(len(records), int)):
            self.put(entity.name, CHANGE, *given)

    def put(self, entity: str, fate: str, column: str, currency: str, count: int, sum: Decimal):
        """Add amounts that have been counted and added up elsewhere."""
        if count:
            found = self._found.setdefault((entity, fate, column, currency), [0, Decimal()])
            found[0] += count
            found[1] = EXACT.add(found[1], sum)

    def rows(self):
        """(entity, fate, column, currency, count, sum) of the lines, as the tally table has them."""
        return [(*key, *found) for key, found in self._found.items() if key[1] != CHANGE]

    def changes(self):
        """The same of the new records."""
        return [(*key, *found) for key, found in self._found.items() if key[1] == CHANGE]


def _sums(entity: Entity, frame: pl.DataFrame, fates: np.ndarray):
    """(fate, column, currency, count, sum) of every amount in the frame."""
    amounts = [column for column in entity.amounts if column.name in frame.columns]
    for currency in dict.fromkeys(column.currency for column in amounts):
        of_it = [column for column in amounts if column.currency == currency]
        in_currency = pl.col(currency) if currency in frame.columns else pl.lit(None, dtype=pl.String)
        numbers = frame.select(
            in_currency.alias("currency"),
            pl.Series("fate", fates),
            *(pl.col(column.name).cast(AMOUNT).alias(column.wire) for column in of_it),
        )
        wires = [column.wire for column in of_it]
        sums = numbers.group_by("fate", "currency").agg(
            pl.col(wires).sum(), pl.col(wires).count().name.prefix("count ")
        )
        for found in sums.iter_rows(named=True):
            for wire in wires:
                yield found["fate"], wire, currency_of(found["currency"]), found[f"count {wire}"], found[wire]


def currency_of(cell) -> str:
    """The currency as totals have it: three letters, whatever their case; empty where it is nothing of the kind."""
    return cell.upper() if isinstance(cell, str) and CURRENCY.fullmatch(cell) else ""
