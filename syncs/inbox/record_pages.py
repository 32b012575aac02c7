"""The Inbox's page of one record: its fields, what it refers to, what refers to it, and the syncs that wrote it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import BooleanField, ExpressionWrapper, F, Q, Window
from django.db.models.functions import RowNumber
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path, reverse
from django.utils.functional import cached_property

from adsplatform.accounts.models import Account
from adsplatform.errors import NotFound
from adsplatform.records.display import DisplayedField, DisplayedKind, displayed_kinds, referring_to
from adsplatform.records.models import Company, CustomField, Record
from adsplatform.records_api.kinds import kinds
from adsplatform.rest.long_work import LongWork
from adsplatform.rest.reads import QueryTooSlow, limited_read
from enrollments.models import FILE_UPLOAD, JSON_BATCH, AppEnrollment
from syncs.inbox.company_aging import aging_of
from syncs.inbox.record_lists import KindMixin
from syncs.inbox.record_removal import is_removed_by_file
from syncs.inbox.record_removal import urlpatterns as removal_urls
from syncs.inbox.record_rows import Cell, Row, cell_of, rows_of
from syncs.models import SyncRequest
from syncs.presentation.record_tables import targets_of
from syncs.services.written_lines import line_of, why_not_kept

RELATED_SHOWN = 10
CUSTOM_FIELDS_SHOWN = 100


class Group(NamedTuple):
    """Fields under a heading."""

    heading: str
    cells: list[Cell]


@dataclass(frozen=True)
class Related:
    """The first records that refer to this one by one of their fields, and the list of all."""

    kind: DisplayedKind
    field: DisplayedField
    heading: str
    fields: list[DisplayedField]
    rows: list[Row]
    has_more: bool
    url: str

    @property
    def id(self) -> str:
        return f"{self.kind.slug}-{self.field.name}"


class RecordPage(KindMixin):
    """One record of the account."""

    def get(self, request: HttpRequest, kind: str, pk: UUID) -> HttpResponse:
        record = self.record
        enrollment = AppEnrollment.objects.select_related("app").get(pk=record.app_enrollment_id)
        groups, empty = groups_of(self.kind, record, self.account)
        context: dict[str, Any] = {
            "kind": self.kind,
            "record": record,
            "title": self.kind.title(record),
            "groups": groups,
            "empty": empty,
            "enrollment": enrollment,
            "custom_fields": custom_fields_of(record, self.account),
            "written": (written := syncs_of(record, self.account)),
            "line_missing": why_not_kept(record, written["modified"]),
            "takes_files": enrollment.app.connector in (FILE_UPLOAD, JSON_BATCH),
            "removal": is_removed_by_file(self.kind, record),
            "api_path": f"/api/v1/{kinds()[self.kind.name].path}/{record.pk}",
        }
        try:
            with limited_read():
                context["related"] = related_of(self.kind, record, self.account)
                if isinstance(record, Company):
                    context["aging"] = aging_of(record, self.account)
        except QueryTooSlow as slow:
            context["too_slow"] = str(slow)
        return render(request, "inbox/record.html", context)

    @cached_property
    def record(self) -> Any:
        return get_object_or_404(self.kind.model.objects.of(self.account.pk), pk=self.kwargs["pk"])


def groups_of(kind: DisplayedKind, record: Record, account: Account) -> tuple[list[Group], list[str]]:
    """The fields that have a value, under their headings, and the names of the others."""
    targets = targets_of(kind.fields, [record], account)
    groups, empty = [], []
    for heading, fields in kind.groups:
        cells = [cell_of(field, record, targets) for field in fields]
        if filled := [cell for cell in cells if cell.text]:
            groups.append(Group(heading, filled))
            empty += [cell.field.label for cell in cells if not cell.text]
        else:
            empty.append(heading)
    return groups, empty


def related_of(kind: DisplayedKind, record: Record, account: Account) -> list[Related]:
    """What refers to the record; one query for each kind that does, and those for the names of other records."""
    found = []
    references = list(referring_to(kind.model))
    first = {
        other: _first_referring(other, [field for each, field in references if each is other], record, account)
        for other in dict.fromkeys(other for other, _ in references)
    }
    for other, field in references:
        is_one_of_several = sum(each is other for each, _ in references) > 1
        heading = other.plural.capitalize()
        records = [each for each in first[other] if getattr(each, field.field.attname) == record.pk]
        records = records[: RELATED_SHOWN + 1]
        if not records:
            continue
        found.append(
            Related(
                kind=other,
                field=field,
                heading=f"{heading} (as {field.label.lower()})" if is_one_of_several else heading,
                fields=[each for each in other.listed if each is not field],
                rows=[without(row, field) for row in rows_of(other, records[:RELATED_SHOWN], account)],
                has_more=len(records) > RELATED_SHOWN,
                url=f"{reverse('inbox:records', args=[other.slug])}?{field.name}={record.pk}",
            )
        )
    return found


def _first_referring(
    other: DisplayedKind, fields: Sequence[DisplayedField], record: Record, account: Account
) -> list[Record]:
    """The records of a kind that refer to the record by any of the fields, of each the first ones at least.

    Where there are several fields, all records of the kind are read for them, so they are read once: a window for each
    combination of fields by which a record refers has the first ones by each field.
    """
    refers = {f"by_{field.name}": Q(**{field.field.attname: record.pk}) for field in fields}
    order = [F(other.day.name).desc() if other.day else F("id").asc(), F("id").asc()]
    # References stay within an enrollment, with which the indexes of keys begin.
    rows = other.model.objects.of(account.pk).filter(app_enrollment=record.app_enrollment_id)
    rows = rows.filter(reduce(or_, refers.values()))
    if len(fields) > 1:
        names = [ExpressionWrapper(condition, BooleanField()) for condition in refers.values()]
        position = Window(RowNumber(), partition_by=names, order_by=order)
        first = rows.alias(position=position).filter(position__lte=RELATED_SHOWN + 1)
        rows = other.model.objects.of(account.pk).filter(pk__in=list(first.values_list("pk", flat=True)))
        return list(rows.order_by(*order))
    return list(rows.order_by(*order)[: RELATED_SHOWN + 1])


def without(row: Row, field: DisplayedField) -> Row:
    """The row without the column that says the same in every row."""
    return Row(row.record, row.url, row.title, row.key, [cell for cell in row.cells if cell.field is not field])


def custom_fields_of(record: Record, account: Account) -> list[Row]:
    """The custom fields of the record."""
    rows = CustomField.objects.of(account.pk).filter(record_key=record.pk).order_by("custom_field_label", "id")
    return rows_of(displayed_kinds()["CustomField"], list(rows[:CUSTOM_FIELDS_SHOWN]), account)


def syncs_of(record: Record, account: Account) -> dict[str, SyncRequest | None]:
    """The syncs that created and last changed the record; None for one that is no longer kept."""
    ids = [id for id in (record.created_sync_id, record.modified_sync_id) if id]
    found = SyncRequest.objects.of(account).select_related("upload").in_bulk(ids)
    return {
        "created": found.get(record.created_sync_id) if record.created_sync_id else None,
        "modified": found.get(record.modified_sync_id) if record.modified_sync_id else None,
    }


class RecordLine(KindMixin):
    """The line that last wrote a record."""

    def get(self, request: HttpRequest, kind: str, pk: UUID) -> HttpResponse:
        record = get_object_or_404(self.kind.model.objects.of(self.account.pk), pk=pk)
        context = {"kind": self.kind, "record": record, "title": self.kind.title(record)}
        try:
            with LongWork(self.account.pk):
                context["line"] = line_of(record, self.account)
        except NotFound as missing:
            context["missing"] = str(missing)
        return render(request, "inbox/record_line.html", context)


urlpatterns = [
    path("records/<slug:kind>/<uuid:pk>/", RecordPage.as_view(), name="record"),
    path("records/<slug:kind>/<uuid:pk>/line/", RecordLine.as_view(), name="record-line"),
    *removal_urls,
]
