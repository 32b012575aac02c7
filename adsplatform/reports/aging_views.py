"""The endpoints of aging, with the published paths and members."""

from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import path
from rest_framework.response import Response

from adsplatform.accounts.models import EVERYONE
from adsplatform.errors import NotFound, PlatformError
from adsplatform.records.models import Company
from adsplatform.reports.aging import FIVE, Aging
from adsplatform.reports.documents import AGING
from adsplatform.reports.parameters import (
    MOST_BUCKETS,
    MOST_DAYS,
    read_buckets,
    read_day,
    read_id,
    read_number,
    read_truth,
    today,
)
from adsplatform.reports.queries import Source, source
from adsplatform.reports.sides import Side
from adsplatform.rest.reads import limited_read
from adsplatform.rest.requests import WireRequest
from adsplatform.rest.viewsets import WireViewSet
from adsplatform.searchlight.paging import read_page


class AgingViewSet(WireViewSet[Any]):
    """Aging in both published shapes, and the items behind it."""

    noun = "report"
    side = Side.AR
    operations = AGING
    roles = dict.fromkeys(("totals", "items", "by_currency"), EVERYONE)

    def totals(self, request: WireRequest) -> HttpResponse:
        """What is outstanding in each of five buckets, in the base currency."""
        aging = self._aging(read_day(request.parameters, "reportDate", today()))
        with limited_read():
            values = aging.values()
        return Response(
            {
                "groupKey": aging.account.pk,
                "total": sum(values),
                "buckets": [
                    {"bucket": bucket, "value": value, "source": _source(aging, bucket)}
                    for bucket, value in enumerate(values)
                ],
                "reportDate": aging.day.isoformat(),
                "baseCurrencyCode": aging.account.base_currency_code or None,
                "outstandingFrom": "balances" if aging.is_stored else "applications",
                "source": _source(aging),
            }
        )

    def items(self, request: WireRequest) -> HttpResponse:
        """The invoices, credit memos and payments behind an aging, page by page."""
        asked = request.parameters
        limits = FIVE if "buckets" not in asked else self._bounds()[:-1]
        aging = self._aging(read_day(asked, "reportDate", today()), limits)
        bucket = read_number(asked, "bucket", None, least=0, most=MOST_BUCKETS)
        # A member that names no currency is asked for by a dash.
        currency = {"": None, "-": ""}.get(asked.get("currencyCode", ""), asked.get("currencyCode"))
        page = read_page(asked.get("pageSize"), asked.get("pageNumber"), default_size=250, maximum_size=500)
        with limited_read():
            items = aging.items(bucket=bucket, currency=currency, limit=page.size, start=page.size * page.number)
            total = aging.count(bucket=bucket, currency=currency)
        return Response(
            {
                "records": [_item(item) for item in items],
                "totalCount": total,
                "pageSize": page.size,
                "pageNumber": page.number if page.number_given else None,
            }
        )

    def by_currency(self, request: WireRequest) -> HttpResponse:
        """What is outstanding by bucket and currency; a bucket is named by its most days past due."""
        self.side = Side.AP if read_truth(request.parameters, "apReport") else Side.AR
        bounds = self._bounds()
        aging = self._aging(read_day(request.parameters, "reportDate", today()), bounds[:-1])
        base = aging.account.base_currency_code
        wanted = request.parameters.get("currencyCode", "").strip().upper()
        if wanted and wanted != base:
            raise PlatformError(
                f"CurrencyCode: amounts can be converted into the base currency of the account only, {base}."
                if base
                else "CurrencyCode: no sync has said which currency the account's books are in, so that nothing can be "
                "converted. Leave CurrencyCode out.",
                field="CurrencyCode",
            )
        with limited_read():
            totals = aging.totals()
        found: dict[tuple[str, int], Any] = {}
        for total in totals:
            key = (wanted or total.currency_code or "", total.bucket)
            found[key] = found.get(key, 0) + (total.value if wanted else total.outstanding)
        currencies = [wanted] if wanted else sorted({currency for currency, _ in found})
        return Response(
            [
                {
                    "bucket": bound,
                    "currencyCode": currency or None,
                    "outstandingBalance": found.get((currency, bucket), 0),
                    "source": _source(aging, bucket, None if wanted else currency),
                }
                for currency in currencies
                for bucket, bound in enumerate(bounds)
            ]
        )

    def _aging(self, day: date, limits: tuple[int, ...] = FIVE) -> Aging:
        account, asked = self.request.caller.account, self.request.parameters
        company = read_id(asked, "companyId")
        if company and not Company.objects.of(account.pk).filter(pk=company).exists():
            raise NotFound(f"There is no company with the id “{company}”.", field="companyId")
        unapplied = read_truth(asked, "includeUnapplied")
        return Aging(account=account, side=self.side, day=day, limits=limits, company=company, unapplied=unapplied)

    def _bounds(self) -> tuple[int, ...]:
        """The bounds of the buckets, which may be given as one parameter or as many of the same name."""
        query = self.request.query_params
        given = [text for name in query if name.lower() == "buckets" for text in query.getlist(name)]
        return read_buckets([text for text in given if text != "None"] or [self.request.parameters.get("buckets", "")])


def _source(aging: Aging, bucket: int | None = None, currency: str | None = None) -> Source:
    """Where the items of a bucket are."""
    parameters = {
        "reportDate": aging.day.isoformat(),
        "companyId": aging.company,
        "includeUnapplied": "true" if aging.unapplied else "",
        "buckets": "" if aging.limits == FIVE else ",".join(map(str, (*aging.limits, MOST_DAYS))),
        "bucket": bucket,
        "currencyCode": "-" if currency == "" else currency,
    }
    return source(
        f"Reports/{aging.side.value.lower()}/aging/records",
        "value" if currency is None else "outstandingBalanceAmount",
        parameters,
    )


def _item(item: dict[str, Any]) -> dict[str, object]:
    """One invoice, credit memo or payment on the wire."""
    kind = item["record_type"]
    id: UUID = item["id"]
    return {
        "recordType": kind,
        "invoiceId" if kind == "Invoice" else "paymentId": id,
        "erpKey": item["erp_key"],
        "referenceCode": item["reference_code"] or None,
        "companyId": item["company_id"],
        "companyName": item["company_name"],
        "type": item["type"] or None,
        "date": item["date"] and item["date"].isoformat(),
        "paymentDueDate": item["payment_due_date"] and item["payment_due_date"].isoformat(),
        "daysPastDue": item["days_past_due"],
        "bucket": item["bucket"],
        "currencyCode": item["currency_code"] or None,
        "outstandingBalanceAmount": item["outstanding"],
        "value": item["value"],
    }


def _aging_paths() -> list[Any]:
    paths = [path("reports/aging", AgingViewSet.as_view({"get": "by_currency"}))]
    for side in Side:
        base = f"reports/{side.value.lower()}/aging"
        paths.append(path(base, AgingViewSet.as_view({"get": "totals"}, side=side)))
        paths.append(path(f"{base}/records", AgingViewSet.as_view({"get": "items"}, side=side)))
    return paths


urlpatterns = _aging_paths()
