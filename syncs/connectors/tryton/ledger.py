"""The ledger: accounts, entries and their lines, balances, the financial year and the currency."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

from syncs.connectors.tryton.account_types import AccountTypes
from syncs.connectors.tryton.kinds import Books, Kind, Part, typed_date
from syncs.connectors.tryton.record import Record, Row, digits, stamps
from syncs.connectors.tryton.server import Domain, pages

# Names of types are sentences in some charts; where one is longer, that of the type above it is taken.
LONGEST_CATEGORY = 100
# Types without a statement are headings of the chart.
WITH_TYPE: Domain = ["type.statement", "!=", None]


def of_company(books: Books) -> Domain:
    """The condition that a record is the company's."""
    return [["company", "=", books.company]]


def accounts(books: Books, page: list[Record]) -> list[Row]:
    """An account of each that can be posted to, closed ones as well."""
    types = AccountTypes(books.server)
    rows: list[Row] = []
    for account in page:
        type_ = account.integer("type")
        above = types.names(type_)
        name = account.text("name") or account.text("code") or f"Account {account.id}"
        rows.append(
            {
                "erpKey": str(account.id),
                "code": account.text("code") or str(account.id),
                "name": name,
                "description": name,
                "status": "Inactive" if account.flag("closed") else "Active",
                "cashflowType": "operation",
                "classification": types.classification(type_),
                "category": above[-1] if above else None,
                "subcategory": next((each for each in above if len(each) <= LONGEST_CATEGORY), None),
            }
        )
    return rows


def entries(books: Books, page: list[Record]) -> list[Row]:
    """A journal entry of each posted move."""
    return [
        {
            "erpKey": str(move.id),
            "journalId": move.text("number"),
            "referenceNumber": move.text("number"),
            "description": move.text("description"),
            "comment": move.text_of("journal", "name"),
            "sourcePostingDate": move.text("date"),
            **stamps(move),
        }
        for move in page
    ]


def entry_lines(books: Books, page: list[Record]) -> list[Row]:
    """A line of each line of a posted move: amounts in the currency of the line, and in that of the company."""
    rows = []
    for line in page:
        account, move = line.related("account") or line, line.related("move") or line
        base_debit, base_credit = line.amount("debit"), line.amount("credit")
        foreign = line.text_of("second_currency", "code")
        debit, credit = base_debit, base_credit
        if foreign:
            amount = abs(line.amount("amount_second_currency"))
            debit, credit = (amount if base_debit else Decimal(0)), (amount if base_credit else Decimal(0))
        rows.append(
            {
                "erpKey": str(line.id),
                "journalEntryErpKey": str(move.id),
                "financialAccountErpKey": str(account.id),
                "accountNumber": account.text("code") or str(account.id),
                "accountName": account.text("name") or account.text("code") or str(account.id),
                "debit": digits(debit),
                "credit": digits(credit),
                "currencyCode": foreign or books.currency,
                "baseDebit": digits(base_debit),
                "baseCredit": digits(base_credit),
                "baseCurrencyCode": books.currency,
                "sourceCreatedUser": line.text_of("create_uid", "name") or "Tryton",
                "memo": line.text("description") or move.text("description"),
                **stamps(line),
            }
        )
    return rows


def years(books: Books) -> list[Record]:
    """The financial years, the earliest first."""
    fields = ["start_date", "end_date", "state"]
    found = [year for page in pages(books.server, "account.fiscalyear", of_company(books), fields) for year in page]
    return sorted(found, key=lambda year: year.text("start_date") or "")


def periods(books: Books, year: Record) -> list[Record]:
    """The periods of a year without those for adjustments, which lie within others."""
    domain: Domain = [["fiscalyear", "=", year.id], ["type", "=", "standard"]]
    fields = ["start_date", "end_date", "state"]
    found = [period for page in pages(books.server, "account.period", domain, fields) for period in page]
    return sorted(found, key=lambda period: period.text("start_date") or "")


class Currency(Kind):
    """The company's currency."""

    has_keys = False

    def rows(self, books: Books, since: datetime | None) -> Iterator[list[Row]]:
        yield [{"baseCurrencyCode": books.currency}]


class Year(Kind):
    """The financial year that is now, or else the last one."""

    has_keys = False

    def rows(self, books: Books, since: datetime | None) -> Iterator[list[Row]]:
        today = datetime.now(UTC).date().isoformat()
        begun = [year for year in years(books) if (year.text("start_date") or "") <= today]
        if not begun:
            return
        first, last = str(begun[-1].text("start_date"))[5:], str(begun[-1].text("end_date"))[5:]
        yield [
            {
                "yearType": "Calendar" if (first, last) == ("01-01", "12-31") else "Fiscal",
                "totalPeriods": len(periods(books, begun[-1])),
                "startDate": first,
                "endDate": last,
            }
        ]


class Balances(Kind):
    """What Tryton says was the balance of each account at the end of each period that has begun."""

    has_keys = False

    def rows(self, books: Books, since: datetime | None) -> Iterator[list[Row]]:
        today = datetime.now(UTC).date().isoformat()
        for year in years(books):
            for number, period in enumerate(periods(books, year), start=1):
                start, end = period.text("start_date") or "", period.text("end_date") or ""
                if start > today:
                    break
                common: Row = {
                    "financialYear": int((year.text("end_date") or "0")[:4]),
                    "periodNumber": number,
                    "periodStartDate": start,
                    "periodEndDate": end,
                    "status": "Open" if period.text("state") == "open" else "Closed",
                    "balanceType": 0,
                }
                yield from self._of_period(books, common, end)

    def _of_period(self, books: Books, common: Row, end: str) -> Iterator[list[Row]]:
        """The balances of one period. Accounts of the income statement begin anew with each year."""
        for operator, is_cumulated in (("!=", True), ("=", False)):
            context = {"date": typed_date(end), "posted": True, "cumulate": is_cumulated}
            domain: Domain = [WITH_TYPE, ["type.statement", operator, "income"], *of_company(books)]
            for page in pages(books.server, "account.account", domain, ["debit", "credit"], context=context):
                yield [
                    {
                        "financialAccountErpKey": str(account.id),
                        **common,
                        "balance": digits(account.amount("debit") - account.amount("credit")),
                    }
                    for account in page
                    if account.amount("debit") or account.amount("credit")
                ]


CURRENCY = Currency("BaseCurrency", "baseCurrencies", "Currency of the company")
YEAR = Year("FinancialYearSetting", "financialYearSettings", "Financial year")
BALANCES = Balances("FinancialAccountBalanceHistory", "financialAccountBalanceHistories", "Balances of accounts")
ACCOUNTS = Kind(
    "FinancialAccount",
    "financialAccounts",
    "Accounts",
    Part(
        "account.account",
        ("code", "name", "closed", "type"),
        lambda books: [WITH_TYPE, *of_company(books)],
        accounts,
        touched=(),
    ),
    most={"category": LONGEST_CATEGORY},
)
ENTRIES = Kind(
    "JournalEntry",
    "journalEntries",
    "Entries of the journal",
    Part(
        "account.move",
        ("number", "date", "description", "journal.name", "create_date", "write_date"),
        lambda books: [["state", "=", "posted"], *of_company(books)],
        entries,
    ),
    most={"journalId": 100, "referenceNumber": 100, "description": 500, "comment": 250},
)
ENTRY_LINES = Kind(
    "JournalEntryLine",
    "journalEntryLines",
    "Lines of entries",
    Part(
        "account.move.line",
        (
            "move.description", "account.code", "account.name", "debit", "credit", "second_currency.code",
            "amount_second_currency", "description", "create_uid.name", "create_date", "write_date",
        ),
        lambda books: [["move.state", "=", "posted"], ["move.company", "=", books.company]],
        entry_lines,
        touched=("", "move."),
    ),
    most={"memo": 100},
)  # fmt: skip
