"""The endpoints of the reports, with the published paths and members.

Of our own is `source` of each figure: the query for the records behind it.
"""

from typing import Any

from django.http import HttpResponse
from django.urls import path
from rest_framework.response import Response

from adsplatform.accounts.models import EVERYONE
from adsplatform.reports import cash_flow
from adsplatform.reports.aging_views import urlpatterns as aging_urls
from adsplatform.reports.days_outstanding import MonthOfDays, days_outstanding
from adsplatform.reports.documents import REPORTS
from adsplatform.reports.ledger_views import urlpatterns as ledger_urls
from adsplatform.reports.parameters import read_day, read_number, today
from adsplatform.reports.risk_rates import risk_rates
from adsplatform.reports.sides import Side
from adsplatform.rest.reads import limited_read
from adsplatform.rest.requests import WireRequest
from adsplatform.rest.viewsets import WireViewSet


class ReportViewSet(WireViewSet[Any]):
    """Reports over invoices and payments."""

    noun = "report"
    operations = REPORTS
    roles = dict.fromkeys(("sales", "payables", "risk", "cash"), EVERYONE)

    def sales(self, request: WireRequest) -> HttpResponse:
        """How many days customers take to pay."""
        return Response(
            [
                {"timeframe": each.month.isoformat(), "dailySalesOutstanding": each.days, **_basis(each)}
                for each in self._days(Side.AR)
            ]
        )

    def payables(self, request: WireRequest) -> HttpResponse:
        """How many days it takes until vendors are paid."""
        return Response(
            [
                {"timeframe": each.month.isoformat(), "dailyPayableOutstanding": each.days, **_basis(each)}
                for each in self._days(Side.AP)
            ]
        )

    def _days(self, side: Side) -> list[MonthOfDays]:
        day = read_day(self.request.parameters, "reportDate", today())
        with limited_read():
            return days_outstanding(self.request.caller.account, side, day)

    def risk(self, request: WireRequest) -> HttpResponse:
        """What share of receivables is unpaid after 90 days, by the month of the invoices."""
        account, day = request.caller.account, read_day(request.parameters, "reportDate", today())
        with limited_read():
            rates = risk_rates(account, day)
        return Response(
            [
                {
                    "groupKey": account.pk,
                    "baseCurrencyCode": account.base_currency_code or None,
                    "reportPeriod": each.month.isoformat(),
                    "reportDate": day.isoformat(),
                    "invoiceMonthName": f"{each.month:%B}",
                    "totalInvoiceCount": each.count,
                    "totalInvoiceAmount": each.amount,
                    "atRiskCount": each.at_risk_count,
                    "atRiskAmount": each.at_risk_amount,
                    "atRiskCountPercentage": each.count_percentage,
                    "atRiskPercentage": each.amount_percentage,
                    "source": each.source,
                    "atRiskSource": each.at_risk_source,
                }
                for each in rates
            ]
        )

    def cash(self, request: WireRequest) -> HttpResponse:
        """What was collected and billed in the last days."""
        account, day = request.caller.account, read_day(request.parameters, "reportDate", today())
        days = read_number(request.parameters, "timeframe", cash_flow.DAYS, least=1, most=cash_flow.MOST_DAYS)
        with limited_read():
            found = cash_flow.cash_flow(account, day, days)
        return Response(
            {
                "timeframe": days,
                "baseCurrencyCode": account.base_currency_code or None,
                "paymentsCollected": found.payments,
                "paymentsCollectedCount": found.payments_count,
                "invoicesBilled": found.invoices,
                "invoicesBilledCount": found.invoices_count,
                "paymentsSource": found.payments_source,
                "invoicesSource": found.invoices_source,
            }
        )


def _basis(each: MonthOfDays) -> dict[str, object]:
    """What a month's figure is computed from."""
    return {"invoiceCount": each.count, "amount": each.amount, "source": each.source}


# Some spellings are those from before November 2022.
ACTIONS = {
    "daily-sales-outstanding": "sales",
    "dailysalesoutstanding": "sales",
    "daily-payable-outstanding": "payables",
    "risk-rates": "risk",
    "riskrates": "risk",
    "cashflow": "cash",
}
urlpatterns = [
    *aging_urls,
    *ledger_urls,
    *(path(f"reports/{name}", ReportViewSet.as_view({"get": action})) for name, action in ACTIONS.items()),
]
