"""Trigram indexes of the texts by which people look for records: made on demand, because they slow down loading.

Without them a search for a part of a key, a name or a number reads row by row.
"""

from django.db import connection
from psycopg import sql

from adsplatform.errors import PlatformError
from adsplatform.records.display import DisplayedKind, displayed_kinds

EXTENSION = "pg_trgm"


def name_of(kind: DisplayedKind) -> str:
    return f"{kind.model._meta.db_table}_search"


def is_available() -> bool:
    """Whether the server has the extension."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = %s)", [EXTENSION])
        return bool(cursor.fetchone()[0])


def has_index(kind: DisplayedKind) -> bool:
    """Whether the index of a kind of record is there and complete."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass(%s) AND indisvalid)", [name_of(kind)]
        )
        return bool(cursor.fetchone()[0])


def make_indexes() -> list[str]:
    """Make the indexes that are missing, without a lock on the tables; returns their names.

    Raises PlatformError where the server lacks the extension.
    """
    if not is_available():
        raise PlatformError(
            f"This PostgreSQL has no {EXTENSION}, so there can be no search index. Install it (Debian: "
            "postgresql-contrib), then run this again. Until then searches read row by row."
        )
    made = []
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE EXTENSION IF NOT EXISTS {EXTENSION}")
        for kind in displayed_kinds().values():
            if not kind.searched or has_index(kind):
                continue
            # One that was not finished is in the way.
            cursor.execute(_drop(kind))
            cursor.execute(
                sql.SQL("CREATE INDEX CONCURRENTLY {} ON {} USING gin ({})").format(
                    sql.Identifier(name_of(kind)),
                    sql.Identifier(kind.model._meta.db_table),
                    # As Django's `icontains` writes it.
                    sql.SQL(", ").join(
                        sql.SQL("upper({}::text) gin_trgm_ops").format(sql.Identifier(name)) for name in kind.searched
                    ),
                )
            )
            made.append(name_of(kind))
    return made


def drop_indexes() -> list[str]:
    """Remove the indexes; returns their names."""
    found = [kind for kind in displayed_kinds().values() if kind.searched and has_index(kind)]
    with connection.cursor() as cursor:
        for kind in found:
            cursor.execute(_drop(kind))
    return [name_of(kind) for kind in found]


def _drop(kind: DisplayedKind) -> sql.Composed:
    return sql.SQL("DROP INDEX CONCURRENTLY IF EXISTS {}").format(sql.Identifier(name_of(kind)))
