"""What every cluster does again and again."""
