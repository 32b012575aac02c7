"""The Inbox's reports: a list of them, and a page for each."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import path
from django.views.generic import TemplateView

from adsplatform.accounts.inbox_mixins import TenantMixin
from adsplatform.accounts.models import Account
from adsplatform.errors import PlatformError
from adsplatform.reports.ledger_views import balance_sheet_for, income_statement_for, trial_balance_for
from adsplatform.rest.long_work import LongWork
from adsplatform.rest.reads import limited_read
from syncs.inbox import report_sheets as sheets
from syncs.inbox.aging_documents import urlpatterns as document_urls
from syncs.inbox.report_files import file_of
from syncs.inbox.report_forms import AgingForm, CashFlowForm, DayForm, LedgerForm, ReportForm, StatementForm
from syncs.inbox.report_sheets import Sheet
from syncs.inbox.report_tables import ReportMixin, table_of
from syncs.rejected_rows.download import Download, streaming_response


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


class ReportPage(ReportMixin):
    """One report, or with `format` the file of it."""

    def get(self, request: HttpRequest, name: str) -> HttpResponseBase:
        if name not in REPORTS:
            raise Http404
        report = REPORTS[name]
        form = report.form(self.request)
        context: dict[str, Any] = {"report": report, "name": name, "filter": {"form": form}}
        file: Download | None = None
        if form.is_valid():
            self.check_company(form.cleaned_data)
            try:
                with limited_read():
                    sheet = report.sheet(self.account, form.cleaned_data)
                if format := request.GET.get("format"):
                    file = file_of(sheet, name, format)
                else:
                    context |= table_of(sheet)
            except PlatformError as refused:
                context["refused"] = str(refused).removeprefix(f"{refused.field}: ")
        if file is not None:
            with LongWork(self.account.pk) as work:
                return work.until_sent(streaming_response(file))
        context["company"] = self.company_name(form)
        return render(request, "inbox/report.html", context)


urlpatterns = [
    path("reports/", ReportList.as_view(), name="reports"),
    *document_urls,
    path("reports/<slug:name>/", ReportPage.as_view(), name="report"),
]
