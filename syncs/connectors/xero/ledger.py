"""Accounts and manual journals of Xero."""

from decimal import Decimal

from syncs.connectors.cloud_ledger.answers import Entry, Row, digits
from syncs.connectors.cloud_ledger.streams import Kind, child_key
from syncs.connectors.xero.books import Books, day, stamp

CLASSES = {
    "ASSET": "Asset",
    "EQUITY": "Equity",
    "EXPENSE": "Expense",
    "LIABILITY": "Liability",
    "REVENUE": "Income",
}
ACCOUNT = Kind(
    "FinancialAccount",
    "Accounts",
    is_incremental=False,
    deletes="by comparing keys",
    most={"name": 100, "description": 500, "category": 100, "subcategory": 100, "systemAccountType": 100},
    cut=("name", "description"),
)
ENTRY = Kind("JournalEntry", "Manual journals", most={"description": 500})
ENTRY_LINE = Kind(
    "JournalEntryLine",
    "Lines of manual journals",
    is_child=True,
    most={"accountName": 100, "memo": 100},
    cut=("accountName",),
)


def account_key(account: Entry) -> str:
    return account.text("AccountID") or ""


def of_account(books: Books, account: Entry) -> dict[str, list[Row]]:
    """An account; bank accounts need no code in Xero."""
    name = account.text("Name") or account_key(account)
    row: Row = {
        "erpKey": account_key(account),
        "code": account.text("Code") or account_key(account),
        "name": name,
        "description": account.text("Description") or name,
        "status": "Active" if account.text("Status") == "ACTIVE" else "Inactive",
        "cashflowType": "operation",
        "classification": CLASSES.get(account.text("Class") or "", "Asset"),
        "category": account.text("Type"),
        "subcategory": account.text("ReportingCodeName"),
        "systemAccountType": account.text("SystemAccount"),
    }
    return {"FinancialAccount": [row]}


def entry_key(journal: Entry) -> str:
    return journal.text("ManualJournalID") or ""


def of_journal(books: Books, journal: Entry) -> dict[str, list[Row]]:
    """A posted journal and its lines; one that was voided counts no more. Amounts are in the base currency."""
    if journal.text("Status") != "POSTED":
        return {}
    entry: Row = {
        "erpKey": entry_key(journal),
        "description": journal.text("Narration"),
        "sourcePostingDate": day(journal, "Date"),
        "modified": stamp(journal),
    }
    lines = [line for line in journal.many("JournalLines") if not line.flag("IsBlank")]
    rows = [_line(books, journal, place, line) for place, line in enumerate(lines, start=1)]
    return {"JournalEntry": [entry], "JournalEntryLine": rows}


def _line(books: Books, journal: Entry, place: int, line: Entry) -> Row:
    code = line.text("AccountCode") or ""
    account = books.accounts_by_name.get(line.text("AccountID") or code) or Entry({})
    amount = line.amount("LineAmount")
    debit, credit = digits(max(amount, Decimal(0))), digits(max(-amount, Decimal(0)))
    return {
        "erpKey": child_key(entry_key(journal), place),
        "journalEntryErpKey": entry_key(journal),
        "financialAccountErpKey": account.text("AccountID"),
        "accountNumber": code or account.text("Code") or account.text("AccountID"),
        "accountName": account.text("Name") or code,
        "debit": debit,
        "credit": credit,
        "currencyCode": books.currency,
        "baseDebit": debit,
        "baseCredit": credit,
        "baseCurrencyCode": books.currency,
        "sourceCreatedUser": "Xero",
        "memo": line.text("Description") or journal.text("Narration"),
        "modified": stamp(journal),
    }
