"""Pages of a list that may be long: one more row than is shown tells whether there is a next page."""

from dataclasses import dataclass

# Nobody turns so many pages; whoever types a larger number gets this page, not a slow query.
LAST_PAGE = 20_000


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of an ordered query, and which pages are beside it; nothing is ever counted."""

    rows: list
    number: int
    has_next: bool

    @property
    def previous(self) -> int | None:
        return self.number - 1 if self.number > 1 else None

    @property
    def next(self) -> int | None:
        return self.number + 1 if self.has_next else None

    def __iter__(self):
        return iter(self.rows)

    def __len__(self):
        return len(self.rows)


def page_of(queryset, wanted: str, size: int = 50) -> Page:
    """The wanted page; a number that makes no sense means the first."""
    number = min(int(wanted), LAST_PAGE) if wanted.isdecimal() and len(wanted) < 10 else 1
    number = max(number, 1)
    start = (number - 1) * size
    rows = list(queryset[start : start + size + 1])
    return Page(rows[:size], number, has_next=len(rows) > size and number < LAST_PAGE)
