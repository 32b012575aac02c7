"""The values that directly inserted rows give to each column of their records, as polars expressions."""

import polars as pl

from adsplatform.records.checks import default_text
from adsplatform.records.specification import Column, Entity
from syncs.loading.staging.value_rules import Constant, Product, value_of, value_rules


def values_of_new_records(entity: Entity, rows: pl.DataFrame) -> dict[str, pl.Expr]:
    """The values of new records by field, without references. Rows must not need a product: see `needs_no_product`."""
    writer = _PolarsWriter(rows)
    values = {rule.column.field: value_of(rule, writer) for rule in value_rules(entity)}
    return {field: value for field, value in values.items() if value is not None}


def needs_no_product(entity: Entity, rows: pl.DataFrame) -> pl.Expr:
    """For each row, whether no amount has to be computed: because all are given, or the rate is 1."""
    writer = _PolarsWriter(rows)
    products = [
        (rule.column, rule.fallback)
        for rule in value_rules(entity)
        if isinstance(rule.fallback, Product) and writer.has(rule.fallback.amount.column)
    ]
    return pl.all_horizontal(pl.lit(True), *(_is_not_needed(column, product, writer) for column, product in products))


def _is_not_needed(column: Column, product: Product, writer: "_PolarsWriter") -> pl.Expr:
    has_no_amount = writer.cell(product.amount.column).is_null()
    rate = value_of(product.rate, writer)
    is_one = pl.lit(False) if rate is None else rate.cast(pl.Float64) == 1
    return has_no_amount | is_one | writer.cell(column).is_not_null() if writer.has(column) else has_no_amount | is_one


class _PolarsWriter:
    """Writes the values of new records as polars expressions of COPY texts: a `Writer`."""

    def __init__(self, rows: pl.DataFrame) -> None:
        self.rows = rows

    def has(self, column: Column) -> bool:
        return column.name in self.rows.columns

    def cell(self, column: Column) -> pl.Expr:
        return pl.col(column.name)

    def constant(self, column: Column, constant: Constant) -> pl.Expr:
        return pl.lit(str(constant.value) if column.default is None else default_text(column))

    def product(self, amount: pl.Expr, rate: pl.Expr | None) -> pl.Expr:
        # The rate is 1 wherever the amount is not given.
        return amount

    def first(self, column: Column, cell: pl.Expr, fallback: pl.Expr) -> pl.Expr:
        return cell.fill_null(fallback)
