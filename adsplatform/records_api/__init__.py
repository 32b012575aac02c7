"""The read endpoints of all kinds of record, derived from their models."""
