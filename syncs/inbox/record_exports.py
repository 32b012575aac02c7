"""Lists of records as files: all records that the filters select, with all their fields."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import path, reverse

from adsplatform.accounts.models import Account
from adsplatform.errors import PlatformError
from adsplatform.records.display import AMOUNTS, DETAILS, DisplayedField, DisplayedKind, as_text
from adsplatform.records.fields import AnyReference
from adsplatform.records.models import Record
from adsplatform.records_api.counting import count
from adsplatform.rest.reads import limited_read
from enrollments.models import AppEnrollment
from syncs.inbox.record_lists import KindMixin
from syncs.inbox.record_rows import Targets, target_of, targets_of
from syncs.presentation.table_files import Value, table_file
from syncs.rejected_rows.download import streaming_response

ROWS_AT_ONCE = 2_000


class RecordExport(KindMixin):
    """The records that a list's filters select, as CSV or XLSX."""

    def get(self, request: HttpRequest, kind: str) -> HttpResponseBase:
        filter = self.filter_of_records()
        back = f"{reverse('inbox:records', args=[kind])}?{request.GET.urlencode()}"
        if not filter.is_valid():
            return redirect(back)
        format = request.GET.get("format", "csv")
        try:
            with limited_read():
                total, _ = count(filter.rows)
            rows = rows_to_export(self.kind, filter.rows, self.account)
            return streaming_response(table_file(self.kind.slug, header_of(self.kind), rows, format, total))
        except PlatformError as refused:
            messages.error(request, str(refused))
            return redirect(back)


def header_of(kind: DisplayedKind) -> list[str]:
    """The names of the columns, each only once."""
    names = []
    for field in kind.fields:
        names.append(_column_name(kind, field))
        if field.refers_to or isinstance(field.field, AnyReference):
            names.append(f"{field.label} key")
    return [*names, "Enrollment", "Added", "Changed", "ID"]


def _column_name(kind: DisplayedKind, field: DisplayedField) -> str:
    has_namesake = sum(each.label == field.label for each in kind.fields) > 1
    return f"{field.group}: {field.label}" if has_namesake and field.group not in (DETAILS, AMOUNTS) else field.label


def rows_to_export(kind: DisplayedKind, rows: QuerySet[Any], account: Account) -> Iterator[list[Value]]:
    """The values of each record, read a part at a time while they are sent."""
    enrollments = {each.pk: str(each) for each in AppEnrollment.objects.of(account).select_related("app")}
    with limited_read():
        found = rows.defer("row_hash").order_by("id").iterator(chunk_size=ROWS_AT_ONCE)
        for records in _batches(found):
            targets = targets_of(kind.fields, records, account)
            for record in records:
                values: list[Value] = []
                for field in kind.fields:
                    values += _values(field, record, targets)
                enrollment = enrollments.get(record.app_enrollment_id, "")
                yield [*values, enrollment, record.created, record.modified, str(record.pk)]


def _batches(records: Iterator[Record]) -> Iterator[list[Record]]:
    while batch := list(islice(records, ROWS_AT_ONCE)):
        yield batch


def _values(field: DisplayedField, record: Record, targets: Targets) -> list[Value]:
    """The value of a field; of a reference, the name and the key of its target."""
    value = field.value_of(record)
    if field.refers_to or isinstance(field.field, AnyReference):
        target = targets.get(target_of(field, record))
        return [target.title, target.key] if target else [str(value or ""), ""]
    return [as_text(value) if isinstance(value, dict | list) else value]


urlpatterns = [path("records/<slug:kind>/export/", RecordExport.as_view(), name="record-export")]
