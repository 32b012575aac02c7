"""Turns clauses into Django's Q."""

from django.db.models import CharField, FileField, Q, TextField
from django.db.models.functions import Upper

from adsplatform.searchlight.clauses import Comparison, Group
from adsplatform.searchlight.fields import Field


class IgnoringCase(Upper):
    """Puts both sides of a comparison in upper case, in the database, so that both follow the same rules."""

    lookup_name = "ignoring_case"
    bilateral = True


for text_field in (CharField, TextField, FileField):
    text_field.register_lookup(IgnoringCase)

# The ORM's lookup for each test of a text; for other types, the lookup has the name of the test.
TEXT_LOOKUPS = {
    "exact": "iexact",
    "gt": "ignoring_case__gt",
    "gte": "ignoring_case__gte",
    "lt": "ignoring_case__lt",
    "lte": "ignoring_case__lte",
    "in": "ignoring_case__in",
    "contains": "icontains",
    "startswith": "istartswith",
    "endswith": "iendswith",
}


def condition(clause: Comparison | Group) -> Q:
    """The clauses as a condition for `.filter()`."""
    if isinstance(clause, Group):
        return Q(*(condition(part) for part in clause.clauses), _connector=clause.conjunction)
    path, negated = clause.field.path, clause.negated
    if clause.test == "isnull":
        return Q((f"{path}__isnull", not negated))
    # Django's ~Q matches nulls; here, as in SQL, only IS NULL does.
    return Q((f"{path}__isnull", False)) & ~_test(clause) if negated else _test(clause)


def _test(clause: Comparison) -> Q:
    field, values = clause.field, clause.values
    if clause.test == "range":
        # Two comparisons, because foreign keys have no range lookup.
        low, high = values
        return Q((_lookup(field, "gte"), low)) & Q((_lookup(field, "lte"), high))
    return Q((_lookup(field, clause.test), values if clause.test == "in" else values[0]))


def _lookup(field: Field, test: str) -> str:
    return f"{field.path}__{TEXT_LOOKUPS[test] if field.type == 'text' else test}"
