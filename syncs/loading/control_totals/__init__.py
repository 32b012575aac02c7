"""Control totals: the sums of amounts in a file, in a merge, in the books."""
