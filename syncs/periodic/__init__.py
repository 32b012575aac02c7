"""What every cluster does again and again: it starts scheduled syncs, and removes what has been kept long enough."""
