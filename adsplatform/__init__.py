"""ADS Platform: loads companies' accounting data, with every line accounted for."""

import os

__version__ = "0.1.0"

# The role of the database, without login, as which a request is answered once its account is known (`accounts.fence`).
ROW_SECURITY_ROLE = "ads_door"

# Columns are checked on one core while PostgreSQL takes in others on another; more threads would only get in the way.
os.environ.setdefault("POLARS_MAX_THREADS", "1")
