"""The documents behind a figure of the aging: a page at a time with their sum, or all of them as a file."""

from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import path, reverse

from adsplatform.errors import PlatformError
from adsplatform.reports.aging import Aging
from adsplatform.reports.sides import Side
from adsplatform.rest.long_work import LongWork
from adsplatform.rest.reads import limited_read
from syncs.inbox.report_files import file_of
from syncs.inbox.report_forms import AgingForm
from syncs.inbox.report_sheets import BUCKETS, Sheet, SheetCell, SheetRow
from syncs.inbox.report_tables import ReportMixin, table_of
from syncs.presentation.paging import Page
from syncs.rejected_rows.download import Download, streaming_response

ITEMS_ON_PAGE = 100
MOST_PAGES = 10_000
# A file is made in memory.
MOST_IN_FILE = 100_000
HEADINGS = ("Company", "Type", "Date", "Due", "Days past due", "Currency", "Outstanding", "In base currency")


class AgingDocuments(ReportMixin):
    """The invoices, credit memos and payments behind a figure of the aging, or with `format` the file of them."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        form = AgingForm(self.request)
        context: dict[str, Any] = {"filter": {"form": form}}
        file: Download | None = None
        if form.is_valid():
            given = form.cleaned_data
            self.check_company(given)
            aging = Aging(
                account=self.account,
                side=Side(given["side"]),
                day=given["day"],
                company=given["company"],
                unapplied=given["unapplied"],
            )
            try:
                with limited_read():
                    if format := request.GET.get("format"):
                        file = file_of(_all(aging, given["bucket"]), "aging-documents", format)
                    else:
                        context |= self.page_of(aging, given["bucket"])
            except PlatformError as refused:
                context["refused"] = str(refused).removeprefix(f"{refused.field}: ")
        if file is not None:
            with LongWork(self.account.pk) as work:
                return work.until_sent(streaming_response(file))
        context["company"] = self.company_name(form)
        return render(request, "inbox/report_items.html", context)

    def page_of(self, aging: Aging, bucket: int | None) -> dict[str, Any]:
        """The page that is asked for, and how many documents of what sum there are on all pages."""
        wanted = self.request.GET.get("page", "")
        number = max(min(int(wanted), MOST_PAGES) if wanted.isdecimal() and len(wanted) < 10 else 1, 1)
        found = aging.items(bucket=bucket, limit=ITEMS_ON_PAGE + 1, start=(number - 1) * ITEMS_ON_PAGE)
        sheet = Sheet("Document", HEADINGS, [_row(item) for item in found[:ITEMS_ON_PAGE]])
        return table_of(sheet) | {
            "page": Page(sheet.rows, number, has_next=len(found) > ITEMS_ON_PAGE),
            "bucket": "" if bucket is None else BUCKETS[bucket],
            "count": aging.count(bucket=bucket),
            "sum": _sum(aging, bucket),
            "currency": aging.account.base_currency_code,
        }


def _all(aging: Aging, bucket: int | None) -> Sheet:
    """All documents and their sum; raises PlatformError where they are too many for a file."""
    found = aging.items(bucket=bucket, limit=MOST_IN_FILE + 1)
    if len(found) > MOST_IN_FILE:
        raise PlatformError(
            f"A file has at most {MOST_IN_FILE:,} documents, and these are {aging.count(bucket=bucket):,}. Choose a "
            "figure of one company or of one age in the aging."
        )
    total = [*(SheetCell(None) for _ in HEADINGS[1:]), SheetCell(_sum(aging, bucket))]
    return Sheet("Document", HEADINGS, [*map(_row, found), SheetRow("Total", total, is_sum=True)])


def _sum(aging: Aging, bucket: int | None) -> Decimal:
    values = aging.values()
    return sum(values, Decimal(0)) if bucket is None else values[bucket]


def _row(item: dict[str, Any]) -> SheetRow:
    slug = "invoices" if item["record_type"] == "Invoice" else "payments"
    company = reverse("inbox:record", args=["companies", item["company_id"]]) if item["company_name"] else ""
    cells = [
        SheetCell(item["company_name"] or str(item["company_id"]), company),
        SheetCell(item["type"] or ""),
        SheetCell(item["date"]),
        SheetCell(item["payment_due_date"]),
        SheetCell(item["days_past_due"]),
        SheetCell(item["currency_code"] or ""),
        SheetCell(item["outstanding"]),
        SheetCell(item["value"]),
    ]
    url = reverse("inbox:record", args=[slug, item["id"]])
    return SheetRow(item["reference_code"] or item["erp_key"], cells, url=url)


urlpatterns = [path("reports/aging/items/", AgingDocuments.as_view(), name="report-items")]
