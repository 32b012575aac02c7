"""Trial balance: what is on each account at the end of some days, as a debit or a credit.

An account of the balance sheet has its balance, one of the income statement what was posted since the financial year
began. What earlier years came to, as far as it was not carried to an account of equity, is a row of its own.
"""

from decimal import Decimal

from adsplatform.reports.ledger import NO_ACCOUNT, Ledger
from adsplatform.reports.queries import Source, negated
from adsplatform.reports.ranges import DAY, Range, balance_at, year_start
from adsplatform.reports.statements import Cell, FinancialReport, Row, net_income

EARLIER_RESULT = "Result of earlier years"


def trial_balance(ledger: Ledger, days: Range) -> FinancialReport:
    """The balances at the end of the days."""
    first = year_start(days.end, ledger.year_begins)
    year, before = Range(first, days.end), balance_at(first - DAY)
    basis = ledger.basis
    is_journal = basis.name == "journal"
    amounts = basis.amounts([balance_at(days.end), *((year, before) if is_journal else ())])
    rows, earlier = [], Decimal(0)
    for account in (*ledger.accounts, NO_ACCOUNT):
        of_year = account.is_result and is_journal
        net = amounts.get((account.id, 1 if of_year else 0), Decimal(0))
        if of_year:
            earlier += amounts.get((account.id, 2), Decimal(0))
        if net:
            shown = year if of_year else balance_at(days.end)
            sources = basis.sources(account, shown)
            is_usual = (net > 0) == account.is_debit
            rows.append(_row(account.label, net, sources if is_usual else list(map(negated, sources))))
    if earlier:
        result = net_income(ledger, before)
        rows.append(_row(EARLIER_RESULT, earlier, [result if earlier < 0 else negated(result)]))
    debit, credit = (sum((row.amounts[side] for row in rows), Decimal(0)) for side in (0, 1))
    rows.append(Row("Summary", "Total", [Cell(debit), Cell(credit)]))
    if debit != credit:
        rows.append(_row("Difference", credit - debit, [], "Summary"))
    header = Row("Header", "Account", [Cell("Debit"), Cell("Credit")])
    return FinancialReport("Trial Balance", days, basis.name, [header, *rows])


def _row(label: str, net: Decimal, sources: list[Source], type: str = "Data") -> Row:
    figure = Cell(abs(net), sources)
    return Row(type, label, [figure, Cell(None)] if net > 0 else [Cell(None), figure])
