"""Rejected rows, read again and written to a file for download."""
