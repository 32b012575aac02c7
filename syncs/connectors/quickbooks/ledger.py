"""Accounts and journal entries of QuickBooks."""

from decimal import Decimal

from syncs.connectors.cloud_ledger.answers import Entry, Row, digits
from syncs.connectors.cloud_ledger.streams import Kind, child_key
from syncs.connectors.cloud_ledger.values import in_base
from syncs.connectors.quickbooks.books import Books, key_of, stamps
from syncs.connectors.quickbooks.documents import rate_of

ACCOUNT = Kind(
    "FinancialAccount",
    "Accounts",
    is_incremental=False,
    deletes="none is deleted in QuickBooks",
    most={"name": 100, "description": 500, "category": 100, "subcategory": 100},
    cut=("name", "description"),
)
ENTRY = Kind("JournalEntry", "Journal entries", most={"description": 500, "journalId": 100, "referenceNumber": 100})
ENTRY_LINE = Kind(
    "JournalEntryLine",
    "Lines of journal entries",
    is_child=True,
    most={"accountName": 100, "memo": 100},
    cut=("accountName",),
)


def account_key(account: Entry) -> str:
    return key_of("Account", account)


def of_account(books: Books, account: Entry) -> dict[str, list[Row]]:
    """An account, known by its number if the company uses numbers."""
    name = account.text("FullyQualifiedName") or account.text("Name") or account_key(account)
    classification = account.text("Classification")
    row: Row = {
        "erpKey": account_key(account),
        "code": account.text("AcctNum") or account.text("Id"),
        "name": name,
        "description": account.text("Description") or name,
        "status": "Active" if account.flag("Active", default=True) else "Inactive",
        "cashflowType": "operation",
        "classification": "Income" if classification == "Revenue" else classification or "Asset",
        "category": account.text("AccountType"),
        "subcategory": account.text("AccountSubType"),
    }
    return {"FinancialAccount": [row]}


def entry_key(entry: Entry) -> str:
    return key_of("JournalEntry", entry)


def of_entry(books: Books, entry: Entry) -> dict[str, list[Row]]:
    """A journal entry and its lines."""
    row: Row = {
        "erpKey": entry_key(entry),
        "journalId": entry.text("DocNumber"),
        "referenceNumber": entry.text("DocNumber"),
        "description": entry.text("PrivateNote"),
        "sourcePostingDate": entry.text("TxnDate"),
        **stamps(entry),
    }
    lines = [line for line in entry.many("Line") if line.text("DetailType") == "JournalEntryLineDetail"]
    rows = [_line(books, entry, place, line) for place, line in enumerate(lines, start=1)]
    return {"JournalEntry": [row], "JournalEntryLine": rows}


def _line(books: Books, entry: Entry, place: int, line: Entry) -> Row:
    detail, amount, rate = line.part("JournalEntryLineDetail"), line.amount("Amount"), rate_of(entry)
    id_, nothing = detail.text("AccountRef", "value") or "", Decimal(0)
    account = books.accounts.get(id_) or Entry({})
    debit, credit = (amount, nothing) if detail.text("PostingType") == "Debit" else (nothing, amount)
    return {
        "erpKey": child_key(entry_key(entry), place),
        "journalEntryErpKey": entry_key(entry),
        "financialAccountErpKey": f"Account|{id_}",
        "accountNumber": account.text("AcctNum") or id_,
        "accountName": account.text("FullyQualifiedName") or detail.text("AccountRef", "name") or id_,
        "debit": digits(debit),
        "credit": digits(credit),
        "currencyCode": entry.text("CurrencyRef", "value") or books.currency,
        "currencyRate": digits(rate),
        "baseDebit": digits(in_base(debit, rate)),
        "baseCredit": digits(in_base(credit, rate)),
        "baseCurrencyCode": books.currency,
        "sourceCreatedUser": "QuickBooks",
        "memo": line.text("Description") or entry.text("PrivateNote"),
        **stamps(entry),
    }
