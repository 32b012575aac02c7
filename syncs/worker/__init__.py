"""One worker's turn, and the reaper of what workers left behind."""
