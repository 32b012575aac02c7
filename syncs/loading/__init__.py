"""The loading engine: one sync, from the source's rows to the records in the books."""
