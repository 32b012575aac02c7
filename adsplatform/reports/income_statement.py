"""Income statement: what was earned and spent in some days, and what is left of it."""

from collections.abc import Sequence

from adsplatform.reports.ledger import Ledger
from adsplatform.reports.ranges import Range, named
from adsplatform.reports.statements import NET_INCOME, Cell, FinancialReport, Row, grouped, row_of, summed


def income_statement(ledger: Ledger, whole: Range, ranges: Sequence[Range], depth: int) -> FinancialReport:
    """A column for each of the ranges."""
    amounts = ledger.basis.amounts(ranges)
    width = len(ranges)
    sections = []
    for classification, label in (("Income", "Income"), ("Expense", "Expenses")):
        of_it = [account for account in ledger.accounts if account.classification == classification]
        rows = grouped([(account, row_of(ledger, account, ranges, amounts)) for account in of_it], depth, width)
        sections.append(summed("Classification", label, rows, width))
    income, expenses = sections
    net = [Cell(one - other) for one, other in zip(income.amounts, expenses.amounts, strict=True)]
    header = Row("Header", "Account", [Cell(name) for name in named(ranges)])
    rows = [header, income, expenses, Row("Summary", NET_INCOME, net)]
    return FinancialReport("Income Statement", whole, ledger.basis.name, rows)
