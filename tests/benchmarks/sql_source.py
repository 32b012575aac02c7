"""From the tables of a database to the books, beside COPY of the same rows and the same rows as a CSV file."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from tests.benchmarks.invoices import AMOUNTS, COMPANY_COLUMNS, Invoices, write_csv_zip
from tests.benchmarks.measuring import check_books, measure, tell
from tests.benchmarks.other_forms import DATES, STAMPS
from tests.benchmarks.server import BenchmarkServer
from tests.benchmarks.tables import Measured, ratio, speed, table
from tests.benchmarks.worker import Load
from tests.benchmarks.yardstick import copy_seconds, dump

SOURCE = "ads_benchmark_source"
COPY, CSV, FIRST, AGAIN = "COPY, text", "first load, CSV", "first load, SQL", "the same again, SQL"
TYPES = {
    **dict.fromkeys(AMOUNTS, "numeric(18, 2)"),
    **dict.fromkeys(DATES, "date"),
    **dict.fromkeys(STAMPS, "timestamptz"),
    "isActive": "boolean",
}


def sql_source(server: BenchmarkServer, rows: int, runs: int) -> str:
    """Measure it all, interleaved, and return the table."""
    invoices, copied = Invoices(rows), server.folder / "invoices.copy"
    tell(f"writing {rows:,} invoices as a file and as a table")
    csv = Load(str(write_csv_zip(server.folder / "first.zip", invoices)))
    found: dict[str, list[Measured]] = {COPY: [], CSV: [], FIRST: [], AGAIN: []}
    with _tables(server, invoices) as load:
        server.fresh()
        measure(server, "warming up", load, invoices, inserted=rows)
        check_books(server, invoices)
        dump(server, copied)
        for _ in range(runs):
            server.fresh()
            found[COPY].append(Measured(rows, copy_seconds(server, copied)))
            server.fresh()
            found[CSV].append(measure(server, CSV, csv, invoices, inserted=rows))
            server.fresh()
            found[FIRST].append(measure(server, FIRST, load, invoices, inserted=rows))
            server.vacuum()
            found[AGAIN].append(measure(server, AGAIN, load, invoices, unchanged=rows))
    lines = [
        (name, f"{ratio(of, found[COPY]):.2f}", f"{speed(of):,.0f}", f"{max(one.peak_mb for one in of):,.0f}")
        for name, of in found.items()
    ]
    headings = (f"{rows:,} invoices × 35 columns", "× COPY", "rows/s", "peak MB")
    return (
        f"{table(headings, lines)}\n\nMedians of {runs}; ratios are taken within a run. Source and books: one server."
    )


@contextmanager
def _tables(server: BenchmarkServer, invoices: Invoices) -> Iterator[Load]:
    """The load of tables with these invoices and their companies, in a database of their own on the server."""
    url = server.create(SOURCE)
    with psycopg.connect(url, autocommit=True) as connection:
        for name, columns, rows in (
            ("companies", COMPANY_COLUMNS, invoices.companies()),
            ("invoices", invoices.columns, invoices),
        ):
            typed = [sql.SQL("{} {}").format(sql.Identifier(of), sql.SQL(TYPES.get(of, "text"))) for of in columns]
            connection.execute(sql.SQL("CREATE TABLE {} ({})").format(sql.Identifier(name), sql.SQL(", ").join(typed)))
            with connection.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(name))) as copy:
                for row in rows:
                    copy.write_row([cell or None for cell in row])
        connection.execute("VACUUM ANALYZE")
    of = conninfo_to_dict(url)
    yield Load(
        "",
        interface="sql",
        settings={
            "server": "postgresql",
            "host": of["host"],
            "port": str(of["port"]),
            "database": SOURCE,
            "selectCompany": "SELECT * FROM companies",
            "selectInvoice": "SELECT * FROM invoices",
        },
        credentials={"username": of["user"], "password": of.get("password", "")},
    )
    server.drop(SOURCE)
