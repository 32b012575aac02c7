"""Pages of a list that may be long: one more row than a page has is read, to know whether there is a next page."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet

# Nobody pages this far by hand; a larger page number gives this page, not a slow query.
LAST_PAGE = 20_000

Row = TypeVar("Row")
OtherRow = TypeVar("OtherRow")
ModelRow = TypeVar("ModelRow", bound=Model)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows of an ordered query, and which pages are beside it; nothing is ever counted."""

    rows: list[Row]
    number: int
    has_next: bool

    @property
    def previous(self) -> int | None:
        return self.number - 1 if self.number > 1 else None

    @property
    def next(self) -> int | None:
        return self.number + 1 if self.has_next else None

    def with_rows(self, rows: list[OtherRow]) -> "Page[OtherRow]":
        """The same page with other rows, made from its own."""
        return Page(rows, self.number, self.has_next)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)


def page_of(queryset: QuerySet[ModelRow], wanted: str, size: int = 50) -> Page[ModelRow]:
    """The requested page; an invalid number means the first."""
    number = min(int(wanted), LAST_PAGE) if wanted.isdecimal() and len(wanted) < 10 else 1
    number = max(number, 1)
    start = (number - 1) * size
    rows = list(queryset[start : start + size + 1])
    return Page(rows[:size], number, has_next=len(rows) > size and number < LAST_PAGE)
