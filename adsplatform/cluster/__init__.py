"""The processes of a cluster of workers: their queue, what they share, how they stop, what they may use."""
