"""The Inbox's pages about syncs, for people."""
