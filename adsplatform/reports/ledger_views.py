"""The endpoints of the reports of the general ledger, with the published paths and members."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import path
from django.utils import timezone
from rest_framework.response import Response

from adsplatform.accounts.models import EVERYONE, Account
from adsplatform.errors import NotFound, PlatformError
from adsplatform.records.models import Invoice
from adsplatform.reports.balance_sheet import balance_sheet
from adsplatform.reports.documents import LEDGER
from adsplatform.reports.income_statement import income_statement
from adsplatform.reports.ledger import Ledger, ledger_of
from adsplatform.reports.parameters import read_day, read_id, read_number, read_truth
from adsplatform.reports.ranges import Range, columns, compared
from adsplatform.reports.statements import ACCOUNTS, CATEGORY, FinancialReport, Row, with_differences
from adsplatform.reports.trial_balance import trial_balance
from adsplatform.rest.reads import limited_read
from adsplatform.rest.requests import WireRequest
from adsplatform.rest.viewsets import WireViewSet

Statement = Callable[[Ledger, Range, Sequence[Range], int], FinancialReport]


class LedgerViewSet(WireViewSet[Any]):
    """Reports of the ledger of one enrollment."""

    noun = "report"
    operations = LEDGER
    roles = dict.fromkeys(("balances", "income", "sheet"), EVERYONE)

    def balances(self, request: WireRequest) -> HttpResponse:
        """The balance of each account, as a debit or a credit."""
        return self._answer(trial_balance_for(request.caller.account, request.parameters))

    def income(self, request: WireRequest) -> HttpResponse:
        """What was earned and spent."""
        return self._answer(income_statement_for(request.caller.account, request.parameters))

    def sheet(self, request: WireRequest) -> HttpResponse:
        """What is owned and owed."""
        return self._answer(balance_sheet_for(request.caller.account, request.parameters))

    def _answer(self, report: FinancialReport) -> HttpResponse:
        account = self.request.caller.account
        return Response(
            {
                "reportName": f"{report.name} for {account.name}",
                "groupKey": account.pk,
                "reportStartDate": report.days.start.isoformat(),
                "reportEndDate": report.days.end.isoformat(),
                "reportCreatedDate": timezone.now(),
                "rows": [_row(row) for row in report.rows],
                "basedOn": report.basis,
                "baseCurrencyCode": account.base_currency_code or None,
            }
        )


def trial_balance_for(account: Account, asked: Mapping[str, str]) -> FinancialReport:
    """The trial balance that parameters ask for; raises PlatformError."""
    with limited_read():
        ledger, days = _ledger(account, asked)
        return trial_balance(ledger, days)


def income_statement_for(account: Account, asked: Mapping[str, str]) -> FinancialReport:
    """The income statement that parameters ask for; raises PlatformError."""
    return _statement(income_statement, account, asked, has_total=True)


def balance_sheet_for(account: Account, asked: Mapping[str, str]) -> FinancialReport:
    """The balance sheet that parameters ask for; raises PlatformError."""
    return _statement(balance_sheet, account, asked, has_total=False)


def _statement(statement: Statement, account: Account, asked: Mapping[str, str], *, has_total: bool) -> FinancialReport:
    depth = read_number(asked, "displayDepth", ACCOUNTS, least=CATEGORY, most=ACCOUNTS)
    differences = {name: read_truth(asked, f"show{name}Difference") for name in ("Currency", "Percentage")}
    with limited_read():
        ledger, whole = _ledger(account, asked)
        ranges = columns(whole, asked.get("columnOption", ""), ledger.year_begins)
        if has_total and len(ranges) > 1:
            ranges.append(whole)
        other = compared(whole, asked.get("comparisonPeriod", ""), ledger.year_begins)
        report = statement(ledger, whole, [*ranges, other] if other else ranges, depth)
    if other:
        with_differences(report.rows, currency=differences["Currency"], percentage=differences["Percentage"])
    return report


def _ledger(account: Account, asked: Mapping[str, str]) -> tuple[Ledger, Range]:
    """The ledger of the enrollment that is asked for, and the days."""
    enrollment = read_id(asked, "appEnrollmentId")
    if enrollment is None:
        raise PlatformError(
            "appEnrollmentId is missing. Give the id of the enrollment whose ledger the report is about.",
            field="appEnrollmentId",
        )
    if not is_enrollment_of(account, enrollment):
        raise NotFound(f"There is no enrollment with the id “{enrollment}”.", field="appEnrollmentId")
    days = Range(read_day(asked, "startDate"), read_day(asked, "endDate"))
    if days.end < days.start:
        raise PlatformError(
            f"endDate: {days.end} is before startDate, {days.start}. Exchange the two.", field="endDate"
        )
    return ledger_of(account, enrollment, days), days


def is_enrollment_of(account: Account, enrollment: UUID) -> bool:
    """Whether an enrollment is the account's, ended ones included; its model is above this package."""
    model: Any = Invoice._meta.get_field("app_enrollment").related_model
    return bool(model.objects.of(account).filter(pk=enrollment).exists())


def _row(row: Row) -> dict[str, object]:
    return {
        "rowType": row.type,
        "label": row.label,
        "cells": [{"value": cell.value, "sources": cell.sources or None} for cell in row.cells],
        "rows": [_row(each) for each in row.rows] or None,
    }


urlpatterns = [
    path("reports/trial-balance", LedgerViewSet.as_view({"get": "balances"})),
    path("reports/income-statement", LedgerViewSet.as_view({"get": "income"})),
    path("reports/balance-sheet", LedgerViewSet.as_view({"get": "sheet"})),
]
