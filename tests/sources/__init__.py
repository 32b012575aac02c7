"""Connectors before the real systems that they read, which the tests start for themselves."""
