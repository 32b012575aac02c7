"""What is outstanding with one company, by how long it is past due, as its page shows it."""

from dataclasses import dataclass
from datetime import UTC, date, timedelta
from decimal import Decimal

from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from adsplatform.accounts.models import Account
from adsplatform.records.models import Company
from adsplatform.reports.aging import FIVE, Aging
from adsplatform.reports.sides import COUNTS_FILTER, Side

NAMES = ("Not due", "1–30 days", "31–60 days", "61–90 days", "Over 90 days")
TITLES = {Side.AR: "Receivable", Side.AP: "Payable"}


@dataclass(frozen=True)
class Bucket:
    """One part of what is outstanding; `start` and `width` are its place in the bar, in percent of it."""

    name: str
    value: Decimal
    url: str
    start: float
    width: float


@dataclass(frozen=True)
class CompanyAging:
    """One side of the books with a company, in the currency of the books."""

    title: str
    total: Decimal
    currency: str
    buckets: list[Bucket]


def aging_of(company: Company, account: Account) -> list[CompanyAging]:
    """The sides on which anything is outstanding, today."""
    day = timezone.now().astimezone(UTC).date()
    found = []
    for side, title in TITLES.items():
        values = Aging(account=account, side=side, day=day, company=company.pk).values()
        # A bucket of credit memos alone is negative, and has no part of the bar.
        whole = sum((value for value in values if value > 0), Decimal(0))
        if not any(values):
            continue
        buckets, start = [], 0.0
        for at, (name, value) in enumerate(zip(NAMES, values, strict=True)):
            width = float(max(value, Decimal(0)) / whole * 100) if whole else 0.0
            buckets.append(Bucket(name, value, _invoices_url(company, side, at), start, width))
            start += width
        found.append(CompanyAging(title, sum(values, Decimal(0)), account.base_currency_code, buckets))
    return found


def _invoices_url(company: Company, side: Side, bucket: int) -> str:
    """The list of the invoices in a bucket."""
    today = timezone.now().astimezone(UTC).date()
    conditions = [
        f"(companyId = {company.pk} or customerId = {company.pk})",
        side.filter("invoiceTypeCode"),
        COUNTS_FILTER,
        "outstandingBalanceAmount != 0",
        f"(invoiceDate <= {today} or invoiceDate is null)",
        # An invoice without a due date is due at its date.
        f"(({_days_of('paymentDueDate', bucket, today)}) or "
        f"(paymentDueDate is null and {_days_of('invoiceDate', bucket, today)}))",
    ]
    return f"{reverse('inbox:records', args=['invoices'])}?{urlencode({'filter': ' and '.join(conditions)})}"


def _days_of(member: str, bucket: int, today: date) -> str:
    """The condition that a date is in a bucket."""
    conditions = []
    if bucket:
        conditions.append(f"{member} < {today - timedelta(days=FIVE[bucket - 1])}")
    if bucket < len(FIVE):
        conditions.append(f"{member} >= {today - timedelta(days=FIVE[bucket])}")
    return " and ".join(conditions)
