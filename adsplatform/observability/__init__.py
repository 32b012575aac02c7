"""Logs, secrets kept out of them, request ids, and what monitoring asks."""
