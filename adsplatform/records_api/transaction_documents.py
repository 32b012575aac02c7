"""Transactions in the document of the API."""

from collections.abc import Mapping
from typing import Any

from adsplatform.openapi.field_types import OF_FIELDS
from adsplatform.records_api.kinds import RecordKind
from adsplatform.rest.operations import Component, Schema

TEXT, GUID, COUNT, AMOUNT = (OF_FIELDS[name] for name in ("text", "uuid", "integer", "decimal"))
STAMP, TRUTH = OF_FIELDS["datetime"], OF_FIELDS["boolean"]
ABSENT: Schema = {**TEXT, "description": "Absent: nothing here fills it."}


def transaction(kind: RecordKind) -> Component:
    members = {member.name: OF_FIELDS[member.type] for member in kind.members}
    required = [member.name for member in kind.members if member.is_always_present]
    properties = {**members, "serviceFabricStatus": ABSENT}
    return Component(
        "TransactionModel",
        lambda: {
            "type": "object",
            "description": kind.description,
            "properties": properties,
            "required": required,
        },
    )


def _object(members: Mapping[str, Any], optional: str = "") -> Schema:
    required = [name for name in members if name not in optional.split()]
    return {"type": "object", "properties": dict(members), "required": required}


_SUMMARY = Component(
    "TransactionSummaryTotalModel",
    lambda: _object(
        {
            "totalCount": COUNT,
            "totalAmount": AMOUNT,
            "outstandingAmount": AMOUNT,
            "invoiceOpenCount": COUNT,
            "invoicePastDueCount": COUNT,
        }
    ),
)
_BUCKET = Component("SummaryAgingTotalsModel", lambda: _object({"bucket": TEXT, "outstandingBalance": AMOUNT}))
_CURRENCY = Component(
    "TransactionCurrencySummaryModel",
    lambda: _object({"currencyCode": TEXT, "totalAmount": AMOUNT, "outstandingAmount": AMOUNT}, "currencyCode"),
)
PAGE_MEMBERS: dict[str, Any] = {
    "summary": _SUMMARY,
    "agingSummary": {"type": "array", "items": _BUCKET},
    "currencySummaries": {"type": "array", "items": _CURRENCY},
}
QUERY: Schema = {
    "type": "object",
    "properties": {
        "currentDate": {
            "type": "string",
            "anyOf": [OF_FIELDS["date"], STAMP],
            "description": "The day against which days past due are counted; by default today in UTC.",
        },
        "legacy": {**TRUTH, "description": "Accepted, and without effect."},
    },
}
DETAIL = Component(
    "TransactionDetailModel",
    lambda: _object(
        {
            "groupKey": GUID,
            "baseCurrencyCode": TEXT,
            "referenceNumber": TEXT,
            "transactionDetailId": GUID,
            "transactionDetailAppliedId": GUID,
            "transactionId": GUID,
            "transactionType": TEXT,
            "transactionSubType": TEXT,
            "transactionDate": STAMP,
            "transactionInvoiceDate": STAMP,
            "currencyCode": TEXT,
            "transactionAmount": AMOUNT,
            "outstandingAmount": AMOUNT,
            "baseCurrencyTransactionAmount": AMOUNT,
            "baseCurrencyOutstandingAmount": AMOUNT,
            "supportsErpPdfRetrieval": TRUTH,
            "serviceFabricStatus": ABSENT,
        },
        "baseCurrencyCode referenceNumber transactionType transactionSubType currencyCode outstandingAmount "
        "baseCurrencyOutstandingAmount serviceFabricStatus",
    ),
)
