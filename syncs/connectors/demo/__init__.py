"""A connector that invents the books of a company, for trying the platform out."""

from syncs.connectors.demo.connector import DemoData

__all__ = ["DemoData"]
