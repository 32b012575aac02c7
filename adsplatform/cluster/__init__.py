"""What the queue's processes share."""
