"""SQL databases as a source: PostgreSQL, MariaDB and MySQL."""

from syncs.connectors.sql_database.connector import SqlDatabase

__all__ = ["SqlDatabase"]
