"""What the interfaces share: how a sync went in words, its problems, pages of a list."""
