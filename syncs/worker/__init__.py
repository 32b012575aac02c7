"""What a worker does with a wake-up, and the reaper that recovers what lost workers left behind."""
