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
    "amount": r"^-?[0-9]{1,20}(?:\.[0-9]{1,8})?$",
    "date": f"^{DAY}$",
    # Without a zone it is UTC, which is the session's.
    "stamp": rf"^{DAY}[T ](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{{1,6}})?Z?$",
    "boolean": r"^(?i:true|false|0|1)$",
    "uuid": r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$",
}
# What is left of a cell when blanks are dropped, as Python means them.
NOT_BLANK = r"[^\s\x1c-\x1f]"
# What COPY would take for something else, or text may not hold.
SPECIAL = r"[\\\t\n\r\x00]"


class PatternCheck:
    """Checks the cells of one column, block by block."""

    def __init__(self, column: Column):
        self.column = column
        self.cells = ColumnCheck(column)
        self.needs_value = column.required and column.assumed is None

    def needs_cell_check(self, cells: pl.Expr, *, is_plain: bool) -> pl.Expr:
        """Which cells need a look of their own.

        `is_plain` says that no cell holds what COPY would take for something else.
        """
        column = self.column
        if column.type == "text":
            needs_cell_check = pl.lit(False) if is_plain else cells.str.contains(SPECIAL)
            if column.max_length:
                needs_cell_check |= cells.str.len_bytes() > column.max_length
            if column.required:
                needs_cell_check |= ~cells.str.contains(NOT_BLANK)
        elif column.choices_range or column.type not in CLEAN:
            needs_cell_check = cells.is_not_null()
        else:
            needs_cell_check = ~cells.str.contains(CLEAN[column.type])
        # A null is empty; polars makes the whole comparison null.
        return pl.when(cells.is_null()).then(self.needs_value).otherwise(needs_cell_check)

    def check_at(self, cells: pl.Series, places: Sequence[int]) -> tuple[pl.Series, dict[int, Fault]]:
        """The column with the cells at these places as COPY texts (null where empty or at fault), and their faults."""
        texts, faults = self.check_each([cell or "" for cell in cells.gather(places).to_list()])
        return cells.scatter(places, texts), {places[at]: fault for at, fault in faults.items()}

    def check_each(self, cells: Sequence[str]) -> tuple[pl.Series, dict[int, Fault]]:
        """A column of COPY texts of cells that polars may not even be able to hold."""
        texts, at_fault = self.cells.check(cells)
        values = [None if text == NULL or text.__class__ is Fault else text for text in texts]
        return pl.Series(values, dtype=pl.String), {at: texts[at] for at in at_fault}

    @property
    def default(self) -> str | None:
        """What COPY is given where the cell is empty."""
        return None if self.column.default is None else self.cells.parse("")
