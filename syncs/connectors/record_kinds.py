"""The kinds of record that a source of any kind may have."""

# In the order in which a sync reads them.
KINDS = (
    "BaseCurrency", "FinancialYearSetting", "FinancialAccount", "Company", "Contact", "Invoice", "InvoiceLine",
    "InvoiceWorkflowStatus", "Payment", "PaymentApplied", "CreditMemoApplied", "JournalEntry", "JournalEntryLine",
    "FinancialAccountBalanceHistory", "CustomField",
)  # fmt: skip
