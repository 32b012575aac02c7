"""Which database is used: that of DATABASE_URL or, without one, the embedded one; and whether it will do."""

from pathlib import Path

import dj_database_url
import psycopg
from django.core.exceptions import ImproperlyConfigured

from adsplatform.local import embedded_postgres

OLDEST_POSTGRESQL = 15
ENGINE = "django.db.backends.postgresql"


class DatabaseUnusable(Exception):
    """Why the database cannot be used, as a sentence."""


def settings_for(url: str, var_dir: Path) -> dict:
    """Django's settings for the database; connects to nothing."""
    if not url:
        return embedded_postgres.database_settings(var_dir)
    try:
        settings = dj_database_url.parse(url)
    except ValueError:
        settings = {"ENGINE": None}
    if settings["ENGINE"] != ENGINE:
        # Without the value: it holds a password.
        raise ImproperlyConfigured(
            "DATABASE_URL must name a PostgreSQL database, as postgresql://user:password@host:5432/name does."
        )
    return settings


def connected() -> psycopg.Connection:
    """A connection of its own, which does not wait for ever for a server that is not there."""
    from django.db import connection

    return psycopg.connect(**{"connect_timeout": 10} | connection.get_connection_params())


def check() -> None:
    """Raise DatabaseUnusable when the database does not answer, or is older than we can use."""
    try:
        with connected() as found:
            version = found.info.server_version // 10000
    except psycopg.OperationalError as error:
        raise DatabaseUnusable(
            f"The database of DATABASE_URL cannot be reached: {' '.join(str(error).split())}"
        ) from None
    if version < OLDEST_POSTGRESQL:
        raise DatabaseUnusable(
            f"The database of DATABASE_URL is PostgreSQL {version}; ADS Platform needs {OLDEST_POSTGRESQL} or newer."
        )
