"""The general ledger: accounts, balances, the journal and the financial year."""

from django.db import models

from adsplatform.records.fields import AmountField, Reference
from adsplatform.records.models.base import Record, SourceStamps, of_account, unique_key


class FinancialAccount(Record):
    """An account of the general ledger."""

    BATCH_KEY = "financialAccounts"
    SEARCHED = ("name", "code")
    LISTED = ("code", "classification", "category", "subcategory", "status")
    READ_PATH = "FinancialAccount"
    KNOWN_TEXTS = {
        "status": ("Active", "Inactive", "Deleted", "Archived"),
        "classification": (
            "Asset", "Equity", "Expense", "Liability", "Income", "CreditCard", "Checking", "Savings",
        ),
    }  # fmt: skip

    code = models.CharField(max_length=255)
    erp_key = models.CharField(max_length=255)
    name = models.CharField(max_length=100)
    status = models.CharField(max_length=8)
    cashflow_type = models.CharField(max_length=25)
    description = models.CharField(max_length=500)
    classification = models.CharField(max_length=10)
    category = models.CharField(max_length=100, null=True)
    subcategory = models.CharField(max_length=100, null=True)
    system_account_type = models.CharField(max_length=100, null=True)

    class Meta:
        constraints = [unique_key("financial_account", "erp_key")]
        indexes = [of_account("ledger_account")]


class FinancialAccountBalanceHistory(Record):
    """A ledger account's balance in one period."""

    BATCH_KEY = "financialAccountBalanceHistories"
    LISTED = ("financial_account", "financial_year", "period_number", "period_end_date", "balance", "status")
    READ_PATH = "FinancialAccountBalanceHistory"
    KEY = ("financial_account_id", "financial_year", "period_number")
    HAS_MATCH_ACTION = False
    ALWAYS_COMPLETE = True

    financial_account = Reference(
        "FinancialAccount", by={"financial_account_erp_key": "erp_key", "financial_account_code": "code"}
    )
    financial_year = models.IntegerField()
    period_number = models.IntegerField()
    period_start_date = models.DateTimeField()
    period_end_date = models.DateTimeField()
    status = models.TextField()
    balance = AmountField()
    balance_type = models.SmallIntegerField(null=True)

    class Meta:
        constraints = [
            unique_key("financial_account_balance_history", "financial_account", "financial_year", "period_number")
        ]
        indexes = [of_account("ledger_balance")]


class FinancialYearSetting(Record):
    """The periods of an enrollment's financial year; one record per enrollment."""

    BATCH_KEY = "financialYearSettings"
    READ_PATH = "FinancialYearSettings"
    KEY = ()
    HAS_MATCH_ACTION = False

    year_type = models.CharField(max_length=8)
    total_periods = models.IntegerField()
    start_date = models.CharField(max_length=5)
    end_date = models.CharField(max_length=5)

    class Meta:
        constraints = [unique_key("financial_year_setting")]
        indexes = [of_account("financial_year")]


class BaseCurrency(Record):
    """The currency of the account's books; one record per enrollment."""

    BATCH_KEY = "baseCurrencies"
    KEY = ()
    HAS_MATCH_ACTION = False

    base_currency_code = models.CharField(max_length=3)

    class Meta:
        constraints = [unique_key("base_currency")]
        indexes = [of_account("base_currency")]


class JournalEntry(SourceStamps, Record):
    """An entry of the journal."""

    BATCH_KEY = "journalEntries"
    SEARCHED = ("reference_number", "description")
    LISTED = ("source_posting_date", "journal_id", "description", "comment")

    erp_key = models.CharField(max_length=100)
    journal_id = models.CharField(max_length=100, null=True)
    source = models.SmallIntegerField(default=0)
    status = models.SmallIntegerField(default=0)
    description = models.CharField(max_length=500, null=True)
    comment = models.CharField(max_length=250, null=True)
    reference_number = models.CharField(max_length=100, null=True)
    source_posting_date = models.DateTimeField()

    class Meta:
        constraints = [unique_key("journal_entry", "erp_key")]
        indexes = [of_account("journal_entry")]


class JournalEntryLine(SourceStamps, Record):
    """One debit or credit of a journal entry."""

    BATCH_KEY = "journalEntryLines"
    SEARCHED = ("account_name", "account_number", "memo")
    LISTED = ("journal_entry", "financial_account", "debit", "credit", "currency_code", "memo")

    erp_key = models.CharField(max_length=100)
    journal_entry = Reference("JournalEntry", by={"journal_entry_erp_key": "erp_key"})
    financial_account = Reference("FinancialAccount", null=True, by={"financial_account_erp_key": "erp_key"})
    account_number = models.CharField(max_length=100)
    account_name = models.CharField(max_length=100)
    debit = AmountField(currency="currency_code")
    credit = AmountField(currency="currency_code")
    currency_code = models.CharField(max_length=3)
    currency_rate = AmountField(null=True, adds_up=False)
    base_debit = AmountField(currency="base_currency_code")
    base_credit = AmountField(currency="base_currency_code")
    base_currency_code = models.CharField(max_length=3)
    source_created_user = models.CharField(max_length=100)
    memo = models.CharField(max_length=100, null=True)
    dimensions = models.JSONField(null=True)
    source_object_erp_key = models.CharField(max_length=100, null=True)
    source_object_type = models.SmallIntegerField(null=True)

    class Meta:
        constraints = [unique_key("journal_entry_line", "erp_key")]
        indexes = [of_account("journal_line"), models.Index(fields=["journal_entry"], name="line_of_journal_entry")]
