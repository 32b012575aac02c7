"""The merge: staged rows become records, by one SQL statement per step, all in one transaction."""
