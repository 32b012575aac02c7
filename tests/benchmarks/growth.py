"""Whether a row takes as long among ten million as among ten thousand, and beside the records of other accounts."""

from pathlib import Path

from psycopg import sql

from tests.benchmarks.invoices import Invoices, write_csv_zip
from tests.benchmarks.measuring import measure, tell
from tests.benchmarks.server import BenchmarkServer
from tests.benchmarks.tables import Measured, ratio, speed, table
from tests.benchmarks.worker import Load
from tests.benchmarks.yardstick import copy_seconds, dump

CROWDED = "ads_benchmark_crowded"
# How many invoices each of the other accounts has, and how many of them one statement makes.
OF_ANOTHER, AT_ONCE = 10_000, 50

# Copies what one account has loaded to other accounts and enrollments, one for each number. The ids rise with time, as
# those of the product do.
COPY_OF_ANOTHER = """
    INSERT INTO {table} ({columns})
    SELECT {values} FROM {table} AS record CROSS JOIN generate_series(%(first)s::int, %(last)s::int) AS number
    WHERE record.group_key = %(original)s
"""
ID = """(lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0')
         || '7' || substr(replace(gen_random_uuid()::text, '-', ''), 14))::uuid"""
OWNER = "lpad(to_hex(number), 32, '0')::uuid"


FIRST, UNREAD, AGAIN, COPY = "first", "again at once", "again", "COPY"


def growth(server: BenchmarkServer, sizes: list[int], others: int, runs: int) -> str:
    """Measure all sizes in empty books and, when `others` are wanted, beside so many of theirs; return the tables.

    The keys come in no order, so that their index makes each row dearer the larger it is; how much, COPY tells. Whoever
    first reads what was loaded has to write each page once more (hint bits, checksums), as VACUUM does; so what comes
    at once is told apart.
    """
    files = {}
    for size in sizes:
        tell(f"writing {size:,} invoices")
        files[size] = Load(str(write_csv_zip(server.folder / f"{size}.zip", Invoices(size))))
    alone = {size: {FIRST: [], UNREAD: [], AGAIN: [], COPY: []} for size in sizes}
    for _ in range(runs):
        for size, load in files.items():
            server.fresh()
            _first_and_again(server, load, size, alone[size])
            alone[size][COPY].append(_copied(server, size))
    tables = [f"Alone\n\n{report(alone)}"]
    if others:
        beside = {size: {FIRST: [], UNREAD: [], AGAIN: []} for size in sizes}
        bytes_taken = crowd(server, others)
        try:
            for _ in range(runs):
                server.fresh(template=CROWDED)
                for size, load in files.items():
                    load.account = f"Of {size}"
                    _first_and_again(server, load, size, beside[size])
        finally:
            server.drop(CROWDED)
        tables.append(
            f"Beside {others:,} invoices of {others // OF_ANOTHER:,} other accounts "
            f"({bytes_taken / 1024**3:.1f} GiB on disk, after VACUUM ANALYZE)\n\n{report(beside)}"
        )
    return "\n\n".join([*tables, f"Medians of {runs}."])


def _first_and_again(server, load, size, found) -> None:
    invoices = Invoices(size)
    found[FIRST].append(measure(server, f"{size:,}, first load", load, invoices, inserted=size))
    found[UNREAD].append(measure(server, f"{size:,}, again at once", load, invoices, unchanged=size))
    server.vacuum()
    found[AGAIN].append(measure(server, f"{size:,}, again", load, invoices, unchanged=size))


def _copied(server, size) -> Measured:
    rows = server.folder / "growth.copy"
    dump(server, rows)
    copied = Measured(size, copy_seconds(server, rows))
    rows.unlink()
    tell(f"{size:,}, COPY: {copied.speed:,.0f} rows/s, {copied.seconds:.2f} s")
    return copied


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


def report(found: dict[int, dict[str, list[Measured]]]) -> str:
    """Each size's time per row, relative to the size nearest to a million."""
    yardstick = min(found, key=lambda size: abs(size - 1_000_000))
    usual = {what: speed(runs) for what, runs in found[yardstick].items()}
    lines = []
    for size, measured in found.items():
        relative = [f"{usual[what] / speed(runs):.2f}" for what, runs in measured.items()]
        to_copy = [f"{ratio(measured[FIRST], measured[COPY]):.2f}"] if COPY in measured else []
        speeds = [f"{speed(runs):,.0f}" for runs in measured.values()]
        peak = max(run.peak_mb for runs in measured.values() for run in runs)
        lines.append((f"{size:,}", *to_copy, *relative, *speeds, f"{peak:,.0f}"))
    headings = ["invoices", *(["first x COPY"] if COPY in usual else [])]
    headings += [f"{what}: time per row ÷ that of {yardstick:,}" for what in usual]
    headings += [f"{what}, rows/s" for what in usual] + ["peak MB"]
    return "\n\n".join(filter(None, [table(headings, lines), _straight_lines(found, yardstick)]))


def _straight_lines(found: dict[int, dict[str, list[Measured]]], yardstick: int) -> str:
    """How near a straight line, through the smallest size and the usual one, comes to the others."""
    smallest, others = min(found), sorted({*found} - {min(found), yardstick})
    if smallest == yardstick or not others:
        return ""
    sentences = []
    for what in found[yardstick]:
        seconds = {size: size / speed(measured[what]) for size, measured in found.items()}
        a_row = (seconds[yardstick] - seconds[smallest]) / (yardstick - smallest)
        fixed = seconds[smallest] - smallest * a_row
        off = [f"{size:,} takes {seconds[size] / (fixed + size * a_row):.2f} of what it says" for size in others]
        sentences.append(f"{what}: {fixed:.2f} s and {a_row * 1e6:.1f} µs a row; {', '.join(off)}.")
    return "\n".join([f"The straight line through {smallest:,} and {yardstick:,}:", *(f"- {one}" for one in sentences)])
