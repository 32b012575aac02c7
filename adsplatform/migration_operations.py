"""Operations for the migrations of several apps."""

from django.db import migrations


def drop_redundant_index(name: str, table: str, column: str) -> migrations.RunSQL:
    """Drop an index of one column that is a prefix of another index, without a lock; needs `atomic = False`."""
    return migrations.RunSQL(
        f'DROP INDEX CONCURRENTLY IF EXISTS "{name}"',
        f'CREATE INDEX CONCURRENTLY IF NOT EXISTS "{name}" ON "{table}" ("{column}")',
    )
