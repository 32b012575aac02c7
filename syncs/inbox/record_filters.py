"""Filters of the Inbox's lists of records, derived from each kind's fields."""

from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import django_filters as filters
from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q, QuerySet
from django.http import QueryDict

from adsplatform.accounts.models import Account
from adsplatform.admin_lists.day_filters import DayInput
from adsplatform.admin_lists.filters import ANY, YesNoFilter, as_uuid
from adsplatform.identifiers import first_uuid7
from adsplatform.records.display import DisplayedField, DisplayedKind, as_text, displayed_kinds, kind_of
from adsplatform.records.keys import clean_key
from adsplatform.records.models import Company
from adsplatform.records_api.kinds import kinds
from adsplatform.searchlight import Searchlight, SearchlightError
from syncs.inbox.filters import enrollments_of
from syncs.models import SyncRequest

# The most companies that a part of a name may mean.
MOST_COMPANIES = 200
# The most by which the clocks of a worker and of the database may differ.
CLOCKS_DIFFER_BY = timedelta(minutes=5)
SHORT = {"maxlength": 200, "autocomplete": "off"}


class Chip(NamedTuple):
    """A filter that is in use: what it says, and the rest of the address without it."""

    label: str
    text: str
    without: str


class QueryField(forms.CharField):
    """A filter in the query language; its value is the condition."""

    def __init__(self, *, searchlight: Searchlight, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.searchlight = searchlight

    def clean(self, value: Any) -> Q:
        try:
            return self.searchlight.filter(super().clean(value))
        except SearchlightError as error:
            raise ValidationError(str(error)) from error


class QueryFilter(filters.Filter):
    field_class = QueryField

    def filter(self, queryset: QuerySet[Any], value: Any) -> QuerySet[Any]:
        return queryset.filter(value) if value else queryset


class ReferenceFilter(filters.UUIDFilter):
    """Records that refer to one record; set by links between pages."""

    def __init__(self, field_name: str, label: str) -> None:
        super().__init__(field_name, label=label, widget=forms.HiddenInput)


class RecordFilter(filters.FilterSet):
    """What every list of records can be narrowed by; `kind_filter` adds what one kind has."""

    kind: DisplayedKind

    q = filters.CharFilter(label="Search", method="by_text", widget=forms.TextInput(attrs={"type": "search", **SHORT}))
    enrollment = filters.ModelChoiceFilter(
        label="Enrollment", field_name="app_enrollment", queryset=enrollments_of, empty_label="Any"
    )
    added_by = filters.UUIDFilter(method="by_addition", label="Added by the sync of", widget=forms.HiddenInput)
    changed_by = filters.UUIDFilter(method="by_change", label="Changed by the sync of", widget=forms.HiddenInput)

    @property
    def account(self) -> Account:
        account: Account = self.request.tenant.account
        return account

    @property
    def rows(self) -> QuerySet[Any]:
        """The records that fit; none while a filter is not understood."""
        return self.qs if self.is_valid() else self.queryset.none()

    def by_text(self, rows: QuerySet[Any], name: str, text: str) -> QuerySet[Any]:
        return rows.filter(contains_text(self.kind, text, self.account))

    def by_company(self, rows: QuerySet[Any], name: str, text: str) -> QuerySet[Any]:
        companies = companies_called(text, self.account)
        found = Q()
        for field in self.kind.references:
            if field.refers_to is Company:
                found |= Q(**{f"{field.field.attname}__in": companies})
        return rows.filter(found)

    def by_addition(self, rows: QuerySet[Any], name: str, id: UUID) -> QuerySet[Any]:
        """The records that a sync added; found by the times of their ids, as no index has the syncs."""
        rows = rows.filter(created_sync_id=id)
        sync = SyncRequest.objects.of(self.account).filter(pk=id).first()
        if sync is None or sync.started is None or sync.finished is None:
            return rows
        first, last = first_uuid7(sync.started - CLOCKS_DIFFER_BY), first_uuid7(sync.finished + CLOCKS_DIFFER_BY)
        return rows.filter(pk__gte=first, pk__lt=last)

    def by_change(self, rows: QuerySet[Any], name: str, sync: UUID) -> QuerySet[Any]:
        return rows.filter(modified_sync_id=sync).exclude(created_sync_id=sync)

    def chips(self) -> Iterator[Chip]:
        """The filters that are in use."""
        if not self.form.is_bound or not self.is_valid():
            return
        for name, field in self.form.fields.items():
            value = self.form.cleaned_data.get(name)
            if value not in (None, "", []) and (text := self.data.get(name)):
                yield Chip(str(field.label), self._words(name, field, value, text), _without(self.data, name))

    def _words(self, name: str, field: forms.Field, value: Any, text: str) -> str:
        if name in ("added_by", "changed_by"):
            sync = SyncRequest.objects.of(self.account).filter(pk=value).first()
            return as_text(sync.created) if sync else "another account"
        found = self.filters[name]
        if isinstance(found, ReferenceFilter) and found.field_name in self.kind.by_name:
            return self._title(self.kind.by_name[found.field_name], value) or text
        if isinstance(field.widget, forms.Select):
            return str(dict(field.widget.choices).get(text, value))
        return as_text(value) if not isinstance(value, Q) else text

    def _title(self, field: DisplayedField, id: UUID) -> str:
        """What the record that a field refers to is called."""
        if (model := field.refers_to) is None:
            return ""
        record = model.objects.of(self.account.pk).filter(pk=id).first()
        return kind_of(model).title(record) if record else ""


def contains_text(kind: DisplayedKind, text: str, account: Account) -> Q:
    """Records that `called` finds, and those of a company that is called so."""
    condition = called(kind, text)
    companies = [field for field in kind.references if field.refers_to is Company and field in kind.listed]
    if companies and not as_uuid(text) and (found := companies_called(text, account)):
        for field in companies:
            condition |= Q(**{f"{field.field.attname}__in": found})
    return condition


def called(kind: DisplayedKind, text: str) -> Q:
    """Records whose key, name or number contains the text, or with that id."""
    if record_id := as_uuid(text):
        return Q(pk=record_id)
    condition = Q(pk__in=[])
    for name in kind.searched:
        condition |= Q(**{f"{name}__icontains": clean_key(text) if name == "erp_key" else text.strip()})
    return condition


def companies_called(text: str, account: Account) -> list[UUID]:
    """The ids of the companies whose key or name contains the text."""
    named = Q(erp_key__icontains=clean_key(text)) | Q(company_name__icontains=text.strip())
    return list(Company.objects.of(account.pk).filter(named).values_list("pk", flat=True)[:MOST_COMPANIES])


@cache
def kind_filter(name: str) -> type[RecordFilter]:
    """The filters of a kind of record."""
    kind = displayed_kinds()[name]
    added: dict[str, Any] = {"kind": kind}
    if not kind.searched:
        added["q"] = None
    if any(field.refers_to is Company for field in kind.references):
        attributes = {**SHORT, "placeholder": "name or key"}
        added["party"] = filters.CharFilter(
            label="Company", method="by_company", widget=forms.TextInput(attrs=attributes)
        )
    for field in kind.fields:
        added |= _choices(kind, field)
    if day := kind.day:
        # Of a moment, its day in UTC.
        path = f"{day.name}__date" if isinstance(day.field, models.DateTimeField) else day.name
        added["since"] = filters.DateFilter(path, lookup_expr="gte", label=f"{day.label} from", widget=DayInput)
        added["until"] = filters.DateFilter(path, lookup_expr="lte", label=f"{day.label} to", widget=DayInput)
    if amount := kind.amount:
        added["least"] = filters.NumberFilter(amount.name, lookup_expr="gte", label=f"{amount.label} from")
        added["most"] = filters.NumberFilter(amount.name, lookup_expr="lte", label=f"{amount.label} to")
    for field in kind.references:
        added[field.name] = ReferenceFilter(field.name, field.label)
    added["filter"] = QueryFilter(label="Query", searchlight=Searchlight(kinds()[kind.name].fields))
    meta = type("Meta", (), {"model": kind.model, "fields": []})
    return type(f"{kind.name}Filter", (RecordFilter,), {**added, "Meta": meta})


def _choices(kind: DisplayedKind, field: DisplayedField) -> dict[str, filters.Filter]:
    """Drop-down lists: of known texts, and of yes and no where the list has such a column."""
    if known := kind.model.KNOWN_TEXTS.get(field.name):
        choices = [(text, text) for text in known]
        chosen = filters.ChoiceFilter(
            field.name, label=field.label, choices=choices, empty_label=ANY.capitalize(), lookup_expr="iexact"
        )
        return {field.name: chosen}
    if isinstance(field.field, models.BooleanField) and field in kind.listed:
        return {field.name: YesNoFilter(field.name, label=field.label)}
    return {}


def _without(given: QueryDict, name: str) -> str:
    """The rest of the address without a filter, and without the place in the list."""
    rest = given.copy()
    for gone in (name, "after", "before"):
        rest.pop(gone, None)
    return rest.urlencode()
