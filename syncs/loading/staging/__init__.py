"""Rows on their way into temporary tables: checked, typed, copied."""
