"""Logs, health, probes and request ids."""
