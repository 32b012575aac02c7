"""What a filter is made of, once it is understood."""

from dataclasses import dataclass
from typing import Any

from adsplatform.searchlight.fields import Field

# Every operator, and the test it stands for.
TESTS = {
    "=": "exact", "EQ": "exact",
    "!=": "exact", "<>": "exact", "NE": "exact",
    ">": "gt", "GT": "gt",
    ">=": "gte", "GE": "gte", "GTE": "gte",
    "<": "lt", "LT": "lt",
    "<=": "lte", "LE": "lte", "LTE": "lte",
    "CONTAINS": "contains", "STARTSWITH": "startswith", "ENDSWITH": "endswith",
    "BETWEEN": "range", "IN": "in", "IS": "isnull",
}  # fmt: skip
UNEQUAL = ("!=", "<>", "NE")
WITHIN_TEXT = ("contains", "startswith", "endswith")


@dataclass(frozen=True)
class Comparison:
    """One test of one field, by its name in TESTS, or that test negated."""

    field: Field
    test: str
    values: tuple[Any, ...] = ()
    negated: bool = False


@dataclass(frozen=True)
class Group:
    """Clauses that must all hold (AND), or of which one must (OR)."""

    conjunction: str
    clauses: tuple["Comparison | Group", ...]
