"""Answers queries over a list of objects in memory, by the rules that PostgreSQL follows for tables."""

import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from adsplatform.searchlight.clauses import Comparison, Group

Row = Mapping[str, Any]

TESTS: Mapping[str, Callable[[Any, tuple[Any, ...]], bool]] = {
    "exact": lambda value, given: bool(value == given[0]),
    "gt": lambda value, given: bool(operator.gt(value, given[0])),
    "gte": lambda value, given: bool(operator.ge(value, given[0])),
    "lt": lambda value, given: bool(operator.lt(value, given[0])),
    "lte": lambda value, given: bool(operator.le(value, given[0])),
    "range": lambda value, given: bool(given[0] <= value <= given[1]),
    "in": lambda value, given: value in given,
    "contains": lambda value, given: given[0] in value,
    "startswith": lambda value, given: value.startswith(given[0]),
    "endswith": lambda value, given: value.endswith(given[0]),
}


def matches(clause: Comparison | Group | None, row: Row) -> bool:
    """Whether an object, with members by their wire names, is what the clause describes; no clause describes all."""
    if clause is None:
        return True
    if isinstance(clause, Group):
        parts = (matches(part, row) for part in clause.clauses)
        return all(parts) if clause.conjunction == "AND" else any(parts)
    value = row.get(clause.field.name)
    if clause.test == "isnull":
        return (value is None) != clause.negated
    # Only IS NULL describes nulls.
    if value is None:
        return False
    return TESTS[clause.test](_folded(value), tuple(_folded(each) for each in clause.values)) != clause.negated


def in_order(rows: Iterable[Row], keys: Iterable[tuple[str, bool]]) -> list[Row]:
    """The objects by the members and directions of an order; nulls are the greatest."""
    found = list(rows)
    for name, descending in reversed(list(keys)):
        found.sort(key=lambda row: _sort_key(row.get(name)), reverse=descending)
    return found


def _folded(value: object) -> Any:
    """Texts are compared without regard to case."""
    return value.upper() if isinstance(value, str) else value


def _sort_key(value: object) -> tuple[bool, Any]:
    return (value is None, 0 if value is None else _folded(value))
