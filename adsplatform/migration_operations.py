"""Operations that migrations of several apps use."""

from django.db import migrations


def drop_redundant_index(name: str, table: str, column: str) -> migrations.RunSQL:
    """Drop the index of one column that is a prefix of another index; nobody waits for it, so not in a transaction."""
    return migrations.RunSQL(
        f'DROP INDEX CONCURRENTLY IF EXISTS "{name}"',
        f'CREATE INDEX CONCURRENTLY IF NOT EXISTS "{name}" ON "{table}" ("{column}")',
    )
