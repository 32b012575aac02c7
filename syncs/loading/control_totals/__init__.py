"""What amounts add up to: in a file, in a merge, in the books."""
