"""Which values are assumed for rows because their file leaves them out, or leaves the cells empty."""

import polars as pl

from adsplatform.records.specification import Column, Entity


class AssumedValues:
    """The columns of each file for which values are assumed, of rows in the books and of rows that the merge judges."""

    def __init__(self) -> None:
        # By file, the wire names in the order in which they were found.
        self.of_loaded: dict[str, dict[str, None]] = {}
        # By entity and file.
        self.of_staged: dict[tuple[str, str], dict[str, None]] = {}

    def note(self, entity: Entity, file: str, rows: pl.DataFrame, *, is_loaded: bool) -> None:
        """Remember the columns of some rows for which values are assumed."""
        if not len(rows):
            return
        known = self.of_loaded.setdefault(file, {}) if is_loaded else self.of_staged.setdefault((entity.name, file), {})
        for column in entity.columns.values():
            if column.assumed and column.wire not in known and _is_assumed(column, rows):
                known[column.wire] = None


def _is_assumed(column: Column, rows: pl.DataFrame) -> bool:
    """Whether the column's value is assumed for any of the rows."""
    is_empty = _empty_cells(rows, column.name)
    if column.assumed and column.assumed.product_of:
        # Without an amount, no product is assumed.
        no_amount = _empty_cells(rows, column.assumed.product_of[0])
        if no_amount is None:
            return False
        is_empty = ~no_amount if is_empty is None else is_empty & ~no_amount
    return is_empty is None or is_empty.any()


def _empty_cells(rows: pl.DataFrame, name: str) -> pl.Series | None:
    return rows[name].is_null() if name in rows.columns else None
