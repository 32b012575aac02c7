"""The one query that counts and sums amounts, of staged rows or of records, by column and currency."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from psycopg import sql

from adsplatform.records.specification import Column, Entity
from syncs.loading.staging.amounts import CHANGE
from syncs.loading.staging.assignments import column_of
from syncs.loading.staging.tables import StageTable

ONCE, SUBTRACTED = sql.SQL("1"), sql.SQL("-1")
NO_CURRENCY = sql.SQL("NULL::text")


class AmountTerm(NamedTuple):
    """An amount to add up: its column, value, currency and category, and the factor by which its sum counts."""

    column: Column
    amount: sql.Composable
    currency: sql.Composable
    category: sql.Composable
    times: sql.Composable = ONCE


def added_up(
    entity: Entity, terms: Sequence[AmountTerm], source: sql.Composable, *, by: sql.Composable | None = None
) -> sql.Composed:
    """A SELECT of (entity, category, column, currency, count, sum) for the terms, in one pass over the source.

    `by` is one more expression by which the source is grouped; `category` and `times` may refer to it as `w.kind`.
    """
    # Several terms may need the same sum.
    amounts = _distinct(term.amount for term in terms)
    currencies = _distinct(term.currency for term in terms)
    return sql.SQL(
        """
        SELECT {entity}, a.category, a."column", a.currency, a.count * a.times, a.sum * a.times
        FROM (SELECT {kind} AS kind, {keys}, {sums} FROM {source} GROUP BY {grouped}) w
        CROSS JOIN LATERAL (VALUES {terms}) a (category, "column", currency, count, sum, times)
        WHERE a.count > 0 AND a.times <> 0
        """
    ).format(
        entity=sql.Literal(entity.name),
        kind=by or NO_CURRENCY,
        keys=_listed("{} AS {}", ((key, _name("currency", at)) for at, key in enumerate(currencies))),
        sums=_listed(
            "count({0}) AS {1}, sum({0}) AS {2}",
            ((amount, _name("count", at), _name("sum", at)) for at, amount in enumerate(amounts)),
        ),
        source=source,
        grouped=sql.SQL(", ").join(map(sql.Literal, range(1, len(currencies) + 2))),
        terms=_listed(
            "({}, {}, {}, w.{}, w.{}, {})",
            (
                (
                    term.category,
                    sql.Literal(term.column.wire),
                    _normalised(_name("currency", currencies.index(term.currency))),
                    _name("count", amounts.index(term.amount)),
                    _name("sum", amounts.index(term.amount)),
                    term.times,
                )
                for term in terms
            ),
        ),
    )


def _normalised(currency: sql.Identifier) -> sql.Composed:
    """A currency in the form of `staging.amounts.currency_of`: three capital letters, or nothing."""
    return sql.SQL("CASE WHEN w.{0} ~ '^[A-Za-z]{{3}}$' THEN upper(w.{0} COLLATE \"C\") ELSE '' END").format(currency)


def _distinct(expressions: Iterable[sql.Composable]) -> list[sql.Composable]:
    distinct: list[sql.Composable] = []
    for expression in expressions:
        if expression not in distinct:
            distinct.append(expression)
    return distinct


def _listed(form: str, each: Iterable[tuple[sql.Composable, ...]]) -> sql.Composed:
    return sql.SQL(", ").join(sql.SQL(form).format(*values) for values in each)


def _name(what: str, at: int) -> sql.Identifier:
    return sql.Identifier(f"{what}_{at}")


# The amounts of staged rows and of records.


def amounts_of_rows(staged: StageTable, category: sql.Composable) -> list[AmountTerm]:
    """Every amount of the rows `s`, in the currency that the row names."""
    return [
        AmountTerm(column, column_of("s", column.name), currency_of_rows(staged, column), category)
        for column in staged.entity.amounts
        if staged.has(column.name)
    ]


def currency_of_rows(staged: StageTable, column: Column) -> sql.Composable:
    """The currency of an amount of the rows `s`."""
    if column.currency and staged.has(column.currency):
        return column_of("s", column.currency)
    return NO_CURRENCY


def columns_added_up(staged: StageTable) -> list[sql.Composed]:
    """The columns of the rows `s` that `amounts_of_rows` refers to."""
    names = dict.fromkeys(name for column in staged.entity.amounts for name in (column.name, column.currency))
    return [column_of("s", name) for name in names if name and staged.has(name)]


def amounts_of_records(
    entity: Entity, times: sql.Composable = ONCE, columns: Sequence[Column] | None = None
) -> list[AmountTerm]:
    """Every amount of the records `r`, or those of some columns, in the currency of the record."""
    return [
        AmountTerm(
            column,
            column_of("r", column.field),
            _currency_of_records(entity, column),
            sql.Literal(CHANGE),
            times,
        )
        for column in (entity.amounts if columns is None else columns)
    ]


def _currency_of_records(entity: Entity, column: Column) -> sql.Composable:
    if column.currency:
        return column_of("r", entity.columns[column.currency].field)
    return NO_CURRENCY
