"""The interface of the package: turns the parameters of a query into what the ORM takes."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q
from django.db.models.expressions import OrderBy
from django.utils import timezone

from adsplatform.searchlight.conditions import condition
from adsplatform.searchlight.errors import Kind, SearchlightError, check_text, quoted
from adsplatform.searchlight.fields import Fields
from adsplatform.searchlight.grammar import parse_filter
from adsplatform.searchlight.in_memory import Row, in_order, matches
from adsplatform.searchlight.ordering import parse_order, sort_keys
from adsplatform.searchlight.paging import Page, read_page
from adsplatform.searchlight.words import MAXIMUM_LENGTH


class Searchlight:
    """One query: what it may filter and order by, what it may include, and the size of its pages."""

    def __init__(
        self,
        fields: Fields,
        *,
        includes: Iterable[str] = (),
        default_size: int = 250,
        maximum_size: int = 500,
    ):
        self.fields = fields
        self.includes = {name.upper(): name for name in includes}
        self.default_size = default_size
        self.maximum_size = maximum_size

    def filter(self, text: str | None, *, now: datetime | None = None) -> Q:
        """The condition that a filter states; a blank filter matches everything."""
        clause = parse_filter(text or "", self.fields, now or timezone.now())
        return condition(clause) if clause else Q()

    def order(self, text: str | None) -> tuple[str | OrderBy, ...]:
        """The arguments for `.order_by()`: the requested order, or the default one, without ties."""
        return parse_order(text or "", self.fields)

    def select(self, rows: Iterable[Row], filter: str | None, order: str | None) -> list[Row]:
        """Of objects in memory, those that a filter describes, in an order; without one, as they are given."""
        clause = parse_filter(filter or "", self.fields, timezone.now())
        found = [row for row in rows if matches(clause, row)]
        return in_order(found, sort_keys(order or "", self.fields))

    def include(self, text: str | None) -> frozenset[str]:
        """The names of what the answer should include, in their declared spelling."""
        check_text(text or "", "include", MAXIMUM_LENGTH)
        wanted = [item.strip() for item in (text or "").split(",")]
        return frozenset(self._included(item) for item in wanted if item)

    def page(self, size: str | None, number: str | None) -> Page:
        """The requested page."""
        return read_page(size, number, default_size=self.default_size, maximum_size=self.maximum_size)

    def _included(self, name: str) -> str:
        if name.upper() in self.includes:
            return self.includes[name.upper()]
        known = ", ".join(sorted(self.includes.values())) or "none"
        raise SearchlightError(
            f"Nothing called {quoted(name)} can be included. Known names: {known}.",
            kind=Kind.INCLUDE_NOT_FOUND,
            field="include",
        )
