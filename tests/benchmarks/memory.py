"""How much memory a worker takes at a CSV of many gigabytes in a ZIP, and at bad lines by the million."""

from pathlib import Path

from tests.benchmarks.invoices import Invoices, write_csv_zip
from tests.benchmarks.measuring import check, tell
from tests.benchmarks.server import BenchmarkServer
from tests.benchmarks.tables import table
from tests.benchmarks.worker import Load, Outcome, run

# Rows of about a kilobyte, as those of systems with notes are. They pack well, so that the ZIP of 10 GB stays below
# what may be uploaded at once (2 GiB), but no better than real texts do: to a sixth.
NOTES = 600
SAMPLE = 1_000


def memory(server: BenchmarkServer, gigabytes: float, bad_lines: int) -> str:
    """Load both, once each, and return the table."""
    lines = []
    if gigabytes:
        lines.append(huge_file(server, gigabytes))
    if bad_lines:
        lines.append(many_bad_lines(server, bad_lines))
    headings = ("what", "peak MB", "ended in", "lines", "seconds", "lines/s", "unpacked GB", "ZIP GB", "database GB")
    return f"{table(headings, lines)}\n\nPeak: of the worker process, the upload included."


def huge_file(server: BenchmarkServer, gigabytes: float) -> tuple:
    """A CSV of so many gigabytes, never unpacked to disk, neither here nor there."""
    of_a_sample = Invoices(SAMPLE, notes=NOTES)
    invoices = Invoices(int(gigabytes * 1e9 / (_bytes(of_a_sample) / SAMPLE)), notes=NOTES)
    name = f"a CSV of {gigabytes:g} GB in a ZIP"
    outcome, size = _load(server, name, invoices)
    check(name, outcome, invoices, inserted=invoices.rows)
    return _line(server, name, invoices, outcome, size, gigabytes)


def many_bad_lines(server: BenchmarkServer, bad_lines: int) -> tuple:
    """So many rejected lines, each with its details, beside half as many good ones."""
    rows = bad_lines * 3 // 2
    invoices = Invoices(rows, bad=bad_lines / rows)
    name = f"{invoices.bad_rows:,} bad lines"
    outcome, size = _load(server, name, invoices)
    check(name, outcome, invoices, inserted=rows - invoices.bad_rows, rejected=invoices.bad_rows)
    kept = server.ask("SELECT count(*) FROM syncs_syncresultdetail WHERE kind = 'error'")
    if kept < invoices.bad_rows:
        raise SystemExit(f"Of {invoices.bad_rows:,} bad lines only {kept:,} are told of.")
    return _line(server, f"{name}, {kept:,} details", invoices, outcome, size, _bytes(invoices) / 1e9)


def _load(server: BenchmarkServer, name: str, invoices: Invoices) -> tuple[Outcome, int]:
    server.fresh()
    path = Path(server.folder / "memory.zip")
    tell(f"{name}: writing {invoices.rows:,} invoices")
    size = write_csv_zip(path, invoices).stat().st_size
    tell(f"{name}: loading")
    (outcome,) = run(server, Load(str(path)))
    tell(f"{name}: {outcome.status}, {outcome.peak_mb:,.0f} MB, {outcome.seconds:,.0f} s; {outcome.message}")
    path.unlink()
    return outcome, size


def _line(server, name, invoices, outcome, size, gigabytes) -> tuple:
    return (
        name,
        f"{outcome.peak_mb:,.0f}",
        outcome.status,
        f"{invoices.rows:,}",
        f"{outcome.seconds:,.0f}",
        f"{invoices.rows / outcome.seconds:,.0f}",
        f"{gigabytes:.2f}",
        f"{size / 1e9:.2f}",
        f"{server.size() / 1e9:.1f}",
    )


def _bytes(invoices: Invoices) -> int:
    """How long the rows are as CSV."""
    return sum(sum(map(len, row)) + len(row) + 1 for row in invoices)
