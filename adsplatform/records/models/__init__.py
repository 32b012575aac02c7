"""The accounting records that syncs load, as nouns: 15 kinds, under the published names.

What may be loaded is read off these models (`adsplatform.records.specification`): a field added to one is
loadable without a further line. Source: the platform's published sync models.
"""

from adsplatform.records.models.base import Record
from adsplatform.records.models.invoices import Invoice, InvoiceLine, InvoiceWorkflowStatus
from adsplatform.records.models.ledger import (
    BaseCurrency,
    FinancialAccount,
    FinancialAccountBalanceHistory,
    FinancialYearSetting,
    JournalEntry,
    JournalEntryLine,
)
from adsplatform.records.models.parties import Company, Contact, CustomField
from adsplatform.records.models.payments import CreditMemoApplied, Payment, PaymentApplied

__all__ = [
    "BaseCurrency",
    "Company",
    "Contact",
    "CreditMemoApplied",
    "CustomField",
    "FinancialAccount",
    "FinancialAccountBalanceHistory",
    "FinancialYearSetting",
    "Invoice",
    "InvoiceLine",
    "InvoiceWorkflowStatus",
    "JournalEntry",
    "JournalEntryLine",
    "Payment",
    "PaymentApplied",
    "Record",
]
