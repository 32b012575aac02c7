"""The connector for Tryton: companies, invoices, payments and the ledger of one company, by REST or JSON-RPC."""

from syncs.connectors.tryton.connector import Tryton

__all__ = ["Tryton"]
