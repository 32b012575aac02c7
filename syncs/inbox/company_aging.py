"""What is outstanding with one company, by how long it is past due, as its page shows it."""

from dataclasses import dataclass
from decimal import Decimal

from adsplatform.accounts.models import Account
from adsplatform.records.models import Company
from adsplatform.reports.aging import Aging
from adsplatform.reports.parameters import today
from adsplatform.reports.sides import Side
from syncs.inbox.report_sheets import BUCKETS, items_url

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
    day = today()
    found = []
    of_sides = Aging(account=account, side=Side.AR, day=day, company=company.pk).values_of_sides()
    for side, values in of_sides.items():
        # A bucket of credit memos alone is negative, and has no part of the bar.
        whole = sum((value for value in values if value > 0), Decimal(0))
        if not any(values):
            continue
        asked = {"side": side.value, "company": company.pk}
        buckets, start = [], 0.0
        for at, (name, value) in enumerate(zip(BUCKETS, values, strict=True)):
            width = float(max(value, Decimal(0)) / whole * 100) if whole else 0.0
            buckets.append(Bucket(name, value, items_url(asked, bucket=at), start, width))
            start += width
        found.append(CompanyAging(TITLES[side], sum(values, Decimal(0)), account.base_currency_code, buckets))
    return found
