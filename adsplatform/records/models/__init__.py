"""The accounting records that syncs load: 15 kinds, under the published names.

`adsplatform.records.specification` reads what may be loaded from these models, so a field added here can be loaded
at once. Source: the platform's published sync models.
"""

from adsplatform.records.models import counts, views  # noqa: F401, so that Django knows these models
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
