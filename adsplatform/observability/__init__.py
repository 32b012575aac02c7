"""Logs without secrets, request ids, and the probes of monitoring."""
