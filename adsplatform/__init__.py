"""ADS Platform: loads companies' accounting data, with every line accounted for."""

import os

__version__ = "0.1.0"

# The database role without login that a request takes once its account is known (see `accounts.row_security`).
ROW_SECURITY_ROLE = "ads_door"

# While one core checks columns, PostgreSQL writes others on another; more threads of polars would slow both down.
os.environ.setdefault("POLARS_MAX_THREADS", "1")
