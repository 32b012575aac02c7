"""Checks of whole columns by pattern: cells that match load as they are, the others are checked one by one.

A pattern only matches cells that `ColumnCheck` accepts too and that PostgreSQL reads as the same value. It may miss
such a cell, which then costs time, but it must never match any other.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl

from adsplatform.records.checks import NULL, ColumnCheck, Fault, default_text, kind_of
from adsplatform.records.currencies import CODES
from adsplatform.records.keys import SUSPICIOUS
from adsplatform.records.specification import Column

DAY = (
    r"[12][0-9]{3}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])"
    r"|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
)
CLEAN = {
    "amount": r"^-?[0-9]{1,20}(?:\.[0-9]{1,8})?$",
    "date": f"^{DAY}$",
    # Without a zone it is UTC, the time zone of the database session.
    "stamp": rf"^{DAY}[T ](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{{1,6}})?Z?$",
    "boolean": r"^(?i:true|false|0|1)$",
    "uuid": r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$",
}
# Any character that Python's str.strip() would not remove.
NOT_BLANK = r"[^\s\x1c-\x1f]"
# A key that a person should hear of, and one that may not be clean, or blank, in addition.
SUSPICIOUS_KEY = f"^(?:{SUSPICIOUS})$"
UNCLEAN_KEY = f"^ | $|[^ -~]|{SUSPICIOUS_KEY}"
# Characters that COPY's text format needs escaped, or that no text may hold.
SPECIAL = r"[\\\t\n\r\x00]"


class PatternCheck:
    """Checks the cells of one column, block by block."""

    def __init__(self, column: Column):
        self.column, self.kind = column, kind_of(column)
        self.needs_value = column.required and column.assumed is None
        # The COPY text of an empty cell; None for a null.
        self.default = default_text(column)
        self._cells = ColumnCheck(column)

    def is_plain(self, cells: pl.Series) -> bool:
        """Whether a quick look at all cells shows that they need less than a pattern.

        Keys of visible ASCII characters alone, and one known currency for all rows.
        """
        if self.kind == "key":
            letters = np.frombuffer((cells.str.join("~").item() or "~").encode(), np.uint8)
            return bool(letters.min() > ord(" ") and letters.max() <= ord("~"))
        if self.kind == "currency" and len(cells):
            return cells[0] in CODES and bool((cells == cells[0]).all())
        return False

    def needs_cell_check(
        self, cells: pl.Expr, *, is_copy_safe: bool, may_have_blanks: bool = True, is_plain: bool = False
    ) -> pl.Expr:
        """A boolean for each cell: whether it has to be checked by itself.

        `is_copy_safe`: no cell of the block contains a character of `SPECIAL`. `may_have_blanks`: a cell of the block
        may have blanks around it. `is_plain`: as the method says.
        """
        column = self.column
        if self.kind == "currency":
            unclear = pl.lit(False) if is_plain else ~cells.is_in(CODES)
        elif column.type == "text":
            unclear = pl.lit(False) if is_copy_safe else cells.str.contains(SPECIAL)
            if column.max_length:
                unclear |= cells.str.len_bytes() > column.max_length
            if self.kind == "key":
                unclear |= cells.str.contains(SUSPICIOUS_KEY if is_plain else UNCLEAN_KEY)
            elif may_have_blanks:
                unclear |= cells.str.strip_chars().str.len_bytes() != cells.str.len_bytes()
            if column.required and self.kind != "key":
                unclear |= ~cells.str.contains(NOT_BLANK)
        elif column.choices_range or column.type not in CLEAN:
            unclear = cells.is_not_null()
        else:
            unclear = ~cells.str.contains(CLEAN[column.type])
        # An empty cell is null, and polars would make the whole comparison null.
        return pl.when(cells.is_null()).then(self.needs_value).otherwise(unclear)

    def check_each(self, cells: Sequence[str]) -> tuple[pl.Series, dict[int, Fault]]:
        """COPY texts of cells (null where empty or faulty), and the faults; the cells may be no valid UTF-8."""
        checked, faults = self._cells.check(cells)
        texts = [None if text == NULL or type(text) is Fault else text for text in checked]
        return pl.Series(texts, dtype=pl.String), faults
