"""Pages of a list by what stands before or after a row, so that the last page costs no more than the first."""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db.models import F, Model, Q, QuerySet

ModelRow = TypeVar("ModelRow", bound=Model)


@dataclass(frozen=True, slots=True)
class KeysetPage(Generic[ModelRow]):
    """Some rows of an ordered query, and whether there are rows before and after them."""

    rows: list[ModelRow]
    has_previous: bool
    has_next: bool

    @property
    def previous(self) -> Any:
        """The id of the row before which the previous page ends."""
        return self.rows[0].pk if self.has_previous and self.rows else None

    @property
    def next(self) -> Any:
        """The id of the row after which the next page begins."""
        return self.rows[-1].pk if self.has_next and self.rows else None


def keyset_page(
    rows: QuerySet[ModelRow], order: str, *, after: UUID | None = None, before: UUID | None = None, size: int = 50
) -> KeysetPage[ModelRow]:
    """The page after or before a row, else the first; `order` is a field of the model, with `-` where it descends.

    Ties have the order of the ids. Nulls come last, or first where the order descends, as in PostgreSQL's indexes.
    A row that is gone gives the first page.
    """
    column, descending = order.removeprefix("-"), order.startswith("-")
    is_backward = before is not None and after is None
    mark = after or before
    known = rows.model._default_manager.filter(pk=mark).values_list(column, flat=True)[:1] if mark else ()
    is_beyond = False
    for value in known:
        rows = rows.filter(_beyond(column, value, mark, descending=descending != is_backward))
        is_beyond = True
    is_backward = is_backward and is_beyond
    keys = [F(name).desc() if descending != is_backward else F(name).asc() for name in dict.fromkeys((column, "id"))]
    found = list(rows.order_by(*keys)[: size + 1])
    has_more = len(found) > size
    found = found[:size]
    if is_backward:
        return KeysetPage(found[::-1], has_previous=has_more, has_next=True)
    return KeysetPage(found, has_previous=is_beyond, has_next=has_more)


def _beyond(column: str, value: object, id: UUID | None, *, descending: bool) -> Q:
    """The rows that come later than one with this value and id."""
    later = Q(**{f"id__{'lt' if descending else 'gt'}": id})
    if column == "id":
        return later
    has_none = Q(**{f"{column}__isnull": True})
    if value is None:
        return (has_none & later) | ~has_none if descending else has_none & later
    test = "lt" if descending else "gt"
    # The first condition is the one that an index can begin with.
    within = Q(**{f"{column}__{test}e": value}) & (Q(**{f"{column}__{test}": value}) | later)
    return within if descending else within | has_none
