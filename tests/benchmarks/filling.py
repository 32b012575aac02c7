"""Fills tables with millions of rows by SQL, in minutes."""

from contextlib import contextmanager

from psycopg import sql


def multiply(row, count: int, **other: str):
    """Write a row again so many times, with other values in some of its columns; `number` counts from 0."""
    from django.db import connection

    columns = [field.column for field in row._meta.concrete_fields]
    values = [sql.SQL(other[name]) if name in other else sql.Identifier(name) for name in columns]
    statement = sql.SQL(
        "INSERT INTO {table} ({columns}) "
        "SELECT {values} FROM {table}, generate_series(0, %s) AS number WHERE {key} = %s"
    ).format(
        table=sql.Identifier(row._meta.db_table),
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        values=sql.SQL(", ").join(values),
        key=sql.Identifier(row._meta.pk.column),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [count - 1, row.pk])


@contextmanager
def without_indexes(model):
    """Take away the indexes of a table but that of its ids, and make them again, sorted, when it is full."""
    from django.db import connection

    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint "
            "WHERE conrelid = %s::regclass AND contype = 'u'",
            [table],
        )
        constraints = cursor.fetchall()
        for name, _ in constraints:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        cursor.execute(
            "SELECT indexrelid::regclass, pg_get_indexdef(indexrelid) FROM pg_index "
            "WHERE indrelid = %s::regclass AND NOT indisprimary",
            [table],
        )
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem = '1GB'")
        for _, definition in indexes:
            cursor.execute(definition)
        for name, definition in constraints:
            cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
