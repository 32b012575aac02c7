"""Shared by the interfaces: a sync's outcome in words, its problems, pages of a list."""
