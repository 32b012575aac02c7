"""The rows of financial reports: a tree of figures, as the published FinancialReportModel has it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from adsplatform.reports.ledger import Amounts, Ledger, LedgerAccount
from adsplatform.reports.parameters import EARLIEST
from adsplatform.reports.queries import Source, source
from adsplatform.reports.ranges import Range

CATEGORY, SUBCATEGORY, ACCOUNTS = 1, 2, 3
NET_INCOME = "Net income"
Value = Decimal | str | None


@dataclass
class Cell:
    """A figure or heading, and where the records behind it are."""

    value: Value
    sources: list[Source] = field(default_factory=list)


@dataclass
class Row:
    """A row with its figures, and the rows that these are the sums of."""

    type: str
    label: str
    cells: list[Cell] = field(default_factory=list)
    rows: list["Row"] = field(default_factory=list)

    @property
    def amounts(self) -> list[Decimal]:
        return [cell.value if isinstance(cell.value, Decimal) else Decimal(0) for cell in self.cells]


@dataclass(frozen=True)
class FinancialReport:
    """A report of the ledger; the first row has the headings."""

    name: str
    days: Range
    basis: str
    rows: list[Row]


def row_of(ledger: Ledger, account: LedgerAccount, ranges: Sequence[Range], amounts: Amounts) -> Row:
    """An account's row, positive on the account's usual side; the sources are found later."""
    sign = 1 if account.is_debit else -1
    cells = []
    for number, days in enumerate(ranges):
        amount = amounts.get((account.id, number), Decimal(0))
        cells.append(Cell(sign * amount + 0, ledger.basis.sources(account, days) if amount else []))
    return Row("Data", account.label, cells)


def summed(type: str, label: str, rows: Sequence[Row], width: int) -> Row:
    """A row with the sums of others, which it keeps below it."""
    return Row(type, label, totals(rows, width), list(rows))


def totals(rows: Iterable[Row], width: int) -> list[Cell]:
    sums = [Decimal(0)] * width
    for row in rows:
        sums = [one + other for one, other in zip(sums, row.amounts, strict=True)]
    return [Cell(each) for each in sums]


def grouped(accounts: Sequence[tuple[LedgerAccount, Row]], depth: int, width: int) -> list[Row]:
    """The accounts' rows by category and subcategory, as deep as wanted; rows of nothing are left out."""
    shown = [(account, row) for account, row in accounts if any(row.amounts)]
    categories = _by(shown, "Category", lambda account: account.category, width)
    if depth == CATEGORY:
        return [Row(row.type, row.label, row.cells) for row, _ in categories]
    rows = []
    for category, members in categories:
        subcategories = _by(members, "Subcategory", lambda account: account.subcategory, width)
        below: list[Row] = []
        for subcategory, of_subcategory in subcategories:
            if depth == SUBCATEGORY:
                below.append(Row(subcategory.type, subcategory.label, subcategory.cells))
            elif any(account.subcategory for account, _ in of_subcategory):
                below.append(subcategory)
            else:
                below += subcategory.rows
        rows.append(Row(category.type, category.label, category.cells, below))
    return rows


def _by(
    accounts: Sequence[tuple[LedgerAccount, Row]], type: str, name_of: Callable[[LedgerAccount], str], width: int
) -> list[tuple[Row, list[tuple[LedgerAccount, Row]]]]:
    groups: dict[str, list[tuple[LedgerAccount, Row]]] = {}
    for account, row in accounts:
        groups.setdefault(name_of(account), []).append((account, row))
    return [
        (summed(type, name or f"Without a {type.lower()}", [row for _, row in members], width), members)
        for name, members in groups.items()
    ]


def net_income(ledger: Ledger, days: Range) -> Source:
    """Where the result of some days is: the income statement, whose figures lead on."""
    asked = {"startDate": max(days.start, EARLIEST), "endDate": days.end, "appEnrollmentId": ledger.enrollment}
    return source("Reports/income-statement", NET_INCOME, asked)


def with_differences(rows: list[Row], *, currency: bool, percentage: bool) -> None:
    """Add to each row how its last figure but one differs from the last one, which it is compared with."""
    for row in rows:
        if row.type == "Header":
            row.cells += [Cell("Difference")] if currency else []
            row.cells += [Cell("Difference in per cent")] if percentage else []
        elif row.cells:
            now, then = row.amounts[-2:]
            row.cells += [Cell(now - then)] if currency else []
            row.cells += [Cell(round((now - then) * 100 / abs(then), 2) if then else None)] if percentage else []
        with_differences(row.rows, currency=currency, percentage=percentage)
