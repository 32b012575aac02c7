"""Xero and QuickBooks before doubles of them: real servers that keep state, rotate tokens, limit and fail."""
