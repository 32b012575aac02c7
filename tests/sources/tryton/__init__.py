"""A Tryton server with the books of a company."""
