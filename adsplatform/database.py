"""Chooses the database: that of DATABASE_URL or, without one, the embedded one; and checks that it can be used."""

from collections.abc import Mapping
from pathlib import Path

import dj_database_url
import psycopg
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from adsplatform.local import embedded_postgres

OLDEST_POSTGRESQL = 15
ENGINE = "django.db.backends.postgresql"


class DatabaseUnusable(Exception):
    """Why the database cannot be used, as a sentence."""


def settings_for(url: str, var_dir: Path) -> Mapping[str, object]:
    """Django's settings for the database; connects to nothing."""
    if not url:
        return embedded_postgres.database_settings(var_dir)
    try:
        found = dj_database_url.parse(url)
    except ValueError:
        found = None
    if found is None or found.get("ENGINE") != ENGINE:
        # Without the value, which holds a password.
        raise ImproperlyConfigured(
            "DATABASE_URL must name a PostgreSQL database, as postgresql://user:password@host:5432/name does."
        )
    return found


def explain_missing() -> str:
    """What to do if there is neither a DATABASE_URL nor an embedded PostgreSQL; an empty text if there is one."""
    if settings.DATABASE_URL or embedded_postgres.is_installed():
        return ""
    return embedded_postgres.NOT_INSTALLED


def connected() -> psycopg.Connection:
    """A new connection of its own; fails after a while if the server does not answer."""
    from django.db import connection

    return psycopg.connect(**{"connect_timeout": 10} | connection.get_connection_params())


def check() -> None:
    """Raise DatabaseUnusable if the database does not answer, or is too old."""
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
