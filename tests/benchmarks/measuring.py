"""One measured load: run in a worker, checked against what must come of it."""

import sys

from tests.benchmarks.invoices import Invoices
from tests.benchmarks.server import BenchmarkServer
from tests.benchmarks.tables import Measured
from tests.benchmarks.worker import Load, Outcome, run


class WrongOutcome(Exception):
    """A sync did not do what it was measured for, so that its time means nothing."""


def measure(server: BenchmarkServer, name: str, load: Load, invoices: Invoices, **expected: int) -> Measured:
    """Run the load; `expected` counts of invoices must be found, and all others must be 0."""
    with server.connect() as connection:
        # Otherwise the same file would not be read again.
        connection.execute("UPDATE syncs_syncrequest SET settled_by = '' WHERE settled_by <> ''")
    wal, written = server.wal_position(), server.rows_written()
    (outcome,) = run(server, load)
    check(name, outcome, invoices, **expected)
    if not {"inserted", "updated"} & {*expected} and server.rows_written() != written:
        raise WrongOutcome(f"{name}: {server.rows_written() - written:,} records were written, and none had changed.")
    measured = Measured(
        rows=invoices.rows,
        seconds=outcome.seconds,
        peak_mb=outcome.peak_mb,
        wal_mb=(server.wal_position() - wal) / 1024**2,
        cores=(outcome.busy_after - outcome.busy_before) / outcome.seconds,
    )
    tell(
        f"{name}: {measured.speed:,.0f} rows/s, {measured.seconds:.2f} s, {measured.peak_mb:,.0f} MB, "
        f"{measured.cores:.2f} cores"
    )
    return measured


def check(name: str, outcome: Outcome, invoices: Invoices, **expected: int) -> None:
    """Raise WrongOutcome unless the sync ended in Success with exactly these counts of invoices."""
    wanted = dict.fromkeys(outcome.counts, 0) | {"lines_read": invoices.rows} | expected
    if outcome.status != "Success" or outcome.counts != wanted:
        raise WrongOutcome(f"{name}: {outcome.status}, “{outcome.message}”, {outcome.counts}; expected were {wanted}.")


def check_books(server: BenchmarkServer, invoices: Invoices) -> None:
    """Raise WrongOutcome unless the books hold these invoices and their amounts, to the cent."""
    with server.connect() as connection:
        found = connection.execute("SELECT count(*), sum(total_amount) FROM records_invoice").fetchone()
    wanted = (invoices.rows, invoices.total)
    if found != wanted:
        raise WrongOutcome(f"The books hold {found[0]:,} invoices, {found[1]} in all; expected were {wanted}.")


def tell(line: str) -> None:
    """Say how far it is, beside the tables."""
    print(f"  {line}", file=sys.stderr, flush=True)
