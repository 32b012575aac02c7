"""Reports as people read them: a table of figures, each with a link to the records behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs, urlencode

from django.urls import reverse

from adsplatform.accounts.models import Account
from adsplatform.records.display import amount_text, as_text, displayed_kinds
from adsplatform.records_api.kinds import kinds
from adsplatform.reports.aging import FIVE, Aging
from adsplatform.reports.cash_flow import cash_flow
from adsplatform.reports.days_outstanding import days_outstanding
from adsplatform.reports.queries import Source
from adsplatform.reports.risk_rates import risk_rates
from adsplatform.reports.sides import Side
from adsplatform.reports.statements import FinancialReport, Row

BUCKETS = ("Not due", *(f"{one + 1}–{other} days" for one, other in pairwise(FIVE)), "Over 90 days")
BASES = {
    "journal": "Computed from the journal, from its first entry on.",
    "balances": "Computed from the balances of periods, because the journal has no entries in these days.",
}


@dataclass(frozen=True)
class SheetCell:
    """A figure, and the page with what is behind it."""

    value: Decimal | int | str | date | None
    url: str = ""

    @property
    def text(self) -> str:
        match self.value:
            case None:
                return ""
            case Decimal():
                return amount_text(self.value)
            case int():
                return f"{self.value:,}"
            case date():
                # It stays on one line.
                return as_text(self.value).replace(" ", "\N{NO-BREAK SPACE}")
        return self.value

    @property
    def is_text(self) -> bool:
        return isinstance(self.value, str | date)

    @property
    def is_negative(self) -> bool:
        return isinstance(self.value, Decimal) and self.value < 0

    @property
    def is_zero(self) -> bool:
        return self.value == 0


@dataclass(frozen=True)
class SheetRow:
    """A row of figures; `level` is how far it is indented."""

    label: str
    cells: list[SheetCell]
    level: int = 0
    is_sum: bool = False
    url: str = ""


@dataclass(frozen=True)
class Sheet:
    """A report: what its rows are, the headings of its columns, its rows, and what is to be known about it."""

    of_rows: str
    headings: Sequence[str]
    rows: list[SheetRow]
    notes: list[str] = field(default_factory=list)


def aging_sheet(account: Account, given: dict[str, Any]) -> Sheet:
    """What is outstanding by company and bucket, in the base currency."""
    side = Side(given["side"])
    company = given["company"]
    aging = Aging(account=account, side=side, day=given["day"], company=company, unapplied=given["unapplied"])
    asked = {"side": side.value, "day": aging.day, "unapplied": "on" if aging.unapplied else None}
    rows = []
    for one in aging.by_company():
        cells = [
            SheetCell(value, items_url(asked, company=one.company_id, bucket=bucket) if value else "")
            for bucket, value in enumerate(one.values)
        ]
        total = SheetCell(one.total, items_url(asked, company=one.company_id))
        name = one.name or str(one.company_id)
        rows.append(SheetRow(name, [*cells, total], url=reverse("inbox:record", args=["companies", one.company_id])))
    values = aging.values()
    totals = [
        SheetCell(value, items_url(asked, company=company, bucket=bucket) if value else "")
        for bucket, value in enumerate(values)
    ]
    totals.append(SheetCell(sum(values, Decimal(0)), items_url(asked, company=company)))
    rows.append(SheetRow("Total", totals, is_sum=True))
    notes = [f"What is outstanding{_in_base(account)}, by days past due. Credit memos count negative."]
    if not aging.is_stored:
        notes.append("As of this day: totals less what had been applied up to then.")
    return Sheet("Customer" if side is Side.AR else "Vendor", (*BUCKETS, "Total"), rows, notes)


def items_url(asked: Mapping[str, object], **more: object) -> str:
    """The page with the invoices behind a figure of the aging."""
    given = {name: value for name, value in {**asked, **more}.items() if value is not None}
    return f"{reverse('inbox:report-items')}?{urlencode(given)}"


def sales_sheet(account: Account, given: dict[str, Any]) -> Sheet:
    return _days_sheet(account, Side.AR, given["day"])


def payables_sheet(account: Account, given: dict[str, Any]) -> Sheet:
    return _days_sheet(account, Side.AP, given["day"])


def _days_sheet(account: Account, side: Side, day: date) -> Sheet:
    rows = [
        SheetRow(
            f"{each.month:%B %Y}",
            [
                SheetCell(each.days, records_url([each.source]) if each.count else ""),
                SheetCell(each.count, records_url([each.source]) if each.count else ""),
                SheetCell(each.amount, records_url([each.source]) if each.count else ""),
            ],
        )
        for each in reversed(days_outstanding(account, side, day))
    ]
    who = "customers took to pay" if side is Side.AR else "it took to pay vendors"
    note = (
        f"How many days {who}: from the date of an invoice to the day on which it was closed, on average over the "
        f"invoices closed in the month, weighted by their totals{_in_base(account)}."
    )
    return Sheet("Closed in", ("Days", "Invoices", "Total"), rows, [note])


def risk_sheet(account: Account, given: dict[str, Any]) -> Sheet:
    """Which share of receivables is unpaid after 90 days."""
    rows = []
    for each in reversed(risk_rates(account, given["day"])):
        invoices = records_url([each.source]) if each.count else ""
        at_risk = records_url([each.at_risk_source]) if each.at_risk_count else ""
        cells = [
            SheetCell(each.count, invoices),
            SheetCell(each.amount, invoices),
            SheetCell(each.at_risk_count, at_risk),
            SheetCell(each.at_risk_amount, at_risk),
            SheetCell(each.count_percentage),
            SheetCell(each.amount_percentage),
        ]
        rows.append(SheetRow(f"{each.month:%B %Y}", cells))
    note = f"Invoices to customers{_in_base(account)}, and which of them are unpaid more than 90 days after their date."
    headings = ("Invoices", "Invoiced", "At risk", "Amount at risk", "% of invoices", "% of amount")
    return Sheet("Invoiced in", headings, rows, [note])


def cash_flow_sheet(account: Account, given: dict[str, Any]) -> Sheet:
    """What was collected and billed."""
    found = cash_flow(account, given["day"], given["days"])
    payments, invoices = records_url([found.payments_source]), records_url([found.invoices_source])
    rows = [
        SheetRow(
            "Payments collected", [SheetCell(found.payments_count, payments), SheetCell(found.payments, payments)]
        ),
        SheetRow("Invoices billed", [SheetCell(found.invoices_count, invoices), SheetCell(found.invoices, invoices)]),
    ]
    note = f"The {given['days']:,} days up to {as_text(given['day'])}{_in_base(account)}, without credit memos."
    return Sheet("Receivables", ("Number", "Amount"), rows, [note])


def ledger_sheet(account: Account, report: FinancialReport) -> Sheet:
    """A report of the ledger."""
    header, *others = report.rows
    rows: list[SheetRow] = []
    for row in others:
        _flatten(row, 0, rows)
    headings = [str(cell.value) for cell in header.cells]
    return Sheet(header.label, headings, rows, [f"{BASES[report.basis]} Amounts are as booked{_in_base(account)}."])


def _flatten(row: Row, level: int, rows: list[SheetRow]) -> None:
    """Add a row and those below it, the sum last."""
    cells = [
        SheetCell(cell.value, records_url(cell.sources) if cell.sources and cell.value else "") for cell in row.cells
    ]
    if row.rows:
        rows.append(SheetRow(row.label, [SheetCell(None)] * len(cells), level, is_sum=True))
        for each in row.rows:
            _flatten(each, level + 1, rows)
        rows.append(SheetRow(f"{row.label}, total", cells, level, is_sum=True))
    else:
        rows.append(SheetRow(row.label, cells, level, is_sum=row.type in ("Summary", "Classification")))


def records_url(sources: Sequence[Source]) -> str:
    """The page with the records that a figure's sources name."""
    path, _, query = str(sources[0]["query"]).removeprefix("/api/v1/").partition("?")
    given = {name: texts[0] for name, texts in parse_qs(query).items()}
    if path.startswith("Reports/"):
        names = {"enrollment": "appEnrollmentId", "start": "startDate", "end": "endDate"}
        asked = {name: given[parameter] for name, parameter in names.items()}
        return f"{reverse('inbox:report', args=[path.removeprefix('Reports/')])}?{urlencode(asked)}"
    filters = [parse_qs(str(each["query"]).partition("?")[2])["filter"][0] for each in sources]
    filter = filters[0] if len(filters) == 1 else " or ".join(f"({each})" for each in filters)
    kind = next(kind for kind in kinds().values() if path == f"{kind.path}/query")
    return f"{reverse('inbox:records', args=[displayed_kinds()[kind.name].slug])}?{urlencode({'filter': filter})}"


def _in_base(account: Account) -> str:
    if account.base_currency_code:
        return f" in {account.base_currency_code}"
    return " (all currencies added as they are, because the books name no base currency)"
