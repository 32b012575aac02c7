"""Transactions: invoices, credit memos and payments in one list, with sums over all that match."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, cast
from uuid import UUID

from django.db import models
from django.db.models import Case, Count, F, Func, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.urls import path
from rest_framework.response import Response

from adsplatform.accounts.models import EVERYONE
from adsplatform.errors import NotFound
from adsplatform.records import models as records
from adsplatform.records.models.views import Transaction
from adsplatform.records_api.kinds import Object, RecordKind
from adsplatform.records_api.members import Member, members_of
from adsplatform.records_api.transaction_documents import DETAIL, PAGE_MEMBERS, QUERY, transaction
from adsplatform.reports.parameters import read_day, today
from adsplatform.rest.operations import Operation
from adsplatform.rest.reads import limited_read
from adsplatform.rest.requests import WireRequest
from adsplatform.rest.viewsets import WireViewSet, guid_of
from adsplatform.searchlight import Searchlight

# The names of the buckets of aging, and the most days past due in each but the last.
BUCKETS = (("Current", 0), ("1-30", 30), ("31-60", 60), ("61-90", 90), ("91+", None))
MOST_DETAILS = 10_000


@dataclass(frozen=True)
class TransactionKind(RecordKind):
    """Transactions as they are read on a day, in the books of an account."""

    day: date
    base_currency_code: str

    @cached_property
    def members(self) -> tuple[Member, ...]:
        days = Func(
            Value(self.day, output_field=models.DateField()),
            F("due_day"),
            template="greatest(0, %(expressions)s)",
            arg_joiner=" - ",
            output_field=models.IntegerField(),
        )
        past_due = Case(When(transaction_status="Open", due_day__isnull=False, then=days), default=Value(0))
        code = Func(
            Value(self.base_currency_code or None, output_field=models.TextField()), template="%(expressions)s::text"
        )
        no = Func(Value(False), template="%(expressions)s::boolean", output_field=models.BooleanField())
        names = records.Company.objects.filter(pk=OuterRef("transaction_customer_id"), group_key=OuterRef("group_key"))
        return (
            *members_of(Transaction),
            _computed("baseCurrencyCode", "text", code),
            _computed("daysPastDue", "integer", past_due, is_always_present=True),
            _computed("transactionCustomerName", "text", Subquery(names.values("company_name")[:1])),
            _computed("transactionDetailCount", "integer", _detail_count(), is_always_present=True),
            _computed("supportsErpPdfRetrieval", "boolean", no, is_always_present=True),
        )


def _computed(name: str, type: str, expression: Combinable, *, is_always_present: bool = False) -> Member:
    return Member(name, f"computed_{name}", type, expression, is_always_present=is_always_present)


def _detail_count() -> Combinable:
    """How many applications a transaction has, whichever side of them it is."""
    counts: list[Any] = []
    for model, column in APPLICATIONS:
        rows = model.objects.filter(**{column: OuterRef("id")}, group_key=OuterRef("group_key")).order_by()
        counted = rows.values("group_key").annotate(count=Count("id")).values("count")
        counts.append(Coalesce(Subquery(counted, output_field=models.IntegerField()), 0))
    total = counts[0]
    for each in counts[1:]:
        total = total + each
    return cast(Combinable, total)


# What is applied to what: the kind of application, and its column that names a transaction.
APPLICATIONS: tuple[tuple[type[Any], str], ...] = (
    (records.PaymentApplied, "invoice_id"),
    (records.PaymentApplied, "payment_id"),
    (records.CreditMemoApplied, "invoice_id"),
    (records.CreditMemoApplied, "credit_memo_invoice_id"),
)
# The column that names the other transaction, and the amount.
OTHERS: dict[tuple[type[Any], str], tuple[str, str]] = {
    (records.PaymentApplied, "invoice_id"): ("payment_id", "payment_applied_amount"),
    (records.PaymentApplied, "payment_id"): ("invoice_id", "payment_applied_amount"),
    (records.CreditMemoApplied, "invoice_id"): ("credit_memo_invoice_id", "credit_memo_applied_amount"),
    (records.CreditMemoApplied, "credit_memo_invoice_id"): ("invoice_id", "credit_memo_applied_amount"),
}


class TransactionViewSet(WireViewSet[Any]):
    """Invoices, credit memos and payments in one list."""

    noun = "transaction"
    roles = {"query": EVERYONE, "details": EVERYONE}
    searchlight = Searchlight(TransactionKind(Transaction, date(2000, 1, 1), "").fields)
    operations = {
        "query": Operation(
            answer=transaction(TransactionKind(Transaction, date(2000, 1, 1), "")),
            is_page=True,
            page_members=PAGE_MEMBERS,
            query=QUERY,
        ),
        "details": Operation(answer=DETAIL, is_list=True),
    }

    def query(self, request: WireRequest) -> HttpResponse:
        """One page of the transactions that match, and sums over all of them in the base currency."""
        asked, account = request.parameters, request.caller.account
        self.searchlight.include(asked.get("include"))
        day = read_day(asked, "currentDate", today())
        kind = TransactionKind(Transaction, day, account.base_currency_code)
        condition = self.searchlight.filter(asked.get("filter"))
        rows, selected = kind.rows(account).filter(condition), kind.selected(account).filter(condition)
        order = self.searchlight.order(asked.get("order"))
        page = self.searchlight.page(asked.get("pageSize"), asked.get("pageNumber"))
        start = page.size * page.number
        with limited_read():
            objects = kind.read(selected.order_by(*order)[start : start + page.size])
            summary = _summary(rows, day)
            aging, currencies = _aging(rows), _by_currency(rows)
        return Response(
            {
                "records": objects,
                "totalCount": summary["totalCount"],
                "pageSize": page.size,
                "pageNumber": page.number if page.number_given else None,
                "summary": summary,
                "agingSummary": aging,
                "currencySummaries": currencies,
            }
        )

    def details(self, request: WireRequest, pk: str) -> HttpResponse:
        """What is applied to a transaction, or what it is applied to."""
        id, account = guid_of(pk), request.caller.account
        own = Transaction.objects.of(account.pk)
        if not id or not own.filter(pk=id).exists():
            raise NotFound(f"There is no transaction with the id “{pk}”.")
        found = []
        for (model, column), (other, amount) in OTHERS.items():
            applied = model.objects.of(account.pk).filter(**{column: id}).order_by("id")
            found += list(applied.values_list("id", other, "apply_to_invoice_date", amount)[:MOST_DETAILS])
        others = own.in_bulk({other for _, other, _, _ in found if other})
        return Response(
            [
                _detail(id, account.base_currency_code, applied, others[applied[1]])
                for applied in found
                if applied[1] in others
            ]
        )


def _detail(id: UUID, base_currency_code: str, applied: tuple[Any, ...], other: Transaction) -> Object:
    applied_id, _, moment, amount = applied
    whole, base = other.transaction_amount, other.base_currency_transaction_amount
    return {
        "groupKey": other.group_key,
        "baseCurrencyCode": base_currency_code or None,
        "referenceNumber": other.reference_number or None,
        "transactionDetailId": other.pk,
        "transactionDetailAppliedId": applied_id,
        "transactionId": id,
        "transactionType": other.transaction_type or None,
        "transactionSubType": other.transaction_sub_type or None,
        "transactionDate": moment,
        "transactionInvoiceDate": other.transaction_date or moment,
        "currencyCode": other.currency_code or None,
        "transactionAmount": amount,
        "outstandingAmount": other.outstanding_amount,
        "baseCurrencyTransactionAmount": round(amount * base / whole, 8) if whole else amount,
        "baseCurrencyOutstandingAmount": other.base_currency_outstanding_amount,
        "supportsErpPdfRetrieval": False,
    }


def _summary(rows: QuerySet[Any], day: date) -> Object:
    is_open = Q(record_type="Invoice", transaction_status="Open")
    return dict(
        rows.aggregate(
            totalCount=Count("id"),
            totalAmount=_sum("base_currency_transaction_amount"),
            outstandingAmount=_sum("base_currency_outstanding_amount"),
            invoiceOpenCount=Count("id", filter=is_open),
            invoicePastDueCount=Count("id", filter=is_open & Q(due_day__lt=day)),
        )
    )


def _aging(rows: QuerySet[Any]) -> list[Object]:
    """What is outstanding by days past due, in five buckets."""
    whens = [When(computed_daysPastDue__lte=most, then=Value(name)) for name, most in BUCKETS if most is not None]
    bucket = Case(*whens, default=Value(BUCKETS[-1][0]), output_field=models.TextField())
    opened = rows.filter(transaction_status="Open").annotate(bucket=bucket).order_by()
    sums = dict(
        opened.values("bucket").annotate(total=_sum("base_currency_outstanding_amount")).values_list("bucket", "total")
    )
    return [{"bucket": name, "outstandingBalance": sums.get(name, 0)} for name, _ in BUCKETS]


def _by_currency(rows: QuerySet[Any]) -> list[Object]:
    sums = (
        rows.order_by()
        .values("currency_code")
        .annotate(total=_sum("transaction_amount"), outstanding=_sum("outstanding_amount"))
    )
    return [
        {"currencyCode": code or None, "totalAmount": total, "outstandingAmount": outstanding}
        for code, total, outstanding in sums.order_by("currency_code").values_list(
            "currency_code", "total", "outstanding"
        )
    ]


def _sum(column: str) -> Combinable:
    return Func(Coalesce(Sum(column), Value(0), output_field=models.DecimalField()), function="TRIM_SCALE")


urlpatterns = [
    path("transactions/query", TransactionViewSet.as_view({"get": "query"})),
    path("transactions/<str:pk>/details", TransactionViewSet.as_view({"get": "details"})),
]
