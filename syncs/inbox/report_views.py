"""The Inbox's reports: a list of them, a page for each, and the invoices behind an aging."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import path, reverse
from django.views.generic import TemplateView

from adsplatform.accounts.inbox_mixins import TenantMixin
from adsplatform.accounts.models import Account
from adsplatform.errors import PlatformError
from adsplatform.records.display import as_text
from adsplatform.records.models import Company
from adsplatform.reports.aging import Aging
from adsplatform.reports.ledger_views import balance_sheet_for, income_statement_for, trial_balance_for
from adsplatform.reports.sides import Side
from adsplatform.rest.long_work import LongWork
from adsplatform.rest.reads import limited_read
from syncs.inbox import report_sheets as sheets
from syncs.inbox.report_files import file_of
from syncs.inbox.report_forms import AgingForm, CashFlowForm, DayForm, LedgerForm, ReportForm, StatementForm
from syncs.inbox.report_sheets import BUCKETS, Sheet, SheetCell, SheetRow
from syncs.presentation.paging import Page
from syncs.rejected_rows.download import Download, streaming_response

ITEMS_ON_PAGE = 100
MOST_PAGES = 10_000
# The most rows of companies on a page; files have all.
MOST_ROWS = 1_000
HEADINGS = ("Company", "Type", "Date", "Due", "Days past due", "Currency", "Outstanding", "In base currency")


def trial_balance(account: Account, given: dict[str, Any]) -> Sheet:
    return sheets.ledger_sheet(account, trial_balance_for(account, _of_ledger(given)))


def income_statement(account: Account, given: dict[str, Any]) -> Sheet:
    return sheets.ledger_sheet(account, income_statement_for(account, _of_statement(given)))


def balance_sheet(account: Account, given: dict[str, Any]) -> Sheet:
    return sheets.ledger_sheet(account, balance_sheet_for(account, _of_statement(given)))


def _of_ledger(given: dict[str, Any]) -> dict[str, str]:
    return {
        "appEnrollmentId": str(given["enrollment"].pk),
        "startDate": given["start"].isoformat(),
        "endDate": given["end"].isoformat(),
    }


def _of_statement(given: dict[str, Any]) -> dict[str, str]:
    is_compared = "true" if given["comparison"] else "false"
    return _of_ledger(given) | {
        "columnOption": given["columns"],
        "comparisonPeriod": given["comparison"],
        "displayDepth": given["depth"],
        "showCurrencyDifference": is_compared,
        "showPercentageDifference": is_compared,
    }


@dataclass(frozen=True)
class Report:
    """A report as the Inbox offers it."""

    title: str
    about: str
    form: type[ReportForm]
    sheet: Callable[[Account, dict[str, Any]], Sheet]


REPORTS = {
    "aging": Report(
        "Aging", "What customers owe, or what is owed to vendors, by days past due.", AgingForm, sheets.aging_sheet
    ),
    "daily-sales-outstanding": Report(
        "Days sales outstanding", "How many days customers take to pay, month by month.", DayForm, sheets.sales_sheet
    ),
    "daily-payable-outstanding": Report(
        "Days payable outstanding",
        "How many days it takes to pay vendors, month by month.",
        DayForm,
        sheets.payables_sheet,
    ),
    "risk-rates": Report("Risk rates", "Which share of invoices is unpaid after 90 days.", DayForm, sheets.risk_sheet),
    "cashflow": Report(
        "Cash flow", "What was collected and billed in the last days.", CashFlowForm, sheets.cash_flow_sheet
    ),
    "trial-balance": Report(
        "Trial balance", "The balance of each account, as a debit or a credit.", LedgerForm, trial_balance
    ),
    "income-statement": Report(
        "Income statement", "What was earned and spent, and what is left of it.", StatementForm, income_statement
    ),
    "balance-sheet": Report("Balance sheet", "What is owned and what is owed.", StatementForm, balance_sheet),
}


class ReportList(TenantMixin, TemplateView):
    """What can be reported."""

    template_name = "inbox/reports.html"
    extra_context = {"reports": REPORTS}


class ReportPage(TenantMixin):
    """One report, or with `format` the file of it."""

    def get(self, request: HttpRequest, name: str) -> HttpResponseBase:
        if name not in REPORTS:
            raise Http404
        report = REPORTS[name]
        form = report.form(self.request)
        context: dict[str, Any] = {"report": report, "name": name, "filter": {"form": form}}
        file: Download | None = None
        if form.is_valid():
            _check_company(self.account, form.cleaned_data)
            try:
                with limited_read():
                    sheet = report.sheet(self.account, form.cleaned_data)
                if format := request.GET.get("format"):
                    file = file_of(sheet, name, format)
                else:
                    context |= _table(sheet) | {"left_out": max(len(sheet.rows) - MOST_ROWS, 0)}
            except PlatformError as refused:
                context["refused"] = str(refused).removeprefix(f"{refused.field}: ")
        if file is not None:
            with LongWork(self.account.pk) as work:
                return work.until_sent(streaming_response(file))
        context["company"] = _company_name(self.account, form)
        return render(request, "inbox/report.html", context)


class AgingItems(TenantMixin):
    """The invoices, credit memos and payments behind a figure of the aging."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        form = AgingForm(self.request)
        context: dict[str, Any] = {"report": REPORTS["aging"], "filter": {"form": form}}
        if form.is_valid():
            given = form.cleaned_data
            _check_company(self.account, given)
            aging = Aging(
                account=self.account,
                side=Side(given["side"]),
                day=given["day"],
                company=given["company"],
                unapplied=given["unapplied"],
            )
            wanted = request.GET.get("page", "")
            number = min(int(wanted), MOST_PAGES) if wanted.isdecimal() and 0 < len(wanted) < 10 else 1
            start = (max(number, 1) - 1) * ITEMS_ON_PAGE
            try:
                with limited_read():
                    found = aging.items(bucket=given["bucket"], limit=ITEMS_ON_PAGE + 1, start=start)
                sheet = Sheet("Document", HEADINGS, [_item_row(item) for item in found[:ITEMS_ON_PAGE]])
                context |= _table(sheet) | {
                    "page": Page(sheet.rows, max(number, 1), has_next=len(found) > ITEMS_ON_PAGE),
                    "bucket": "" if given["bucket"] is None else BUCKETS[given["bucket"]],
                }
            except PlatformError as refused:
                context["refused"] = str(refused)
        context["company"] = _company_name(self.account, form)
        return render(request, "inbox/report_items.html", context)


def _item_row(item: dict[str, Any]) -> SheetRow:
    slug = "invoices" if item["record_type"] == "Invoice" else "payments"
    company = reverse("inbox:record", args=["companies", item["company_id"]]) if item["company_name"] else ""
    cells = [
        SheetCell(item["company_name"] or str(item["company_id"]), company),
        SheetCell(item["type"] or ""),
        SheetCell(_unbroken(as_text(item["date"]))),
        SheetCell(_unbroken(as_text(item["payment_due_date"]))),
        SheetCell(item["days_past_due"]),
        SheetCell(item["currency_code"] or ""),
        SheetCell(item["outstanding"]),
        SheetCell(item["value"]),
    ]
    url = reverse("inbox:record", args=[slug, item["id"]])
    return SheetRow(item["reference_code"] or item["erp_key"], cells, url=url)


def _unbroken(text: str) -> str:
    """A text that stays on one line."""
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def _table(sheet: Sheet) -> dict[str, object]:
    """What the table shows: of very many rows the first ones, and the last, which is the sum."""
    rows = sheet.rows if len(sheet.rows) <= MOST_ROWS else [*sheet.rows[: MOST_ROWS - 1], sheet.rows[-1]]
    texts = [any(row.cells[at].is_text for row in rows) for at in range(len(sheet.headings))]
    return {
        "sheet": sheet,
        "headings": list(zip(sheet.headings, texts, strict=True)),
        "rows": [(row, list(zip(sheet.headings, row.cells, strict=True))) for row in rows],
    }


def _check_company(account: Account, given: dict[str, Any]) -> None:
    """Raise Http404 where the company that is asked for is not the account's."""
    company: UUID | None = given.get("company")
    if company and not Company.objects.of(account.pk).filter(pk=company).exists():
        raise Http404


def _company_name(account: Account, form: ReportForm) -> str:
    """The name of the company that a report is about, if it is about one."""
    company: UUID | None = getattr(form, "cleaned_data", {}).get("company")
    found = Company.objects.of(account.pk).filter(pk=company).first() if company else None
    return found.company_name or found.erp_key if found else ""


urlpatterns = [
    path("reports/", ReportList.as_view(), name="reports"),
    # Before the others, because “aging/items” begins like the address of a report.
    path("reports/aging/items/", AgingItems.as_view(), name="report-items"),
    path("reports/<slug:name>/", ReportPage.as_view(), name="report"),
]
