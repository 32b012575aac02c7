"""The worker, which runs the next sync, and the reaper, which recovers syncs of lost workers."""
