"""The API of syncs, for programs."""
