"""Reports over an account's records: one module a report, each computed in SQL with exact decimals."""
