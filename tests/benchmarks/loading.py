"""How fast invoices load, in every form there is, beside COPY of the same rows."""

import os
from dataclasses import replace
from pathlib import Path
from statistics import median

from tests.benchmarks.invoices import Invoices, write_csv_zip
from tests.benchmarks.measuring import check, check_books, measure, tell
from tests.benchmarks.other_forms import (
    german_profile,
    write_batch,
    write_german_zip,
    write_jsonl_zip,
    write_pages,
)
from tests.benchmarks.server import BenchmarkServer
from tests.benchmarks.tables import Measured, ratio, speed, table
from tests.benchmarks.worker import Load, run
from tests.benchmarks.yardstick import copy_seconds, dump

COPY, FIRST, AGAIN, CHANGED = "COPY, text", "first load, CSV", "the same file again", "10 % changed"
AT_ONCE = "the same, before any VACUUM"
BAD, JSONL, BATCH = "first load, 2 % bad lines", "first load, JSONL", "first load, JSON batch"
CONNECTOR, TWO = "first load, connector", "two enrollments at once"
PROFILE = "first load, CSV by an import profile"
HALF = "first load, on half the cores"


def loading(server: BenchmarkServer, rows: int, runs: int) -> str:
    """Measure it all, interleaved, and return the table."""
    books = Books(server.folder, rows)
    warm_up(server, books)
    found = [one_run(server, books) for _ in range(runs)]
    return report({name: [run[name] for run in found] for name in found[0]}, rows, runs)


class Books:
    """The files that are loaded."""

    def __init__(self, folder: Path, rows: int):
        tell(f"writing {rows:,} invoices in every form")
        self.invoices = Invoices(rows)
        self.changed = replace(self.invoices, changed=0.1)
        self.bad = replace(self.invoices, bad=0.02)
        self.copied = folder / "invoices.copy"
        self.first = Load(str(write_csv_zip(folder / "first.zip", self.invoices)))
        self.later = Load(str(write_csv_zip(folder / "changed.zip", self.changed)))
        self.faulty = Load(str(write_csv_zip(folder / "bad.zip", self.bad)))
        self.jsonl = Load(str(write_jsonl_zip(folder / "jsonl.zip", self.invoices)))
        german = write_german_zip(folder / "german.zip", self.invoices)
        self.german = Load(str(german), profile=german_profile(self.invoices))
        self.batch = Load(str(write_batch(folder / "batch.json", self.invoices)), interface="batch")
        self.pages = Load(str(write_pages(folder / "pages", self.invoices)), interface="connector")


def warm_up(server: BenchmarkServer, books: Books) -> None:
    """Load once unmeasured: to compare the books with the file, and for the rows that COPY is to load."""
    server.fresh()
    measure(server, "warming up", books.first, books.invoices, inserted=books.invoices.rows)
    check_books(server, books.invoices)
    dump(server, books.copied)


def one_run(server: BenchmarkServer, books: Books) -> dict[str, Measured]:
    """Each load once; a first load finds empty books."""
    invoices, rows = books.invoices, books.invoices.rows
    found = {}

    def load(name, what, of=invoices, **expected):
        found[name] = measure(server, name, what, of, **expected)

    server.fresh()
    found[COPY] = Measured(rows, copy_seconds(server, books.copied))
    tell(f"{COPY}: {found[COPY].speed:,.0f} rows/s")
    server.fresh()
    load(FIRST, books.first, inserted=rows)
    load(AT_ONCE, books.first, unchanged=rows)
    server.vacuum()
    load(AGAIN, books.first, unchanged=rows)
    load(
        CHANGED,
        books.later,
        books.changed,
        updated=books.changed.changed_rows,
        unchanged=rows - books.changed.changed_rows,
    )
    server.fresh()
    load(BAD, books.faulty, books.bad, inserted=rows - books.bad.bad_rows, rejected=books.bad.bad_rows)
    other_forms = ((PROFILE, books.german), (JSONL, books.jsonl), (BATCH, books.batch), (CONNECTOR, books.pages))
    for name, what in other_forms:
        server.fresh()
        load(name, what, inserted=rows)
    server.fresh()
    found[TWO] = two_at_once(server, books)
    if server.may_be_confined:
        with server.on_half_the_cores():
            server.fresh()
            load(HALF, books.first, inserted=rows)
    return found


def two_at_once(server: BenchmarkServer, books: Books) -> Measured:
    """Two accounts' first loads in two worker processes, from the first one's begin to the last one's end."""
    outcomes = run(server, *(replace(books.first, account=name) for name in ("One", "Two")))
    for outcome in outcomes:
        check(TWO, outcome, books.invoices, inserted=books.invoices.rows)
    seconds = max(outcome.ended for outcome in outcomes) - min(outcome.began for outcome in outcomes)
    busy = max(outcome.busy_after for outcome in outcomes) - min(outcome.busy_before for outcome in outcomes)
    peak_mb = max(outcome.peak_mb for outcome in outcomes)
    measured = Measured(2 * books.invoices.rows, seconds, peak_mb, cores=busy / seconds)
    tell(f"{TWO}: {measured.speed:,.0f} rows/s, {seconds:.2f} s, {measured.cores:.2f} cores")
    return measured


def report(found: dict[str, list[Measured]], rows: int, runs: int) -> str:
    copied, first = found[COPY], found[FIRST]
    lines = [
        (
            name,
            f"{ratio(measured, copied):.2f}",
            f"{ratio(measured, first):.2f}",
            f"{speed(measured):,.0f}",
            f"{max(run.peak_mb for run in measured):,.0f}" if measured[0].peak_mb else "",
            f"{max(run.wal_mb for run in measured):,.0f}" if measured[0].wal_mb else "",
            f"{median(run.cores for run in measured):.2f}" if measured[0].cores else "",
        )
        for name, measured in found.items()
    ]
    headings = (f"{rows:,} invoices × 35 columns", "× COPY", "× first load", "rows/s", "peak MB", "WAL MB", "cores")
    notes = f"Medians of {runs}; ratios are taken within a run. Peak: of the worker process."
    if cores := median(run.cores for run in first):
        notes += (
            f" Cores: how many of {os.cpu_count()} were at work, whoever's. As one first load leaves no more of them "
            f"idle, two at once can be no more than {os.cpu_count() / cores:.2f} times as fast."
        )
    if HALF in found:
        notes += f" On all cores, two at once are {ratio(found[TWO], found[HALF]):.2f} times as fast as one on half."
    return f"{table(headings, lines)}\n\n{notes}"
