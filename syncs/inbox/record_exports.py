"""Lists of records as files: all records that the filters select, with all their fields."""

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import path, reverse

from adsplatform.errors import PlatformError
from adsplatform.records_api.counting import count
from adsplatform.rest.long_work import LongWork
from adsplatform.rest.reads import limited_read
from syncs.inbox.record_lists import KindMixin
from syncs.presentation.record_tables import rows_to_export
from syncs.presentation.table_files import table_file
from syncs.rejected_rows.download import streaming_response


class RecordExport(KindMixin):
    """The records that a list's filters select, as CSV or XLSX."""

    def get(self, request: HttpRequest, kind: str) -> HttpResponseBase:
        filter = self.filter_of_records()
        back = f"{reverse('inbox:records', args=[kind])}?{request.GET.urlencode()}"
        if not filter.is_valid():
            return redirect(back)
        format = request.GET.get("format", "csv")
        with LongWork(self.account.pk) as work:
            try:
                with limited_read():
                    total, _ = count(filter.rows)
                rows = rows_to_export(self.kind, filter.rows.order_by("id"), self.account)
                file = table_file(self.kind.slug, self.kind.file_header, rows, format, total)
                return work.until_sent(streaming_response(file))
            except PlatformError as refused:
                messages.error(request, str(refused))
                return redirect(back)


urlpatterns = [path("records/<slug:kind>/export/", RecordExport.as_view(), name="record-export")]
