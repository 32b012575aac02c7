"""Demo data, by a connector that makes them up."""

from syncs.connectors.demo.connector import DemoData

__all__ = ["DemoData"]
