"""Admin lists that stay quick with millions of rows."""
