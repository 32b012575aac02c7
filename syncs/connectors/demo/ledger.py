"""The demo company's general ledger: accounts, balances, the journal."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from random import Random
from typing import TypeAlias

from syncs.connectors.demo import names
from syncs.connectors.demo.values import BASE_CURRENCY, Record, month_end, months_until, stamps, text

JOURNAL_MONTHS, LEAST_BALANCE_MONTHS = 15, 4
BALANCING_ACCOUNT = "3900"
ACCOUNT_NAMES = {code: name for code, name, *_ in names.ACCOUNTS}
# Accounts, each with its share in per cent.
Shares: TypeAlias = tuple[tuple[str, int], ...]


class Ledger:
    """The accounts, and the journal entries up to a day."""

    def __init__(self, random: Random, today: date) -> None:
        self.random, self.today = random, today
        self.entries: list[Record] = []
        self.entry_lines: list[Record] = []
        for month in months_until(today, JOURNAL_MONTHS):
            for template in names.JOURNAL:
                self._write(month, *template)

    def accounts(self) -> list[Record]:
        return list(map(_account, names.ACCOUNTS))

    def balances(self, since: date) -> Iterator[Record]:
        """Balances that add up to zero in every period; debits are positive and credits negative.

        The periods begin with the year of `since`, so that none disappears as `today` moves on. Otherwise the guard
        against mass deletes would stop full syncs.
        """
        count = (self.today.year - since.year) * 12 + self.today.month
        months = months_until(self.today, max(count, LEAST_BALANCE_MONTHS))
        for month in months:
            total = Decimal(0)
            for code, _, classification, _, _ in sorted(
                names.ACCOUNTS, key=lambda account: account[0] == BALANCING_ACCOUNT
            ):
                sign = 1 if classification in ("Asset", "Expense", "Checking", "Savings") else -1
                balance = -total
                if code != BALANCING_ACCOUNT:
                    balance = sign * Decimal(self.random.randint(100_00, 90_000_00)) / 100
                total += balance
                yield {
                    "financialAccountErpKey": f"DEMO-ACCOUNT-{code}",
                    "financialAccountCode": code,
                    "financialYear": month.year,
                    "periodNumber": month.month,
                    "periodStartDate": month.isoformat(),
                    "periodEndDate": month_end(month).isoformat(),
                    "status": "Open" if month == months[-1] else "Closed",
                    "balance": text(balance),
                }

    def _write(
        self, month: date, what: str, least: int, most: int, debits: tuple[tuple[str, int], ...], credit: str
    ) -> None:
        """Write an entry at the end of a month; its debits add up to its credit."""
        key, day = f"DEMO-JE-{len(self.entries) + 1:04d}", min(month_end(month), self.today)
        self.entries.append(
            {
                "erpKey": key,
                "journalId": key.removeprefix("DEMO-"),
                "description": what,
                "referenceNumber": f"{month:%Y-%m}",
                "sourcePostingDate": day.isoformat(),
                **stamps(day),
            }
        )
        # Whole dollars, so that every share in hundredths is whole cents.
        amount = Decimal(self.random.randint(least, most))
        sides = [(code, amount * share / 100, Decimal(0)) for code, share in debits]
        sides.append((credit, Decimal(0), amount))
        for number, (code, debit, credited) in enumerate(sides, start=1):
            self.entry_lines.append(
                {
                    "erpKey": f"{key}-{number}",
                    "journalEntryErpKey": key,
                    "financialAccountErpKey": f"DEMO-ACCOUNT-{code}",
                    "accountNumber": code,
                    "accountName": ACCOUNT_NAMES[code],
                    "debit": text(debit),
                    "credit": text(credited),
                    "currencyCode": BASE_CURRENCY,
                    "currencyRate": "1",
                    "baseDebit": text(debit),
                    "baseCredit": text(credited),
                    "baseCurrencyCode": BASE_CURRENCY,
                    "sourceCreatedUser": "demo",
                    "memo": what,
                    **stamps(day),
                }
            )


def _account(account: tuple[str, str, str, str, str]) -> Record:
    code, name, classification, category, cashflow_type = account
    return {
        "code": code,
        "erpKey": f"DEMO-ACCOUNT-{code}",
        "name": name,
        "status": "Active",
        "cashflowType": cashflow_type,
        "description": f"{name} of {names.OWN_COMPANY}",
        "classification": classification,
        "category": category,
    }
