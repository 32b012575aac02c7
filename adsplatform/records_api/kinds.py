"""The kinds of record that can be read: their paths, members, and what can be included with them."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from django.db import models
from django.db.models import QuerySet

from adsplatform.accounts.models import Account, TenantQuerySet
from adsplatform.records.models.base import Record
from adsplatform.records.models.views import VIEWS
from adsplatform.records_api.members import Member, id_name, members_of
from adsplatform.searchlight import Field, Fields

# A record on the wire, without the members that are null or empty.
Object = dict[str, object]


@dataclass(frozen=True)
class RecordKind:
    """One kind of record as it is read."""

    model: type[models.Model]

    @property
    def name(self) -> str:
        return self.model.__name__

    @cached_property
    def path(self) -> str:
        """The path below /api/v1/, as it is published."""
        published: str = getattr(self.model, "READ_PATH", "")
        return published or _kebab_case(getattr(self.model, "BATCH_KEY", ""))

    @cached_property
    def noun(self) -> str:
        return _kebab_case(self.name).replace("-", " ").lower()

    @cached_property
    def nouns(self) -> str:
        """Several of them: `invoice lines`."""
        words = self.path if "-" in self.path else _kebab_case(self.path)
        return words.replace("-", " ")

    @property
    def model_name(self) -> str:
        """What the published API calls its schema."""
        named: str = getattr(self.model, "READ_MODEL", "")
        return named or f"{self.name}Model"

    @property
    def description(self) -> str:
        return self.model.__doc__ or ""

    @cached_property
    def id_name(self) -> str:
        return id_name(self.model)

    @cached_property
    def members(self) -> tuple[Member, ...]:
        return members_of(self.model)

    @property
    def page_sizes(self) -> tuple[int, int]:
        sizes: tuple[int, int] = getattr(self.model, "READ_PAGE_SIZES", Record.READ_PAGE_SIZES)
        return sizes

    @cached_property
    def fields(self) -> Fields:
        """What a query may filter and order by: every member but JSON."""
        fields = [Field(member.name, member.path, member.type) for member in self.members if member.type != "json"]
        order: tuple[str, ...] = getattr(self.model, "READ_ORDER", Record.READ_ORDER)
        return Fields(fields, default_order=order, key="id")

    def rows(self, account: Account) -> QuerySet[Any]:
        """The account's records; members without a field of their own can be named in filters and orders."""
        return self._all.of(account.pk)

    def selected(self, account: Account) -> QuerySet[Any]:
        """The account's records, of each the values of its members, for `read`."""
        return self._all_selected.of(account.pk)

    def read(self, rows: QuerySet[Any]) -> list[Object]:
        """The rows, which are some of those `selected`, as objects; one statement."""
        objects = []
        for values in rows:
            row = list(values)
            for place, write in self._written:
                if row[place] is not None:
                    row[place] = write(row[place])
            objects.append(
                {name: value for name, value in zip(self._names, row, strict=True) if value is not None and value != ""}
            )
        return objects

    # Kept, because to build a query of a hundred expressions takes longer than to find a record by it.

    @cached_property
    def _all(self) -> TenantQuerySet[Any]:
        computed = {member.path: member.expression for member in self.members if member.expression is not None}
        manager: TenantQuerySet[Any] = self.model._default_manager.all()  # type: ignore[assignment]
        return manager.alias(**computed)

    @cached_property
    def _all_selected(self) -> TenantQuerySet[Any]:
        values: TenantQuerySet[Any] = self._all.values_list(*(member.selected for member in self.members))  # type: ignore[assignment]
        return values

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(member.name for member in self.members)

    @cached_property
    def _written(self) -> tuple[tuple[int, Callable[[Any], object]], ...]:
        return tuple((place, write) for place, member in enumerate(self.members) if (write := member.write))


@cache
def kinds() -> dict[str, RecordKind]:
    """Every kind of record by the name of its model."""
    return {model.__name__: RecordKind(model) for model in _models()}


def _models() -> Iterator[type[models.Model]]:
    yield from Record.__subclasses__()
    yield from VIEWS


def _kebab_case(name: str) -> str:
    """`invoiceLines` → `invoice-lines`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()


def by_id(objects: Iterable[Object], name: str) -> dict[object, Object]:
    """Objects by their member of that name."""
    return {found[name]: found for found in objects}
