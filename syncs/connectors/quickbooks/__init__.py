"""The connector to the ledger QuickBooks Online."""

from syncs.connectors.quickbooks.connector import QuickBooks

__all__ = ["QuickBooks"]
