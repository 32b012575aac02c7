"""The connector to the ledger Xero."""

from syncs.connectors.xero.connector import Xero

__all__ = ["Xero"]
