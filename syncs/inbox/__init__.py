"""Pages of the Inbox about syncs, for people."""
