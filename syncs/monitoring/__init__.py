"""Checks whether data arrive as expected, and sends e-mails about problems."""
