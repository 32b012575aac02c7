"""Balance sheet: what is owned and owed at the end of some days.

The result of the year, and of earlier years as far as it was not carried to an account, belongs to equity. Where assets
differ from liabilities and equity, the difference is shown.
"""

from collections.abc import Sequence, Set
from decimal import Decimal
from uuid import UUID

from adsplatform.reports.ledger import Amounts, Ledger
from adsplatform.reports.ranges import DAY, Range, balance_at, named, year_start
from adsplatform.reports.statements import Cell, FinancialReport, Row, grouped, net_income, row_of, summed
from adsplatform.reports.trial_balance import EARLIER_RESULT

SECTIONS = {"Liabilities": ("Liability", "CreditCard"), "Equity": ("Equity",)}
RESULT_OF_YEAR = "Result of the year"


def balance_sheet(ledger: Ledger, whole: Range, ranges: Sequence[Range], depth: int) -> FinancialReport:
    """A column for the end of each of the ranges."""
    ends = [balance_at(days.end) for days in ranges]
    width = len(ends)
    amounts = ledger.basis.amounts(ends)
    sections = {name: _section(ledger, name, ends, amounts, depth) for name in ("Assets", *SECTIONS)}
    equity = sections["Equity"]
    sections["Equity"] = summed("Classification", "Equity", [*equity.rows, *_results(ledger, ends, amounts)], width)
    assets, *others = sections.values()
    both = [sum(each, Decimal(0)) for each in zip(*(other.amounts for other in others), strict=True)]
    rows = [*sections.values(), Row("Summary", "Liabilities and equity", [Cell(each) for each in both])]
    differences = [one - other for one, other in zip(assets.amounts, both, strict=True)]
    if any(differences):
        rows.append(Row("Summary", "Difference", [Cell(each) for each in differences]))
    header = Row("Header", "Account", [Cell(name) for name in named(ends)])
    return FinancialReport("Balance Sheet", whole, ledger.basis.name, [header, *rows])


def _section(ledger: Ledger, name: str, ends: Sequence[Range], amounts: Amounts, depth: int) -> Row:
    """One section; what has a classification of its own counts as an asset."""
    elsewhere = [each for of_section in SECTIONS.values() for each in of_section]
    of_it = [
        account
        for account in ledger.accounts
        if not account.is_result
        and (account.classification in SECTIONS[name] if name in SECTIONS else account.classification not in elsewhere)
    ]
    rows = grouped([(account, row_of(ledger, account, ends, amounts)) for account in of_it], depth, len(ends))
    return summed("Classification", name, rows, len(ends))


def _results(ledger: Ledger, ends: Sequence[Range], amounts: Amounts) -> list[Row]:
    """What the accounts of the income statement came to, this year and before."""
    accounts = {account.id for account in ledger.accounts if account.is_result}
    all_of_it = [-_sum(amounts, accounts, number) for number in range(len(ends))]
    starts = [year_start(days.end, ledger.year_begins) for days in ends]
    earlier = [Decimal(0)] * len(ends)
    if ledger.basis.name == "journal":
        before = ledger.basis.amounts([balance_at(start - DAY) for start in starts])
        earlier = [-_sum(before, accounts, number) for number in range(len(ends))]
    of_year = [one - other for one, other in zip(all_of_it, earlier, strict=True)]
    rows = []
    for label, values, days in (
        (EARLIER_RESULT, earlier, [balance_at(start - DAY) for start in starts]),
        (RESULT_OF_YEAR, of_year, [Range(start, end.end) for start, end in zip(starts, ends, strict=True)]),
    ):
        if any(values):
            cells = [Cell(value, [net_income(ledger, each)]) for value, each in zip(values, days, strict=True)]
            rows.append(Row("Data", label, cells))
    return rows


def _sum(amounts: Amounts, accounts: Set[UUID | None], number: int) -> Decimal:
    return sum((net for (id, at), net in amounts.items() if at == number and id in accounts), Decimal(0))
