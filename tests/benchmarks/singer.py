"""What a Singer tap says, to the books and beside it to the tables of another target, from the same tap."""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from tests.benchmarks import replay_tap
from tests.benchmarks.invoices import AMOUNTS, COMPANY_COLUMNS, Invoices
from tests.benchmarks.measuring import check_books, measure, tell
from tests.benchmarks.other_forms import DATES, STAMPS
from tests.benchmarks.peers import PEERS, installed, run_peer
from tests.benchmarks.server import BenchmarkServer
from tests.benchmarks.tables import Measured, ratio, speed, table
from tests.benchmarks.worker import Load

TARGET, OURS = "singer_target", "ADS Platform"
FORMATS = dict.fromkeys(DATES, "date") | dict.fromkeys(STAMPS, "date-time")


def singer(server: BenchmarkServer, base: Path, rows: int, runs: int) -> str:
    """Measure both, interleaved, first load and re-load, and return the table."""
    invoices = Invoices(rows)
    python = installed(TARGET, base / "peers")
    found: dict[str, tuple[list[Measured], list[Measured]]] = {OURS: ([], []), PEERS[TARGET]: ([], [])}
    with replayed(server, invoices) as load:
        server.fresh()
        measure(server, "warming up", load, invoices, inserted=rows)
        check_books(server, invoices)
        for _ in range(runs):
            server.fresh()
            first, again = found[OURS]
            first.append(measure(server, f"{OURS}, first load", load, invoices, inserted=rows))
            server.vacuum()
            again.append(measure(server, f"{OURS}, again", load, invoices, unchanged=rows))
            server.fresh()
            with tempfile.TemporaryDirectory(dir=server.folder) as folder:
                for measured, which in zip(found[PEERS[TARGET]], ("first", "again"), strict=True):
                    measured.append(run_peer(server, TARGET, python, Path(load.path), invoices, Path(folder), which))
    theirs = found[PEERS[TARGET]]
    lines = [
        (
            name,
            *(f"{ratio(measured, other):.2f}" for measured, other in zip(both, theirs, strict=True)),
            *(f"{speed(measured):,.0f}" for measured in both),
            f"{max(run.peak_mb for measured in both for run in measured):,.0f}",
        )
        for name, both in found.items()
    ]
    headings = (
        f"{rows:,} invoices × 35 columns",
        *("first ÷ target", "again ÷ target", "first, rows/s", "again, rows/s", "peak MB"),
    )
    return f"{table(headings, lines)}\n\nMedians of {runs}; ratios are taken within a run, from the same tap."


@contextmanager
def replayed(server: BenchmarkServer, invoices: Invoices) -> Iterator[Load]:
    """The load of a tap that says these invoices and their companies; `path` is its program."""
    tell(f"writing {invoices.rows:,} invoices as messages")
    folder = Path(tempfile.mkdtemp(dir=server.folder))
    # The tap runs as another user, where the benchmarks are root's.
    folder.chmod(0o755)
    try:
        (folder / "bin").mkdir()
        program = shutil.copy(replay_tap.__file__, folder / "bin" / "tap-invoices")
        (folder / "bin" / "python").symlink_to(os.path.realpath(sys.executable))
        _write(folder, invoices)
        server.environment["SINGER_TAPS"] = json.dumps({"tap-invoices": str(program)})
        yield Load(str(program), interface="singer", settings={"tap": "tap-invoices", "config": "{}"})
    finally:
        server.environment.pop("SINGER_TAPS", None)
        shutil.rmtree(folder)


def _write(folder: Path, invoices: Invoices) -> None:
    streams = {"company": COMPANY_COLUMNS, "invoice": invoices.columns}
    schemas = {
        name: {"type": "object", "properties": {column: _kind(column) for column in columns}}
        for name, columns in streams.items()
    }
    entries = [
        {"tap_stream_id": name, "stream": name, "schema": schema, "key_properties": ["erpKey"], "metadata": []}
        for name, schema in schemas.items()
    ]
    (folder / "catalog.json").write_text(json.dumps({"streams": entries}))
    with (folder / "messages.jsonl").open("w") as out:

        def say(**message):
            out.write(f"{json.dumps(message)}\n")

        for name, rows in (("company", invoices.companies()), ("invoice", invoices)):
            say(type="SCHEMA", stream=name, schema=schemas[name], key_properties=["erpKey"])
            for row in rows:
                values = zip(streams[name], row, strict=True)
                say(type="RECORD", stream=name, record={column: _value(column, cell) for column, cell in values})
        say(type="STATE", value={"bookmarks": {"invoice": {"read": True}}})


def _kind(column: str) -> dict[str, object]:
    if column == "erpKey":
        return {"type": "string", "maxLength": 100}
    if column == "isActive":
        return {"type": ["boolean", "null"]}
    if column in AMOUNTS:
        return {"type": ["number", "null"]}
    return {"type": ["string", "null"], **({"format": FORMATS[column]} if column in FORMATS else {})}


def _value(column: str, cell: str) -> object:
    if not cell:
        return None
    if column == "isActive":
        return cell == "TRUE"
    if column in AMOUNTS:
        return float(cell)
    return datetime.fromisoformat(cell).replace(tzinfo=UTC).isoformat() if column in STAMPS else cell
