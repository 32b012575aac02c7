"""Staged rows become records: one SQL statement a step, all in one transaction."""
