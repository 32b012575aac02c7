"""What a staged line puts into each column of its record, as SQL.

In these expressions `s` is the staged line with its references resolved, `p` its plan, `r` the record it meets.
"""

from psycopg import sql

from adsplatform.records.specification import Column, Lookup, ReferenceTo
from syncs.staging import Staged


def updates(staged: Staged):
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


def inserts(staged: Staged):
    """(column, value) of everything a new record takes from a line, with defaults for what is absent."""
    for column in staged.entity.columns.values():
        if not column.field:
            continue
        given, fallback = sql.SQL("s.{}").format(sql.Identifier(column.name)), None
        if column.default is not None:
            fallback = sql.Literal(column.default)
        elif column.assumed and column.assumed.product_of:
            amount, rate = (staged.entity.columns[name] for name in column.assumed.product_of)
            fallback = sql.SQL("round({} * {}, 8)").format(_given(amount), _given(rate))
        elif column.assumed:
            fallback = sql.Literal(column.assumed.constant)
        if fallback is not None:
            yield column.field, sql.SQL("coalesce({}, {})").format(given, fallback)
        elif staged.has(column.name):
            yield column.field, given
    for reference in staged.entity.references:
        yield reference.field, sql.SQL("p.{}").format(sql.Identifier(reference.field))


def changed(staged: Staged) -> sql.Composable:
    """Whether the line differs from the record it meets."""
    pairs = list(updates(staged))
    if not pairs:
        return sql.SQL("false")
    return sql.SQL("({}) IS DISTINCT FROM ({})").format(
        sql.SQL(", ").join(sql.SQL("r.{}").format(sql.Identifier(name)) for name, _ in pairs),
        sql.SQL(", ").join(value for _, value in pairs),
    )


def line_has(staged: Staged, columns) -> sql.Composable:
    """Whether the line has any of the columns."""
    return sql.SQL("({})").format(
        sql.SQL(" OR ").join(
            sql.SQL("get_bit(s._have, {}) = 1").format(sql.Literal(staged.position(column))) for column in columns
        )
    )


def lookups_used(staged: Staged, reference: ReferenceTo) -> list[Lookup]:
    """The ways of naming the target that some line uses."""
    return [lookup for lookup in reference.lookups if staged.has(lookup.column)]


def _given(column: Column) -> sql.Composable:
    given = sql.SQL("s.{}").format(sql.Identifier(column.name))
    if column.assumed and column.assumed.constant is not None:
        return sql.SQL("coalesce({}, {})").format(given, sql.Literal(column.assumed.constant))
    return given


def _if_present(staged: Staged, columns, given, field) -> sql.Composable:
    if staged.always.intersection(columns):
        return given
    return sql.SQL("CASE WHEN {} THEN {} ELSE r.{} END").format(line_has(staged, columns), given, sql.Identifier(field))


def _product(staged: Staged, column: Column) -> sql.Composable:
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


def _new_value(staged: Staged, column: Column) -> sql.Composable:
    if not staged.has(column.name):
        return sql.SQL("r.{}").format(sql.Identifier(column.field))
    return _if_present(staged, [column.name], _given(column), column.field)
