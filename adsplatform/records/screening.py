"""Checks of whole columns at once: what a pattern proves clean goes on as it is, the rest to the checks of cells.

A pattern admits only what the check of a single cell admits too, and PostgreSQL reads as the same value; it may
miss, it may not err.
"""

from collections.abc import Sequence

import polars as pl

from adsplatform.records.checks import NULL, ColumnCheck, Fault
from adsplatform.records.specification import Column

DAY = (
    r"[12][0-9]{3}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])"
    r"|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
)
CLEAN = {
    "amount": r"^[+-]?[0-9]{1,20}(?:\.[0-9]{0,8})?$",
    "date": f"^{DAY}$",
    # Without a zone it is UTC, which is the session's.
    "stamp": rf"^{DAY}[T ](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{{1,6}})?Z?$",
    "boolean": r"^(?i:true|false|0|1)$",
    "uuid": r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$",
}
# What COPY would take for something else, or text may not hold.
# What is left of a cell when blanks are dropped, as Python means them.
NOT_BLANK = r"[^\s\x1c-\x1f]"
SPECIAL = "[\\\\\\t\\n\\r\\x00]"


class ColumnScreen:
    """Checks the cells of one column, block by block."""

    def __init__(self, column: Column):
        self.column = column
        self.cells = ColumnCheck(column)
        self.needs_value = column.required and column.assumed is None

    def check(self, cells: pl.Series | Sequence[str], *, is_plain: bool) -> tuple[pl.Series, dict[int, Fault]]:
        """The column as COPY texts (null where empty or at fault), and the faults by position.

        `is_plain` says that no cell holds what COPY would take for something else.
        """
        if not isinstance(cells, pl.Series):
            given, cells = cells, _as_series(cells)
            if cells is None:
                return self._one_by_one(given)
        odd = self._odd(cells, is_plain)
        places = odd.arg_true().to_list() if odd is not None else []
        if not places:
            return self._filled(cells), {}
        values, faults = self._one_by_one([cell or "" for cell in cells.gather(places).to_list()])
        if len(places) < len(cells):
            values = self._filled(cells.scatter(places, values))
        return values, {places[at]: fault for at, fault in faults.items()}

    def _one_by_one(self, cells: Sequence[str]) -> tuple[pl.Series, dict[int, Fault]]:
        texts, at_fault = self.cells.check(cells)
        values = [None if text == NULL or text.__class__ is Fault else text for text in texts]
        return pl.Series(values, dtype=pl.String), {at: texts[at] for at in at_fault}

    def _filled(self, cells: pl.Series) -> pl.Series:
        if self.column.default is None or not cells.null_count():
            return cells
        return cells.fill_null(self.cells.parse(""))

    def _odd(self, cells: pl.Series, is_plain: bool) -> pl.Series | None:
        """Which cells need a look of their own; None when none does."""
        column, odd = self.column, None
        if cells.null_count() == len(cells):
            return cells.is_null() if self.needs_value else None
        if column.type == "text":
            if not is_plain:
                odd = cells.str.contains(SPECIAL)
            if column.max_length and cells.str.len_bytes().max() > column.max_length:
                odd = _either(odd, cells.str.len_chars() > column.max_length)
            if column.required:
                odd = _either(odd, ~cells.str.contains(NOT_BLANK))
        elif column.choices_range or column.type not in CLEAN:
            odd = cells.is_not_null()
        else:
            odd = ~cells.str.contains(CLEAN[column.type])
        if self.needs_value and cells.null_count():
            odd = _either(odd, cells.is_null())
        return odd.fill_null(False) if odd is not None else None


def _as_series(cells: Sequence[str]) -> pl.Series | None:
    """Texts as a column, empty ones as null; None when one of them is not text that can be encoded."""
    try:
        return pl.Series([cell or None for cell in cells], dtype=pl.String)
    except UnicodeEncodeError:
        return None


def _either(one: pl.Series | None, other: pl.Series) -> pl.Series:
    return other.fill_null(False) if one is None else one.fill_null(False) | other.fill_null(False)
