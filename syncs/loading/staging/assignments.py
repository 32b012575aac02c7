"""The values that a staged row gives to each column of its record, as SQL.

In these expressions `s` is the staged row with its references resolved, `p` its plan, `r` the record that it changes.
"""

from collections.abc import Collection, Iterator, Sequence

from psycopg import sql

from adsplatform.records.specification import Column, Lookup, ReferenceTo
from syncs.loading.staging.tables import StageTable
from syncs.loading.staging.value_rules import Constant, product_of, value_of, value_rules


def updates(staged: StageTable) -> Iterator[tuple[str, sql.Composable]]:
    """(column, value) for every column that a row sets in an existing record; the others stay unchanged."""
    entity = staged.entity
    for column in entity.columns.values():
        if not column.field or column.name in entity.key:
            continue
        if factors := product_of(entity, column):
            if staged.has(column.name, *(factor.name for factor in factors)):
                yield column.field, _updated_product(staged, column, *factors)
        elif staged.has(column.name):
            yield column.field, _if_present(staged, [column.name], _given(column), column.field)
    for reference in entity.references:
        named_by = [lookup.column for lookup in lookups_used(staged, reference)]
        if named_by and reference.field not in entity.key:
            yield reference.field, _if_present(staged, named_by, column_of("s", reference.field), reference.field)


def inserts(staged: StageTable) -> Iterator[tuple[str, sql.Composable]]:
    """(column, value) for every column of a new record, with fallbacks for columns that the row lacks."""
    writer = _SqlWriter(staged)
    for rule in value_rules(staged.entity):
        value = value_of(rule, writer)
        if value is not None:
            yield rule.column.field, value
    for reference in staged.entity.references:
        yield reference.field, column_of("p", reference.field)


class _SqlWriter:
    """Writes the values of new records as SQL: a `Writer`."""

    def __init__(self, staged: StageTable) -> None:
        self.staged = staged

    def has(self, column: Column) -> bool:
        return self.staged.has(column.name)

    def cell(self, column: Column) -> sql.Composable:
        return column_of("s", column.name)

    def constant(self, column: Column, constant: Constant) -> sql.Composable:
        return sql.Literal(constant.value)

    def product(self, amount: sql.Composable, rate: sql.Composable | None) -> sql.Composable:
        return amount if rate is None else _product(amount, rate)

    def first(self, column: Column, cell: sql.Composable, fallback: sql.Composable) -> sql.Composable:
        # Defaults have been put into the cells of staged rows already.
        if column.default is not None and column.name in self.staged.always:
            return cell
        return sql.SQL("coalesce({}, {})").format(cell, fallback)


def changed(staged: StageTable) -> sql.Composable:
    """Whether the row differs from the record that it would change."""
    pairs = list(updates(staged))
    if not pairs:
        return sql.SQL("false")
    return sql.SQL("({}) IS DISTINCT FROM ({})").format(
        sql.SQL(", ").join(column_of("r", name) for name, _ in pairs), sql.SQL(", ").join(value for _, value in pairs)
    )


def worked_out(staged: StageTable) -> list[Column]:
    """The amounts in base currency that may have to be computed for some row."""
    return [
        column
        for column in staged.entity.columns.values()
        if (factors := product_of(staged.entity, column))
        and staged.has(column.name, *(factor.name for factor in factors))
    ]


def too_large(staged: StageTable) -> sql.Composable:
    """Whether a computed amount does not fit its column."""
    columns = worked_out(staged)
    if not columns:
        return sql.SQL("false")
    return sql.SQL("CASE WHEN r.id IS NULL THEN {} ELSE {} END").format(
        _too_large_if_new(staged, columns), _any_too_large(dict(updates(staged)), columns)
    )


def _too_large_if_new(staged: StageTable, columns: Sequence[Column]) -> sql.Composable:
    rates = {factors[1].name for column in columns if (factors := product_of(staged.entity, column))}
    # If no row has a rate, it is 1, and no amount becomes larger.
    return _any_too_large(dict(inserts(staged)), columns) if staged.has(*rates) else sql.SQL("false")


def _any_too_large(values: dict[str, sql.Composable], columns: Sequence[Column]) -> sql.Composable:
    tests = [sql.SQL("abs({}) >= 1e20").format(values[column.field]) for column in columns if column.field in values]
    return sql.SQL("coalesce(greatest({}), false)").format(sql.SQL(", ").join(tests)) if tests else sql.SQL("false")


def line_has(staged: StageTable, columns: Collection[str]) -> sql.Composable:
    """Whether the row has any of the columns."""
    return sql.SQL("s._pattern = ANY({})").format(sql.Literal(staged.patterns_with(columns)))


def lookups_used(staged: StageTable, reference: ReferenceTo) -> list[Lookup]:
    """The ways of naming the target that some row uses."""
    return [lookup for lookup in reference.lookups if staged.has(lookup.column)]


def _updated_product(staged: StageTable, column: Column, amount: Column, rate: Column) -> sql.Composable:
    """An amount in base currency: the given one; else computed if amount or rate change; else the present one."""
    new_amount, new_rate = _updated(staged, amount), _updated(staged, rate)
    worked_out = sql.SQL(
        "CASE WHEN {amount} IS DISTINCT FROM {new_amount} OR {rate} IS DISTINCT FROM {new_rate} "
        "OR {old} IS NULL THEN {product} ELSE {old} END"
    ).format(
        amount=column_of("r", amount.field),
        rate=column_of("r", rate.field),
        new_amount=new_amount,
        new_rate=new_rate,
        old=column_of("r", column.field),
        product=_product(new_amount, new_rate),
    )
    if not staged.has(column.name):
        return worked_out
    return sql.SQL("coalesce({}, {})").format(column_of("s", column.name), worked_out)


def _updated(staged: StageTable, column: Column) -> sql.Composable:
    """The new value of the column in an existing record."""
    if not staged.has(column.name):
        return column_of("r", column.field)
    return _if_present(staged, [column.name], _given(column), column.field)


def _given(column: Column) -> sql.Composable:
    """The row's own value, or the constant assumed in place of an empty cell."""
    cell = column_of("s", column.name)
    if column.assumed is None or column.assumed.constant is None:
        return cell
    return sql.SQL("coalesce({}, {})").format(cell, sql.Literal(column.assumed.constant))


def _if_present(staged: StageTable, columns: Collection[str], given: sql.Composable, field: str) -> sql.Composable:
    """The given value if the row has any of the columns, else the record's present value."""
    if staged.always.intersection(columns):
        return given
    return sql.SQL("CASE WHEN {} THEN {} ELSE {} END").format(line_has(staged, columns), given, column_of("r", field))


def _product(amount: sql.Composable, rate: sql.Composable) -> sql.Composable:
    return sql.SQL("round({} * {}, 8)").format(amount, rate)


def column_of(alias: str, name: str) -> sql.Composed:
    """A column as every statement writes it, so that equal expressions are found to be equal."""
    return sql.SQL("{}.{}").format(sql.SQL(alias), sql.Identifier(name))
