"""Rules for the value of each column of a new record.

They are stated once, here, and implemented twice: in SQL for staged rows (`assignments`), and in polars
for rows that are inserted directly (`direct_values`).
"""

from dataclasses import dataclass
from typing import Protocol, TypeVar

from adsplatform.records.specification import Column, Entity


@dataclass(frozen=True)
class Constant:
    """The column's default, or the constant that is assumed for it."""

    value: object


@dataclass(frozen=True)
class Product:
    """An amount times a rate. There is none if no row has the amount."""

    amount: "ValueRule"
    rate: "ValueRule"


@dataclass(frozen=True)
class ValueRule:
    """The row's own value; if the row lacks the column, or its cell is empty, the fallback or null."""

    column: Column
    fallback: Constant | Product | None = None


def value_rules(entity: Entity) -> list[ValueRule]:
    """The rule of every column that a record stores."""
    return [_rule(entity, column) for column in entity.columns.values() if column.field]


def product_of(entity: Entity, column: Column) -> tuple[Column, Column] | None:
    """The amount and the rate whose product is assumed for the column, if any is."""
    if column.assumed is None or column.assumed.product_of is None:
        return None
    amount, rate = column.assumed.product_of
    return entity.columns[amount], entity.columns[rate]


def _rule(entity: Entity, column: Column) -> ValueRule:
    if column.default is not None:
        return ValueRule(column, Constant(column.default))
    if factors := product_of(entity, column):
        amount, rate = factors
        return ValueRule(column, Product(_rule(entity, amount), _rule(entity, rate)))
    return ValueRule(column, Constant(column.assumed.constant) if column.assumed else None)


Value = TypeVar("Value")


class Writer(Protocol[Value]):
    """Writes values as expressions of SQL or polars."""

    def has(self, column: Column) -> bool:
        """Whether any row has the column."""

    def cell(self, column: Column) -> Value:
        """The row's own value."""

    def constant(self, column: Column, constant: Constant) -> Value:
        """A constant as a value of the column."""

    def product(self, amount: Value, rate: Value | None) -> Value:
        """An amount times a rate; the rate is None if it is 1 for all rows."""

    def first(self, column: Column, cell: Value, fallback: Value) -> Value:
        """The cell of the column, or the fallback where it is null."""


def value_of(rule: ValueRule, writer: Writer[Value]) -> Value | None:
    """The value of new records by the rule; None if it is null in all of them."""
    fallback = _fallback_of(rule, writer)
    if not writer.has(rule.column):
        return fallback
    cell = writer.cell(rule.column)
    return cell if fallback is None else writer.first(rule.column, cell, fallback)


def _fallback_of(rule: ValueRule, writer: Writer[Value]) -> Value | None:
    if isinstance(rule.fallback, Constant):
        return writer.constant(rule.column, rule.fallback)
    if isinstance(rule.fallback, Product) and writer.has(rule.fallback.amount.column):
        amount, rate = rule.fallback.amount, rule.fallback.rate
        is_one = not writer.has(rate.column) and isinstance(rate.fallback, Constant) and rate.fallback.value == 1
        value = value_of(amount, writer)
        return None if value is None else writer.product(value, None if is_one else value_of(rate, writer))
    return None
