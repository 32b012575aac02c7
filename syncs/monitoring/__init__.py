"""Watches whether data arrive as expected, and sends e-mails about what is wrong."""
