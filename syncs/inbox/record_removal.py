"""How a person removes one record: by a file with a line that deletes it."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils.http import content_disposition_header

from adsplatform.formula_guard import escape_csv_cell
from adsplatform.records.display import DisplayedKind
from adsplatform.records.models import Record
from syncs.inbox.record_lists import KindMixin


def is_removed_by_file(kind: DisplayedKind, record: Record) -> bool:
    """Whether a line that has no more than the record's key can delete it."""
    key = getattr(record, "erp_key", "")
    # A key that a spreadsheet would take for a formula cannot be written both safely and as it is.
    return kind.model.KEY == ("erp_key",) and kind.model.HAS_MATCH_ACTION and escape_csv_cell(key) == key


class RecordRemoval(KindMixin):
    """The file that deletes a record when it is uploaded where lines may delete."""

    def get(self, request: HttpRequest, kind: str, pk: UUID) -> HttpResponse:
        record = get_object_or_404(self.kind.model.objects.of(self.account.pk), pk=pk)
        if not is_removed_by_file(self.kind, record):
            raise Http404
        key = getattr(record, "erp_key").replace('"', '""')  # noqa: B009 - not every kind has a key
        response = HttpResponse(f'\ufefferpKey,onMatchAction\r\n"{key}",2\r\n', content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = content_disposition_header(True, f"{self.kind.model.BATCH_KEY}.csv")
        return response


urlpatterns = [path("records/<slug:kind>/<uuid:pk>/removal/", RecordRemoval.as_view(), name="record-removal")]
