"""The grammar of `order`, and the sort keys that the ORM takes.

order := field [ASC | ASCENDING | DESC | DESCENDING] (',' field [...])*
"""

from collections.abc import Iterator

from django.db.models import F
from django.db.models.expressions import OrderBy
from django.db.models.functions import Upper

from adsplatform.searchlight.errors import Kind
from adsplatform.searchlight.fields import Field, Fields
from adsplatform.searchlight.grammar import take_field
from adsplatform.searchlight.words import Words

ASCENDING, DESCENDING = ("ASC", "ASCENDING"), ("DESC", "DESCENDING")


def parse_order(text: str, fields: Fields) -> tuple[str | OrderBy, ...]:
    """The requested order, or the default one for a blank text; the unique key of the fields breaks every tie."""
    words = Words(text, "order")
    if words.peek() is None:
        return _default_order(fields)
    order: dict[str, OrderBy] = {}
    for field, descending in _sort_keys(words, fields):
        # If a field is named twice, only the first mention matters.
        order.setdefault(field.path, _sort_key(field.path, descending, is_text=field.type == "text"))
    # The tie-breaker has the direction of the last key, so that one index can serve both.
    order.setdefault(fields.key, _sort_key(fields.key, descending))
    return tuple(order.values())


def sort_keys(text: str, fields: Fields) -> list[tuple[str, bool]]:
    """The names of the fields of an order, and whether each descends; none for a blank text."""
    words = Words(text, "order")
    return [] if words.peek() is None else [(field.name, down) for field, down in _sort_keys(words, fields)]


def _sort_keys(words: Words, fields: Fields) -> Iterator[tuple[Field, bool]]:
    """Each field of an order, and whether it descends."""
    while True:
        field = take_field(words, fields)
        direction = words.take_if(*ASCENDING, *DESCENDING)
        yield field, direction is not None and direction.says(*DESCENDING)
        if words.peek() is None:
            return
        comma = words.take()
        if not comma.says(","):
            wanted = "a comma before the next field" if direction else "ASC, DESC, or a comma before the next field"
            raise words.error(Kind.INVALID_TOKEN, f"{comma.should_be(wanted)}.")
        if words.peek() is None:
            raise words.error(Kind.TRAILING_CONJUNCTION, f"{comma} should be followed by another field.")


def _sort_key(path: str, descending: bool, *, is_text: bool = False) -> OrderBy:
    # Text is sorted by the same rules as it is compared. Nulls come last, as in PostgreSQL's indexes.
    expression = Upper(path) if is_text else F(path)
    return expression.desc(nulls_first=True) if descending else expression.asc(nulls_last=True)


def _default_order(fields: Fields) -> tuple[str, ...]:
    order = fields.default_order
    if fields.key in (path.lstrip("-") for path in order):
        return order
    descending = bool(order) and order[-1].startswith("-")
    return (*order, f"-{fields.key}" if descending else fields.key)
