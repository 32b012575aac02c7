"""ADS Platform: loads companies' accounting data, with every line accounted for."""

import os

__version__ = "0.1.0"

# Columns are checked on one core while PostgreSQL takes in others on another; more threads would only get in the way.
os.environ.setdefault("POLARS_MAX_THREADS", "1")
