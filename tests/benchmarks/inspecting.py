"""How long a person waits to be told what a large file seems to be, and how much of the file is read for it.

`python -m tests.benchmarks.inspecting FILE` is the process that is measured; it prints an Outcome as JSON.
"""

import csv
import io
import json
import resource
import subprocess
import sys
import time
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from tests.benchmarks.invoices import Invoices
from tests.benchmarks.measuring import tell
from tests.benchmarks.other_forms import german_rows
from tests.benchmarks.server import PROJECT, BenchmarkServer
from tests.benchmarks.tables import table

SAMPLE = 1_000


class NotRead(Exception):
    """The inspection did not say how the file would be read, so that its time means nothing."""


@dataclass
class Outcome:
    """What one inspection took, and what its process did."""

    seconds: float
    read_mb: float
    peak_mb: float


def inspecting(server: BenchmarkServer, gigabytes: float, runs: int) -> str:
    """Inspect an export of so many gigabytes with semicolons and decimal commas, as a file and in a ZIP."""
    server.fresh()
    plain, packed = server.folder / "invoices.csv", server.folder / "invoices.zip"
    sample = _write(plain, Invoices(SAMPLE)).stat().st_size / SAMPLE
    rows = max(SAMPLE, int(gigabytes * 1e9 / sample))
    tell(f"writing {rows:,} invoices")
    _write(plain, Invoices(rows))
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.write(plain, plain.name)
    lines = [_line(path, [_inspect(server, path) for _ in range(runs)]) for path in (plain, packed)]
    headings = (f"{rows:,} invoices", "GB", "seconds", "MB read", "peak MB")
    return f"{table(headings, lines)}\n\nMedians of {runs}; the largest of what was read and of the peaks."


def _write(path: Path, invoices: Invoices) -> Path:
    with path.open("w", encoding="utf-8", newline="") as text:
        writer = csv.writer(text, delimiter=";")
        writer.writerow(invoices.columns)
        writer.writerows(german_rows(invoices))
    return path


def _line(path: Path, found: list[Outcome]) -> tuple[str, ...]:
    return (
        path.name,
        f"{path.stat().st_size / 1e9:.2f}",
        f"{median(outcome.seconds for outcome in found):.2f}",
        f"{max(outcome.read_mb for outcome in found):.1f}",
        f"{max(outcome.peak_mb for outcome in found):,.0f}",
    )


def _inspect(server: BenchmarkServer, path: Path) -> Outcome:
    command = [sys.executable, "-m", "tests.benchmarks.inspecting", str(path)]
    done = subprocess.run(command, cwd=PROJECT, env=server.environment, text=True, stdout=subprocess.PIPE, check=True)
    return Outcome(**json.loads(done.stdout))


class _Counted(io.FileIO):
    """A file that counts the bytes that are read from it."""

    taken = 0

    def readinto(self, buffer) -> int:
        count = super().readinto(buffer) or 0
        self.taken += count
        return count


def main() -> None:
    import django

    django.setup()
    from adsplatform.accounts.models import Account
    from syncs.services.inspection import inspect

    account, _ = Account.objects.get_or_create(name="Benchmark")
    path = Path(sys.argv[1])
    with _Counted(path) as raw, io.BufferedReader(raw) as content:
        began = time.monotonic()
        found = inspect(account, None, content, file_name=path.name)
        seconds = time.monotonic() - began
        if not any(len(file.columns) == len(Invoices(0).columns) for file in found.files):
            raise NotRead(f"{path.name} was not understood: {found.to_json()}")
        outcome = Outcome(
            seconds=seconds,
            read_mb=raw.taken / 1e6,
            peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        )
    print(json.dumps(asdict(outcome)))


if __name__ == "__main__":
    main()
