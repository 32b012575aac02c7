"""The parsed form of a filter."""

from dataclasses import dataclass

from adsplatform.searchlight.fields import Field, Value

# Every operator, and its test.
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
    values: tuple[Value, ...] = ()
    negated: bool = False


@dataclass(frozen=True)
class Group:
    """Clauses that are joined by AND or by OR."""

    conjunction: str
    clauses: tuple["Comparison | Group", ...]
