"""What a staged line puts into each column of its record, as SQL.

In these expressions `s` is the staged line with its references resolved, `p` its plan, `r` the record it meets.
"""

from psycopg import sql

from adsplatform.records.specification import Column, Lookup, ReferenceTo
from syncs.loading.staging.tables import StageTable


def updates(staged: StageTable):
    """(column, value) of everything an existing record takes from a line; what is absent stays as it is."""
    for column in staged.entity.columns.values():
        if not column.field or column.name in staged.entity.key:
            continue
        if column.assumed and column.assumed.product_of:
            if staged.has(column.name, *column.assumed.product_of):
                yield column.field, _product(staged, column)
        elif staged.has(column.name):
            yield column.field, _if_present(staged, [column.name], _given(column), column.field)
    for reference in staged.entity.references:
        named_by = [lookup.column for lookup in lookups_used(staged, reference)]
        if named_by and reference.field not in staged.entity.key:
            resolved = sql.SQL("s.{}").format(sql.Identifier(reference.field))
            yield reference.field, _if_present(staged, named_by, resolved, reference.field)


def inserts(staged: StageTable):
    """(column, value) of everything a new record takes from a line, with defaults for what is absent."""
    for column in staged.entity.columns.values():
        if not column.field:
            continue
        fallback = None
        if column.default is not None:
            fallback = sql.Literal(column.default)
        elif column.assumed and column.assumed.product_of:
            fallback = _product_of_new(staged, column)
        elif column.assumed:
            fallback = sql.Literal(column.assumed.constant)
        value = fallback
        if staged.has(column.name):
            value = sql.SQL("s.{}").format(sql.Identifier(column.name))
            if fallback is not None and not (column.default is not None and column.name in staged.always):
                value = sql.SQL("coalesce({}, {})").format(value, fallback)
        if value is not None:
            yield column.field, value
    for reference in staged.entity.references:
        yield reference.field, sql.SQL("p.{}").format(sql.Identifier(reference.field))


def _product_of_new(staged: StageTable, column: Column) -> sql.Composable | None:
    """What an amount in base currency is for a new record that does not give it."""
    amount, rate = (staged.entity.columns[name] for name in column.assumed.product_of)
    if not staged.has(amount.name):
        return None
    if not staged.has(rate.name) and rate.assumed.constant == 1:
        return _given(amount)
    return sql.SQL("round({} * {}, 8)").format(_given(amount), _given(rate))


def changed(staged: StageTable) -> sql.Composable:
    """Whether the line differs from the record it meets."""
    pairs = list(updates(staged))
    if not pairs:
        return sql.SQL("false")
    return sql.SQL("({}) IS DISTINCT FROM ({})").format(
        sql.SQL(", ").join(sql.SQL("r.{}").format(sql.Identifier(name)) for name, _ in pairs),
        sql.SQL(", ").join(value for _, value in pairs),
    )


def worked_out(staged: StageTable) -> list[Column]:
    """The amounts in base currency that some line may have to be worked out for."""
    products = [column for column in staged.entity.columns.values() if column.assumed and column.assumed.product_of]
    return [column for column in products if staged.has(column.name, *column.assumed.product_of)]


def too_large(staged: StageTable) -> sql.Composable:
    """Whether an amount that is worked out does not fit its column."""
    columns = worked_out(staged)
    if not columns:
        return sql.SQL("false")
    old = _any_too_large(dict(updates(staged)), columns)
    return sql.SQL("CASE WHEN r.id IS NULL THEN {} ELSE {} END").format(too_large_if_new(staged), old)


def too_large_if_new(staged: StageTable) -> sql.Composable:
    """The same of a line whose record is new."""
    columns = worked_out(staged)
    rates = {column.assumed.product_of[1] for column in columns}
    # Times a rate of 1, nothing becomes larger.
    if not staged.has(*rates):
        return sql.SQL("false")
    return _any_too_large(dict(inserts(staged)), columns)


def _any_too_large(values: dict[str, sql.Composable], columns: list[Column]) -> sql.Composable:
    tests = [sql.SQL("abs({}) >= 1e20").format(values[column.field]) for column in columns if column.field in values]
    return sql.SQL("coalesce(greatest({}), false)").format(sql.SQL(", ").join(tests)) if tests else sql.SQL("false")


def line_has(staged: StageTable, columns) -> sql.Composable:
    """Whether the line has any of the columns."""
    return sql.SQL("s._form = ANY({})").format(sql.Literal(staged.forms_with(columns)))


def lookups_used(staged: StageTable, reference: ReferenceTo) -> list[Lookup]:
    """The ways of naming the target that some line uses."""
    return [lookup for lookup in reference.lookups if staged.has(lookup.column)]


def _given(column: Column) -> sql.Composable:
    given = sql.SQL("s.{}").format(sql.Identifier(column.name))
    if column.assumed and column.assumed.constant is not None:
        return sql.SQL("coalesce({}, {})").format(given, sql.Literal(column.assumed.constant))
    return given


def _if_present(staged: StageTable, columns, given, field) -> sql.Composable:
    if staged.always.intersection(columns):
        return given
    return sql.SQL("CASE WHEN {} THEN {} ELSE r.{} END").format(line_has(staged, columns), given, sql.Identifier(field))


def _product(staged: StageTable, column: Column) -> sql.Composable:
    """An amount in base currency: as given; else worked out anew when amount or rate change; else as it is."""
    amount, rate = (staged.entity.columns[name] for name in column.assumed.product_of)
    worked_out = sql.SQL(
        "CASE WHEN r.{amount} IS DISTINCT FROM {new_amount} OR r.{rate} IS DISTINCT FROM {new_rate} "
        "OR r.{field} IS NULL THEN round({new_amount} * {new_rate}, 8) ELSE r.{field} END"
    ).format(
        amount=sql.Identifier(amount.field),
        rate=sql.Identifier(rate.field),
        new_amount=_new_value(staged, amount),
        new_rate=_new_value(staged, rate),
        field=sql.Identifier(column.field),
    )
    if not staged.has(column.name):
        return worked_out
    return sql.SQL("coalesce(s.{}, {})").format(sql.Identifier(column.name), worked_out)


def _new_value(staged: StageTable, column: Column) -> sql.Composable:
    if not staged.has(column.name):
        return sql.SQL("r.{}").format(sql.Identifier(column.field))
    return _if_present(staged, [column.name], _given(column), column.field)
