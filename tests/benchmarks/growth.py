"""Whether a row takes as long among ten million as among ten thousand, and beside the records of other accounts."""

from pathlib import Path

from psycopg import sql

from tests.benchmarks.invoices import Invoices, write_csv_zip
from tests.benchmarks.measuring import measure, tell
from tests.benchmarks.server import BenchmarkServer
from tests.benchmarks.tables import Measured, speed, table
from tests.benchmarks.worker import Load

CROWDED = "ads_benchmark_crowded"
# How many invoices each of the others has, and of how many the records are made in one statement.
OF_ANOTHER, AT_ONCE = 10_000, 50

# What one account has loaded, once more for each number, under another account and enrollment. The ids rise with time,
# as those of the product do.
COPY_OF_ANOTHER = """
    INSERT INTO {table} ({columns})
    SELECT {values} FROM {table} AS record CROSS JOIN generate_series(%(first)s::int, %(last)s::int) AS number
    WHERE record.group_key = %(original)s
"""
ID = """(lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0')
         || '7' || substr(replace(gen_random_uuid()::text, '-', ''), 14))::uuid"""
OWNER = "lpad(to_hex(number), 32, '0')::uuid"


def growth(server: BenchmarkServer, sizes: list[int], others: int, runs: int) -> str:
    """Measure all sizes in empty books and, when `others` are wanted, beside so many of theirs; return the tables."""
    files = {}
    for size in sizes:
        tell(f"writing {size:,} invoices")
        files[size] = Load(str(write_csv_zip(server.folder / f"{size}.zip", Invoices(size))))
    alone = {size: ([], []) for size in sizes}
    for _ in range(runs):
        for size, load in files.items():
            server.fresh()
            _first_and_again(server, load, size, *alone[size])
    tables = [f"Alone\n\n{report(alone)}"]
    if others:
        beside = {size: ([], []) for size in sizes}
        bytes_taken = crowd(server, others)
        try:
            for _ in range(runs):
                server.fresh(template=CROWDED)
                for size, load in files.items():
                    load.account = f"Of {size}"
                    _first_and_again(server, load, size, *beside[size])
        finally:
            server.drop(CROWDED)
        tables.append(
            f"Beside {others:,} invoices of {others // OF_ANOTHER:,} other accounts "
            f"({bytes_taken / 1024**3:.1f} GiB on disk, after VACUUM ANALYZE)\n\n{report(beside)}"
        )
    return "\n\n".join([*tables, f"Medians of {runs}."])


def _first_and_again(server, load, size, first, again) -> None:
    invoices = Invoices(size)
    first.append(measure(server, f"{size:,}, first load", load, invoices, inserted=size))
    again.append(measure(server, f"{size:,}, again", load, invoices, unchanged=size))


def crowd(server: BenchmarkServer, others: int) -> int:
    """Keep a database in which other accounts have so many invoices; the bytes that it takes."""
    tell(f"making {others:,} invoices of others")
    server.fresh()
    original = Path(server.folder / "another.zip")
    load = Load(str(write_csv_zip(original, Invoices(OF_ANOTHER, seed=2))), account="Another")
    measure(server, "another's", load, Invoices(OF_ANOTHER), inserted=OF_ANOTHER)
    with server.connect() as connection:
        (group_key,) = connection.execute("SELECT group_key FROM records_invoice LIMIT 1").fetchone()
        last = max(others // OF_ANOTHER - 1, 0)
        for table_name in ("records_company", "records_invoice"):
            statement = _copy_of_another(table_name, server.written_columns(table_name))
            for first in range(1, last + 1, AT_ONCE):
                numbers = {"first": first, "last": min(first + AT_ONCE - 1, last), "original": group_key}
                connection.execute(statement, numbers)
            connection.execute(sql.SQL("VACUUM ANALYZE {}").format(sql.Identifier(table_name)))
    server.keep(CROWDED)
    return server.size()


def _copy_of_another(table_name: str, names: list[str]) -> sql.Composed:
    made = {"id": ID, "group_key": OWNER, "app_enrollment_id": OWNER}
    return sql.SQL(COPY_OF_ANOTHER).format(
        table=sql.Identifier(table_name),
        columns=sql.SQL(", ").join(map(sql.Identifier, names)),
        values=sql.SQL(", ").join(
            sql.SQL(made[name]) if name in made else sql.Identifier("record", name) for name in names
        ),
    )


def report(found: dict[int, tuple[list[Measured], list[Measured]]]) -> str:
    """Each size's time per row, relative to the size nearest to a million."""
    yardstick = min(found, key=lambda size: abs(size - 1_000_000))
    usual = [speed(runs) for runs in found[yardstick]]
    lines = []
    for size, both in found.items():
        relative = [f"{of_usual / speed(runs):.2f}" for of_usual, runs in zip(usual, both, strict=True)]
        speeds = [f"{speed(runs):,.0f}" for runs in both]
        peak = max(run.peak_mb for runs in both for run in runs)
        lines.append((f"{size:,}", *relative, *speeds, f"{peak:,.0f}"))
    per_row = f"time per row ÷ that of {yardstick:,}"
    headings = ("invoices", f"first: {per_row}", f"again: {per_row}", "first, rows/s", "again, rows/s", "peak MB")
    return table(headings, lines)
