"""What the amounts of an input add up to, by kind of record, column and currency: exact, and taken while reading."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Context, Decimal, Inexact, localcontext

from adsplatform.records.checks import NULL
from adsplatform.records.specification import Column, Entity

# What became of the amounts of lines; CHANGE is what a sync adds to the totals of the books.
READ, LOADED, REJECTED, SKIPPED, CHANGE = "read", "loaded", "rejected", "skipped", "change"
# Beside the stage, for what the merge finds out; like the problems, it is rolled back with what was found.
TALLY_TABLE = """
    CREATE TEMP TABLE amount_tally (
        entity text, fate text, "column" text, currency text, count bigint, sum numeric
    )
    """
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

    def add(
        self,
        entity: Entity,
        columns: Sequence[Column],
        checked: Sequence[Sequence],
        *,
        rejected: Iterable[int] = (),
        loaded: Iterable[int] = (),
    ):
        """Take in a block by column: COPY texts, with a fault where there is none.

        `rejected` are the positions of the lines that will not reach the stage because something is wrong with them,
        `loaded` of those that will not because the books are known to hold them as they are.
        """
        given = {column.name: cells for column, cells in zip(columns, checked, strict=True)}
        amounts = [column for column in entity.amounts if column.name in given]
        if not amounts:
            return
        everyone = range(len(given[amounts[0].name]))
        for fate, lines in ((READ, everyone), (REJECTED, rejected), (LOADED, loaded)):
            by_currency = {}
            for column in amounts:
                if column.currency not in by_currency:
                    by_currency[column.currency] = _by_currency(given.get(column.currency), lines)
                for currency, positions in by_currency[column.currency].items():
                    cells = given[column.name]
                    if len(positions) < len(everyone):
                        cells = [cells[at] for at in positions]
                    self.put(entity.name, fate, column.wire, currency, *_added_up(cells))

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


def _by_currency(cells: Sequence | None, lines: Iterable[int]) -> dict[str, Sequence[int]]:
    """The positions of the lines of each currency."""
    lines = lines if isinstance(lines, range) else sorted(lines)
    if cells is None or not lines:
        return {"": lines} if lines else {}
    if len(set(cells)) == 1:
        return {currency_of(cells[0]): lines}
    known, found = {}, {}
    for at in lines:
        cell = cells[at]
        if cell not in known:
            known[cell] = currency_of(cell)
        found.setdefault(known[cell], []).append(at)
    return found


def _added_up(cells: Sequence) -> tuple[int, Decimal]:
    """Count and sum of the amounts among the cells."""
    amounts = [cell for cell in cells if cell.__class__ is str and cell != NULL]
    with localcontext(EXACT):
        if len(set(amounts)) * 4 < len(amounts):
            return len(amounts), sum((Decimal(text) * count for text, count in Counter(amounts).items()), Decimal())
        return len(amounts), sum(map(Decimal, amounts), Decimal())
