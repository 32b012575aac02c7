"""The general ledger of one enrollment: what was posted to each account in a range of days, in the base currency.

It is read from the journal where that has entries in the days of a report, else from the balances of periods. Net
amounts are debits minus credits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from psycopg import sql

from adsplatform.accounts.models import Account
from adsplatform.errors import PlatformError
from adsplatform.records.models import FinancialAccount, FinancialYearSetting, JournalEntry
from adsplatform.reports.queries import Source, negated, read, source
from adsplatform.reports.ranges import DAY, Range

# The classifications of accounts whose balance is usually a credit.
CREDIT = ("Liability", "Equity", "Income", "CreditCard")
RESULT = ("Income", "Expense")

# Net amounts by account and number of the range; those of no known account have None.
Amounts = dict[tuple[UUID | None, int], Decimal]


@dataclass(frozen=True)
class LedgerAccount:
    """An account of the ledger."""

    id: UUID | None
    label: str
    classification: str = ""
    category: str = ""
    subcategory: str = ""

    @property
    def is_debit(self) -> bool:
        return self.classification not in CREDIT

    @property
    def is_result(self) -> bool:
        """Whether it belongs to the income statement, not to the balance sheet."""
        return self.classification in RESULT


NO_ACCOUNT = LedgerAccount(None, "Lines without a ledger account")


class Basis(Protocol):
    """What a report is computed from."""

    name: str

    def amounts(self, ranges: Sequence[Range]) -> Amounts: ...

    def sources(self, account: LedgerAccount, days: Range) -> list[Source]: ...


@dataclass(frozen=True)
class Ledger:
    """The accounts of an enrollment, when its financial year begins, and what its amounts are read from."""

    account: Account
    enrollment: UUID
    accounts: list[LedgerAccount]
    # Month and day, as `04-01`.
    year_begins: str
    basis: Basis


def ledger_of(account: Account, enrollment: UUID, days: Range) -> Ledger:
    """The ledger as a report about these days reads it."""
    own = {"group_key": account.pk, "app_enrollment_id": enrollment}
    rows = FinancialAccount.objects.filter(**own).order_by("code", "name", "id")
    accounts = [
        LedgerAccount(
            row.pk, f"{row.code} {row.name}".strip(), row.classification, row.category or "", row.subcategory or ""
        )
        for row in rows
    ]
    setting = FinancialYearSetting.objects.filter(**own).first()
    posted = JournalEntry.objects.filter(
        **own, source_posting_date__date__gte=days.start, source_posting_date__date__lte=days.end
    )
    basis: Basis = Journal(account, enrollment) if posted.exists() else Balances(account, enrollment)
    if isinstance(basis, Balances) and not basis.periods():
        basis = Journal(account, enrollment)
    return Ledger(account, enrollment, accounts, setting.start_date if setting else "01-01", basis)


@dataclass(frozen=True)
class Journal:
    """Amounts from the lines of the journal, by the days on which their entries are posted."""

    account: Account
    enrollment: UUID
    name = "journal"

    def amounts(self, ranges: Sequence[Range]) -> Amounts:
        statement = sql.SQL("""
            WITH lines AS (
                SELECT ledger.id AS account, (source_posting_date AT TIME ZONE 'UTC')::date AS day,
                       base_debit - base_credit AS net
                  FROM records_journalentryline AS line
                  JOIN records_journalentry AS entry ON entry.id = line.journal_entry_id
                   AND entry.group_key = %(account)s
                  LEFT JOIN records_financialaccount AS ledger ON ledger.id = line.financial_account_id
                   AND ledger.group_key = %(account)s
                 WHERE line.group_key = %(account)s AND line.app_enrollment_id = %(enrollment)s
            )
            SELECT account, number, trim_scale(sum(net)) AS net
              FROM unnest(%(starts)s::date[], %(ends)s::date[]) WITH ORDINALITY AS days (first, last, number)
              JOIN lines ON day BETWEEN first AND last
             GROUP BY 1, 2
        """)
        return _amounts(statement, self.account, self.enrollment, ranges)

    def sources(self, account: LedgerAccount, days: Range) -> list[Source]:
        of_account = f"financialAccountId = {account.id}" if account.id else "financialAccountId is null"
        since = "" if days.is_balance else f" and sourcePostingDate >= {days.start}"
        found = f"appEnrollmentId = {self.enrollment} and {of_account}{since} and sourcePostingDate < {days.end + DAY}"
        debit, credit = ("baseDebit", "baseCredit") if account.is_debit else ("baseCredit", "baseDebit")
        return [source("journal-entry-lines/query", debit, {"filter": found}, less=credit)]


@dataclass(frozen=True)
class Balances:
    """Amounts from the closing balances of periods.

    Balances of accounts of the income statement begin anew with each financial year. A balance of type 1 is a credit,
    one of type 0 a debit; one without a type is on the side on which its account usually has it.
    """

    account: Account
    enrollment: UUID
    name = "balances"

    def amounts(self, ranges: Sequence[Range]) -> Amounts:
        self._check(ranges)
        statement = sql.SQL("""
            WITH balances AS (
                SELECT ledger.id AS account, financial_year, period_number,
                       (period_start_date AT TIME ZONE 'UTC')::date AS first_day,
                       (period_end_date AT TIME ZONE 'UTC')::date AS last_day,
                       CASE WHEN balance_type = 1 OR balance_type IS NULL AND classification = ANY(%(credit)s)
                            THEN -balance ELSE balance END AS net
                  FROM records_financialaccountbalancehistory AS history
                  JOIN records_financialaccount AS ledger ON ledger.id = history.financial_account_id
                   AND ledger.group_key = %(account)s
                 WHERE history.group_key = %(account)s AND history.app_enrollment_id = %(enrollment)s
                   AND history.status <> 'Deleted'
            ), movements AS (
                SELECT *, net - coalesce(lag(net) OVER (PARTITION BY account, financial_year ORDER BY period_number), 0)
                              AS movement
                  FROM balances
            )
            SELECT account, number,
                   trim_scale(sum(CASE WHEN first = %(beginning)s THEN net ELSE movement END)) AS net
              FROM unnest(%(starts)s::date[], %(ends)s::date[]) WITH ORDINALITY AS days (first, last, number)
              JOIN movements
                ON CASE WHEN first = %(beginning)s THEN last_day = last ELSE first_day >= first AND last_day <= last END
             GROUP BY 1, 2
        """)
        return _amounts(statement, self.account, self.enrollment, ranges)

    def sources(self, account: LedgerAccount, days: Range) -> list[Source]:
        if days.is_balance:
            return self._balance(account, days.end)
        found = []
        ends = {(year, number): last for year, number, _, last in self.periods()}
        within = [key for key, last in ends.items() if days.start <= last <= days.end]
        for year in sorted({year for year, _ in within}):
            first, final = min(key for key in within if key[0] == year), max(key for key in within if key[0] == year)
            found += self._balance(account, ends[final])
            if before := ends.get((year, first[1] - 1)):
                found += self._balance(account, before, is_subtracted=True)
        return found

    def periods(self) -> list[tuple[int, int, date, date]]:
        """Year, number, first and last day of each period."""
        statement = sql.SQL("""
            SELECT DISTINCT financial_year, period_number, (period_start_date AT TIME ZONE 'UTC')::date AS first_day,
                   (period_end_date AT TIME ZONE 'UTC')::date AS last_day
              FROM records_financialaccountbalancehistory
             WHERE group_key = %(account)s AND app_enrollment_id = %(enrollment)s AND status <> 'Deleted'
             ORDER BY 4
        """)
        rows = read(statement, {"account": self.account.pk, "enrollment": self.enrollment})
        return [(row["financial_year"], row["period_number"], row["first_day"], row["last_day"]) for row in rows]

    def _balance(self, account: LedgerAccount, day: date, *, is_subtracted: bool = False) -> list[Source]:
        """The balance of an account, wherever it is on its usual side, and where it is on the other one."""
        of_period = f"financialAccountId = {account.id} and periodEndDate >= {day} and periodEndDate < {day + DAY}"
        usual, other = (0, 1) if account.is_debit else (1, 0)
        found = []
        for side, subtracts in (
            (f"(balanceType = {usual} or balanceType is null)", False),
            (f"balanceType = {other}", True),
        ):
            filter = f"{of_period} and status <> 'Deleted' and {side}"
            each = source("FinancialAccountBalanceHistory/query", "balance", {"filter": filter})
            found.append(negated(each) if subtracts != is_subtracted else each)
        return found

    def _check(self, ranges: Sequence[Range]) -> None:
        """Raise PlatformError where a range does not begin and end with periods."""
        periods = self.periods()
        for days in ranges:
            for name, day, known in (
                ("endDate", days.end, {last for _, _, _, last in periods}),
                ("startDate", days.start, {first for _, _, first, _ in periods}),
            ):
                if day in known or (name == "startDate" and days.is_balance):
                    continue
                near = sorted(sorted(known, key=lambda other: abs((other - day).days))[:2])
                what = "end" if name == "endDate" else "begin"
                raise PlatformError(
                    f"{name}: this enrollment has no journal for these days but balances of periods, and none {what}s "
                    f"on {day}. The nearest {what} on {' and '.join(map(str, near))}.",
                    field=name,
                )


def _amounts(statement: sql.Composable, account: Account, enrollment: UUID, ranges: Sequence[Range]) -> Amounts:
    rows = read(
        statement,
        {
            "account": account.pk,
            "enrollment": enrollment,
            "starts": [days.start for days in ranges],
            "ends": [days.end for days in ranges],
            "beginning": date(1, 1, 1),
            "credit": list(CREDIT),
        },
    )
    return {(row["account"], row["number"] - 1): row["net"] for row in rows}
