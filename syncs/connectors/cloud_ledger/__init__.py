"""What connectors to ledgers in the cloud have in common: OAuth 2.0, requests within limits, streams of records."""
