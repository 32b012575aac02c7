"""A connector that invents the books of a company, to try the platform out with."""

from syncs.connectors.demo.connector import DemoData

__all__ = ["DemoData"]
