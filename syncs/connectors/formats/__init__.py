"""Readers of files: ZIP, CSV, JSONL, XLSX."""
