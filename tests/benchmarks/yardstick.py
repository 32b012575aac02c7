"""The yardstick: COPY of the same rows, as text, into a table with the same columns, constraints and indexes."""

import time
from pathlib import Path

from psycopg import sql

from tests.benchmarks.server import BenchmarkServer

# In the order of the file and with rising ids. In the order in which a loader happened to write the rows, this COPY
# would be faster (sorted by key) or slower (random ids).
IN_THE_FILES_ORDER = """
    COPY (
        WITH ids AS (SELECT id, row_number() OVER (ORDER BY id) AS number FROM records_invoice),
             invoices AS (SELECT *, row_number() OVER (ORDER BY reference_code) AS number FROM records_invoice)
        SELECT {columns} FROM invoices JOIN ids USING (number) ORDER BY number
    ) TO STDOUT
"""


def dump(server: BenchmarkServer, path: Path) -> None:
    """Write the invoices in the books as COPY reads them."""
    with server.connect() as connection, path.open("wb") as file:
        columns = sql.SQL(", ").join(
            sql.SQL("{}.{}").format(sql.Identifier("ids" if name == "id" else "invoices"), sql.Identifier(name))
            for name in server.written_columns("records_invoice")
        )
        with connection.cursor().copy(sql.SQL(IN_THE_FILES_ORDER).format(columns=columns)) as rows:
            for chunk in rows:
                file.write(chunk)


def copy_seconds(server: BenchmarkServer, path: Path) -> float:
    """How long COPY takes, its commit included."""
    with server.connect() as connection:
        connection.execute("CREATE TABLE copied (LIKE records_invoice INCLUDING ALL)")
        # LIKE leaves out the table's own parameters, fillfactor among them.
        (parameters,) = connection.execute(
            "SELECT coalesce(reloptions, '{}') FROM pg_class WHERE oid = 'records_invoice'::regclass"
        ).fetchone()
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            connection.execute(
                sql.SQL("ALTER TABLE copied SET ({} = {})").format(sql.Identifier(name), sql.Literal(value))
            )
        columns = sql.SQL(", ").join(map(sql.Identifier, server.written_columns("records_invoice")))
        began = time.monotonic()
        statement = sql.SQL("COPY copied ({}) FROM STDIN").format(columns)
        with path.open("rb") as file, connection.cursor().copy(statement) as into:
            while chunk := file.read(1024**2):
                into.write(chunk)
        seconds = time.monotonic() - began
        connection.execute("DROP TABLE copied")
    return seconds
