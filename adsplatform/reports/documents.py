"""The reports in the document of the API."""

from collections.abc import Mapping
from typing import Any

from adsplatform.openapi.field_types import OF_FIELDS
from adsplatform.rest.operations import OBJECT, Component, Operation, Schema

AMOUNT, COUNT, TEXT = OF_FIELDS["decimal"], OF_FIELDS["integer"], OF_FIELDS["text"]
DAY, GUID, TRUTH = OF_FIELDS["date"], OF_FIELDS["uuid"], OF_FIELDS["boolean"]
SOURCE = Component(
    "ReportSource", lambda: {**OBJECT, "description": "The query for the records behind the figure, and what to sum."}
)
REPORT_DATE: Schema = {
    "type": "string",
    "anyOf": [DAY, OF_FIELDS["datetime"]],
    "description": "The day of the report; by default today in UTC.",
}


def _object(members: Mapping[str, Any], required: tuple[str, ...] = ()) -> Schema:
    return {"type": "object", "properties": dict(members), "required": list(required or members)}


def _aging() -> Schema:
    bucket = _object({"bucket": COUNT, "value": AMOUNT, "source": SOURCE})
    return _object(
        {
            "groupKey": GUID,
            "total": AMOUNT,
            "buckets": {"type": "array", "items": Component("AgingBucketModel", lambda: bucket)},
            "reportDate": DAY,
            "baseCurrencyCode": TEXT,
            "outstandingFrom": {"type": "string", "enum": ["balances", "applications"]},
            "source": SOURCE,
        },
        ("groupKey", "total", "buckets", "reportDate", "outstandingFrom", "source"),
    )


def _item() -> Schema:
    return _object(
        {
            "recordType": {"type": "string", "enum": ["Invoice", "Payment"]},
            "invoiceId": GUID,
            "paymentId": GUID,
            "erpKey": TEXT,
            "referenceCode": TEXT,
            "companyId": GUID,
            "companyName": TEXT,
            "type": TEXT,
            "date": DAY,
            "paymentDueDate": DAY,
            "daysPastDue": COUNT,
            "bucket": COUNT,
            "currencyCode": TEXT,
            "outstandingBalanceAmount": AMOUNT,
            "value": AMOUNT,
        },
        ("recordType", "daysPastDue", "bucket", "outstandingBalanceAmount", "value"),
    )


def _days(member: str) -> Schema:
    figures = {"timeframe": TEXT, member: AMOUNT, "invoiceCount": COUNT, "amount": AMOUNT, "source": SOURCE}
    return _object(figures, ("timeframe", "invoiceCount", "amount", "source"))


def _risk() -> Schema:
    return _object(
        {
            "groupKey": GUID,
            "baseCurrencyCode": TEXT,
            "reportPeriod": TEXT,
            "reportDate": DAY,
            "invoiceMonthName": TEXT,
            "totalInvoiceCount": COUNT,
            "totalInvoiceAmount": AMOUNT,
            "atRiskCount": COUNT,
            "atRiskAmount": AMOUNT,
            "atRiskCountPercentage": AMOUNT,
            "atRiskPercentage": AMOUNT,
            "source": SOURCE,
            "atRiskSource": SOURCE,
        },
        ("groupKey", "reportPeriod", "reportDate", "totalInvoiceCount", "totalInvoiceAmount", "source"),
    )


def _cash_flow() -> Schema:
    figures = {
        "timeframe": COUNT,
        "paymentsCollected": AMOUNT,
        "paymentsCollectedCount": COUNT,
        "invoicesBilled": AMOUNT,
        "invoicesBilledCount": COUNT,
        "paymentsSource": SOURCE,
        "invoicesSource": SOURCE,
    }
    return _object({**figures, "baseCurrencyCode": TEXT}, tuple(figures))


def _by_currency() -> Schema:
    members = {"bucket": COUNT, "currencyCode": TEXT, "outstandingBalance": AMOUNT, "source": SOURCE}
    return _object(members, ("bucket", "outstandingBalance", "source"))


def _financial_report() -> Schema:
    return _object(
        {
            "reportName": TEXT,
            "groupKey": GUID,
            "reportStartDate": DAY,
            "reportEndDate": DAY,
            "reportCreatedDate": OF_FIELDS["datetime"],
            "rows": {"type": "array", "items": ROW},
            "basedOn": {"type": "string", "enum": ["journal", "balances"]},
            "baseCurrencyCode": TEXT,
        },
        ("reportName", "groupKey", "reportStartDate", "reportEndDate", "reportCreatedDate", "rows", "basedOn"),
    )


def _row() -> Schema:
    value = {"description": "A figure, or the text of a heading.", "type": ["number", "string"]}
    cell = _object({"value": value, "sources": {"type": "array", "items": SOURCE}}, ("value",)) | {"required": []}
    return _object(
        {
            "rowType": {"type": "string", "enum": list(ROW_TYPES)},
            "label": TEXT,
            "cells": {"type": "array", "items": Component("FinancialReportCellModel", lambda: cell)},
            "rows": {"type": "array", "items": ROW},
        },
        ("rowType", "label", "cells"),
    )


ROW_TYPES = ("Header", "Summary", "Classification", "Category", "Subcategory", "Data")
ROW = Component("FinancialReportRowModel", _row)


def _parameters(**members: Schema) -> Schema:
    return {"type": "object", "properties": members}


_OF_AGING: dict[str, Schema] = {
    "reportDate": REPORT_DATE,
    "companyId": {**GUID, "description": "Only what concerns this company."},
    "includeUnapplied": {**TRUTH, "default": False, "description": "Whether unapplied payments count, as negative."},
}
UNKNOWN_COMPANY = (404,)
_BUCKETS: Schema = {**TEXT, "description": "Bounds of the buckets in days past due, such as `0,30,60,90`."}

AGING: dict[str, Operation] = {
    "totals": Operation(
        answer=Component("AgingModel", _aging), query=_parameters(**_OF_AGING), problems=UNKNOWN_COMPANY
    ),
    "items": Operation(
        answer=Component("AgingItemModel", _item),
        problems=UNKNOWN_COMPANY,
        is_page=True,
        query=_parameters(
            **_OF_AGING,
            buckets=_BUCKETS,
            bucket={**COUNT, "minimum": 0, "maximum": 24},
            currencyCode={**TEXT, "description": "Only this currency; `-` for items without one."},
            pageSize={**COUNT, "minimum": 1, "maximum": 500, "default": 250},
            pageNumber={**COUNT, "minimum": 0, "default": 0},
        ),
    ),
    "by_currency": Operation(
        answer=Component("AgingByCurrencyModel", _by_currency),
        problems=UNKNOWN_COMPANY,
        is_list=True,
        query=_parameters(
            CompanyId=GUID,
            Recalculate={**TRUTH, "description": "Accepted, and without effect: reports are always computed."},
            CurrencyCode={**TEXT, "description": "The base currency, to have all amounts in it."},
            CurrencyProvider={**TEXT, "description": "Accepted, and without effect: the rates are those of the books."},
            Buckets=_BUCKETS,
            ApReport={**TRUTH, "default": False, "description": "Payables in place of receivables."},
            reportDate=REPORT_DATE,
            includeUnapplied=_OF_AGING["includeUnapplied"],
        ),
    ),
}
_DATED = _parameters(reportDate=REPORT_DATE)
REPORTS: dict[str, Operation] = {
    "sales": Operation(
        answer=Component("DailySalesOutstandingModel", lambda: _days("dailySalesOutstanding")),
        is_list=True,
        query=_DATED,
    ),
    "payables": Operation(
        answer=Component("DailyPayableOutstandingModel", lambda: _days("dailyPayableOutstanding")),
        is_list=True,
        query=_DATED,
    ),
    "risk": Operation(answer=Component("RiskRateModel", _risk), is_list=True, query=_DATED),
    "cash": Operation(
        answer=Component("CashflowReportModel", _cash_flow),
        query=_parameters(
            reportDate=REPORT_DATE,
            timeframe={**COUNT, "minimum": 1, "maximum": 3_650, "default": 30, "description": "How many days."},
        ),
    ),
}
_OF_LEDGER: dict[str, Schema] = {
    "startDate": {**REPORT_DATE, "description": "The first day of the report. Must be given."},
    "endDate": {**REPORT_DATE, "description": "The last day of the report. Must be given."},
    "appEnrollmentId": {**GUID, "description": "The enrollment whose ledger the report is about. Must be given."},
}
_OF_STATEMENTS = _parameters(
    **_OF_LEDGER,
    columnOption={**TEXT, "description": "`By Period`, `Quarterly` or `Annually`; anything else for one column."},
    displayDepth={
        **COUNT, "minimum": 1, "maximum": 3, "default": 3, "description": "1 categories, 2 subcategories, 3 accounts.",
    },
    comparisonPeriod={
        **TEXT, "description": "`PP` previous period, `PY` previous year, `YTD` year to date; anything else for none.",
    },
    showCurrencyDifference={**TRUTH, "default": False, "description": "Whether to add the difference."},
    showPercentageDifference={**TRUTH, "default": False, "description": "Whether to add it in per cent."},
)  # fmt: skip
_FINANCIAL_REPORT = Component("FinancialReportModel", _financial_report)
LEDGER: dict[str, Operation] = {
    "balances": Operation(answer=_FINANCIAL_REPORT, query=_parameters(**_OF_LEDGER), problems=(404,)),
    "income": Operation(answer=_FINANCIAL_REPORT, query=_OF_STATEMENTS, problems=(404,)),
    "sheet": Operation(answer=_FINANCIAL_REPORT, query=_OF_STATEMENTS, problems=(404,)),
}
