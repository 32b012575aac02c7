"""What the amounts of an input add up to, by kind of record, column and currency: exact, and taken while reading."""

import re
from decimal import Context, Decimal, Inexact

import numpy as np
import polars as pl

from adsplatform.records.specification import Entity

# What became of the amounts of lines; CHANGE is what a sync adds to the totals of the books.
READ, LOADED, REJECTED, SKIPPED, CHANGE = "read", "loaded", "rejected", "skipped", "change"
# Beside the stage, for what the merge finds out; like the problems, it is rolled back with what was found.
TALLY_TABLE = """
    CREATE TEMP TABLE amount_tally (
        entity text, fate text, "column" text, currency text, count bigint, sum numeric
    )
    """
# Of lines that may go on, that are rejected, and that the books hold already.
FATES = ("", REJECTED, LOADED)
CURRENCY = re.compile("[A-Za-z]{3}")
# Sums of as many amounts as there may ever be; one that could not be held exactly would raise an error.
EXACT = Context(prec=200, traps=[Inexact])


class FileTotals:
    """Count and sum of every amount that lines gave, also of those lines that did not load.

    The currency is what the line says. A line that says none, or nothing readable, counts under no currency, even if
    its record has one: what a file adds up to must not depend on the books. Lines that cannot be read, and those of a
    file that is refused as a whole, give no amounts.
    """

    def __init__(self):
        self._found: dict[tuple[str, str, str, str], list] = {}

    def add(self, entity: Entity, checked: pl.DataFrame, is_good: np.ndarray, known: np.ndarray | None):
        """Take in a block by column: COPY texts, null where a cell is empty or at fault.

        `is_good` says of each line whether it may go on to the stage, `known` of each of those whether it does not
        because the books are known to hold it as it is.
        """
        amounts = [column for column in entity.amounts if column.name in checked.columns]
        if not amounts:
            return
        fates = np.where(is_good, 0, 1)
        if known is not None:
            fates[np.flatnonzero(is_good)[known]] = 2
        for currency in dict.fromkeys(column.currency for column in amounts):
            of_it = [column for column in amounts if column.currency == currency]
            in_currency = pl.col(currency) if currency in checked.columns else pl.lit(None, dtype=pl.String)
            numbers = checked.select(
                in_currency.alias("currency"),
                pl.Series("fate", fates),
                *(pl.col(column.name).str.to_decimal(scale=8).alias(column.wire) for column in of_it),
            )
            wires = [column.wire for column in of_it]
            sums = numbers.group_by("fate", "currency").agg(
                pl.col(wires).sum(), pl.col(wires).count().name.prefix("count ")
            )
            for found in sums.iter_rows(named=True):
                fate = FATES[found["fate"]]
                for wire in wires:
                    given = (wire, currency_of(found["currency"]), found[f"count {wire}"], found[wire])
                    self.put(entity.name, READ, *given)
                    if fate:
                        self.put(entity.name, fate, *given)

    def put(self, entity: str, fate: str, column: str, currency: str, count: int, sum: Decimal):
        """Add amounts that have been counted and added up elsewhere."""
        if count:
            found = self._found.setdefault((entity, fate, column, currency), [0, Decimal()])
            found[0] += count
            found[1] = EXACT.add(found[1], sum)

    def rows(self):
        """(entity, fate, column, currency, count, sum) of all there is, as the tally table has them."""
        return [(*key, *found) for key, found in self._found.items()]


def currency_of(cell) -> str:
    """The currency as totals have it: three letters, whatever their case; empty where it is nothing of the kind."""
    return cell.upper() if isinstance(cell, str) and CURRENCY.fullmatch(cell) else ""


def plain(sum: Decimal) -> str:
    """A sum as text: every digit, and no zeros at the end."""
    whole, _, fraction = f"{sum:f}".partition(".")
    fraction = fraction.rstrip("0")
    return f"{whole}.{fraction}" if fraction else whole
