"""Readers of file formats: ZIP, CSV, JSONL, XLSX, and the corrected rows of a replay."""
