"""Ledgers drawn at random: a journal whose entries balance, and balances of periods."""

import random
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import uuid4

from adsplatform.records import models as records
from adsplatform.reports.months import month_end, months_after
from tests.factories import AppEnrollmentFactory

CLASSES = ("Asset", "Checking", "Savings", "Liability", "CreditCard", "Equity", "Income", "Expense")
CREDIT = ("Liability", "CreditCard", "Equity", "Income")
FIRST = date(2023, 1, 1)


def at(day, clock=None):
    return datetime.combine(day, clock or time(), UTC)


class RandomLedger:
    """The ledger of one enrollment, the same for each seed: `net[account]` lists days and debits minus credits."""

    def __init__(self, account, seed, *, year_begins="01-01"):
        self.draw, self.account, self.year_begins = random.Random(seed), account, year_begins
        self.enrollment = AppEnrollmentFactory(group_key=account)
        self.accounts = records.FinancialAccount.objects.bulk_create(
            self._record(
                records.FinancialAccount,
                erp_key=str(number),
                code=f"{number:04}",
                name=f"{classification} {number}",
                status="Active",
                cashflow_type="operation",
                description="",
                classification=classification,
                category=self.draw.choice(("One", "Two", None)),
                subcategory=self.draw.choice(("a", "b", None)),
            )
            for number, classification in enumerate(CLASSES * 2)
        )
        records.FinancialYearSetting.objects.create(
            group_key=account.pk,
            app_enrollment=self.enrollment,
            year_type="Fiscal",
            total_periods=12,
            start_date=year_begins,
            end_date="12-31",
        )
        self.net = {each.pk: [] for each in self.accounts}

    def _record(self, model, **values):
        return model(id=uuid4(), group_key=self.account.pk, app_enrollment=self.enrollment, **values)

    def post(self, entries=150):
        """Write journal entries of two to four lines, within three years."""
        written, lines = [], []
        for number in range(entries):
            day = self.draw.choice((FIRST + timedelta(days=self.draw.randrange(1096)), date(2024, 2, 29)))
            clock = self.draw.choice((time(), time(23, 59, 59)))
            entry = self._record(records.JournalEntry, erp_key=str(number), source_posting_date=at(day, clock))
            written.append(entry)
            amounts = [Decimal(self.draw.randrange(-99_999, 99_999)) / 100 for _ in range(self.draw.randrange(1, 4))]
            for amount in (*amounts, -sum(amounts)):
                lines.append(self._line(entry, day, amount, len(lines)))
        records.JournalEntry.objects.bulk_create(written)
        records.JournalEntryLine.objects.bulk_create(lines)
        return self

    def _line(self, entry, day, amount, number):
        account = self.draw.choice(self.accounts)
        self.net[account.pk].append((day, amount))
        return self._record(
            records.JournalEntryLine,
            erp_key=str(number),
            journal_entry=entry,
            financial_account=account,
            account_number=account.code,
            account_name=account.name,
            debit=max(amount, 0),
            credit=max(-amount, 0),
            currency_code="EUR",
            base_debit=max(amount, 0),
            base_credit=max(-amount, 0),
            base_currency_code="EUR",
            source_created_user="ana",
        )

    def close(self, months=24):
        """Write balances of monthly periods, on all sides and with all types; years are calendar years."""
        rows = []
        for account in self.accounts:
            before, is_result = Decimal(0), account.classification in ("Income", "Expense")
            for number in range(months):
                month = months_after(FIRST, number)
                before = Decimal(0) if is_result and month.month == 1 else before
                net = Decimal(self.draw.randrange(-99_999, 99_999)) / 100
                self.net[account.pk].append((month_end(month), net - before))
                before = net
                type = self.draw.choice((0, 1, None))
                is_credit = type == 1 or (type is None and account.classification in CREDIT)
                rows.append(
                    self._record(
                        records.FinancialAccountBalanceHistory,
                        financial_account=account,
                        financial_year=month.year,
                        period_number=month.month,
                        period_start_date=at(month),
                        period_end_date=at(month_end(month)),
                        status="Closed",
                        balance=-net if is_credit else net,
                        balance_type=type,
                    )
                )
        records.FinancialAccountBalanceHistory.objects.bulk_create(rows)
        return self

    def posted(self, account, start, end):
        """Debits minus credits of some days."""
        return sum((amount for day, amount in self.net[account.pk] if start <= day <= end), Decimal(0))

    def of_class(self, *classes):
        return [account for account in self.accounts if account.classification in classes]
