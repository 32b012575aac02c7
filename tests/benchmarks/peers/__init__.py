"""Other loaders, with the same rows, on the same server and into tables with the same key.

Each peer is a script of its own, which runs in a virtual environment of its own: `NAME.py`, installed from `NAME.txt`.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.invoices import Invoices, write_csv_zip
from tests.benchmarks.loading import COPY
from tests.benchmarks.measuring import check_books, measure, tell
from tests.benchmarks.other_forms import write_csv
from tests.benchmarks.server import BenchmarkServer
from tests.benchmarks.tables import Measured, ratio, speed, table
from tests.benchmarks.worker import Load
from tests.benchmarks.yardstick import copy_seconds, dump

HERE = Path(__file__).parent
OURS = "ADS Platform, CSV in a ZIP"
PEERS = {
    "bulk_create": "Django bulk_create(update_conflicts=True)",
    "bulk_import": "django-import-export, bulk",
    "dlt_upsert": "dlt, merge by upsert",
    "singer_target": "Singer meltanolabs-target-postgres, COPY",
}


def peers(server: BenchmarkServer, base: Path, rows: int, runs: int, only: list[str]) -> str:
    """Measure COPY, ours and the peers, interleaved, first load and re-load, and return the table."""
    if unknown := sorted(set(only) - set(PEERS)):
        raise SystemExit(f"No peer is called “{unknown[0]}”. Known: {', '.join(PEERS)}.")
    invoices = Invoices(rows)
    zipped = Load(str(write_csv_zip(server.folder / "invoices.zip", invoices)))
    plain, copied = write_csv(server.folder / "invoices.csv", invoices), server.folder / "invoices.copy"
    pythons = {name: installed(name, base / "peers") for name in PEERS if not only or name in only}
    server.fresh()
    measure(server, "warming up", zipped, invoices, inserted=rows)
    check_books(server, invoices)
    dump(server, copied)
    found = {name: ([], []) for name in (OURS, *(PEERS[name] for name in pythons))}
    copies = []
    for _ in range(runs):
        server.fresh()
        copies.append(Measured(rows, copy_seconds(server, copied)))
        server.fresh()
        first, again = found[OURS]
        first.append(measure(server, f"{OURS}, first load", zipped, invoices, inserted=rows))
        again.append(measure(server, f"{OURS}, again", zipped, invoices, unchanged=rows))
        for name, python in pythons.items():
            server.fresh()
            # A peer keeps its state between two loads of a run, but not between runs.
            with tempfile.TemporaryDirectory(dir=server.folder) as folder:
                for measured, which in zip(found[PEERS[name]], ("first", "again"), strict=True):
                    measured.append(run_peer(server, name, python, plain, invoices, Path(folder), which))
    return report(found, copies, rows, runs)


def run_peer(server, name, python, path, invoices, folder, which) -> Measured:
    """One load by a peer, which ends with an error unless its table holds what it should."""
    command = [python, HERE / f"{name}.py", path, server.url, folder, str(invoices.rows), str(invoices.total), which]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{PEERS[name]} failed:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    outcome = json.loads(done.stdout.splitlines()[-1])
    measured = Measured(invoices.rows, outcome["seconds"], outcome["peak_mb"])
    tell(f"{PEERS[name]}, {which}: {measured.speed:,.0f} rows/s, {measured.seconds:.2f} s, {measured.peak_mb:,.0f} MB")
    return measured


def installed(name: str, folder: Path) -> Path:
    """The Python of the peer's virtual environment, made unless it is there with these very versions."""
    wanted, environment = HERE / f"{name}.txt", folder / name
    python, kept = environment / "bin" / "python", environment / "installed.txt"
    if not kept.exists() or kept.read_text() != wanted.read_text():
        tell(f"installing {PEERS[name]}")
        folder.mkdir(parents=True, exist_ok=True)
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", wanted]
        for command in [sys.executable, "-m", "venv", "--clear", environment], install:
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                raise SystemExit(f"{PEERS[name]} could not be installed: {done.stderr[-2000:]}")
        kept.write_text(wanted.read_text())
    return python


def report(found: dict[str, tuple[list[Measured], list[Measured]]], copies, rows: int, runs: int) -> str:
    ours = found[OURS]
    lines = [(COPY, "1.00", "", f"{1 / ratio(ours[0], copies):.2f}", "", f"{speed(copies):,.0f}", "", "")]
    for name, both in found.items():
        lines.append(
            (
                name,
                *(f"{ratio(measured, copies):.2f}" for measured in both),
                *(f"{ratio(measured, of_ours):.2f}" for measured, of_ours in zip(both, ours, strict=True)),
                *(f"{speed(measured):,.0f}" for measured in both),
                f"{max(run.peak_mb for measured in both for run in measured):,.0f}",
            )
        )
    headings = (
        f"{rows:,} invoices × 35 columns",
        *("first ÷ COPY", "again ÷ COPY", "first ÷ ours", "again ÷ ours", "first, rows/s", "again, rows/s", "peak MB"),
    )
    return f"{table(headings, lines)}\n\nMedians of {runs}; ratios are taken within a run."
