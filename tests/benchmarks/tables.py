"""What was measured, as Markdown tables of medians, ratios first."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median


@dataclass
class Measured:
    """One load: how many rows in how many seconds, the worker's peak memory, the WAL, how many cores were at work."""

    rows: int
    seconds: float
    peak_mb: float = 0
    wal_mb: float = 0
    cores: float = 0

    @property
    def speed(self) -> float:
        return self.rows / self.seconds


def speed(runs: list[Measured]) -> float:
    """Rows a second, the median."""
    return median(run.speed for run in runs)


def ratio(runs: list[Measured], others: list[Measured]) -> float:
    """How many times as fast as the others, the median of what was measured in the same run."""
    return median(run.speed / other.speed for run, other in zip(runs, others, strict=True))


def table(headings: Iterable[str], rows: Iterable[Iterable]) -> str:
    """A Markdown table whose columns stand below each other in plain text too; the first column is text."""
    lines = [[str(cell) for cell in row] for row in (headings, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])])
    return "\n".join(
        "| " + " | ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]) + " |" for line in lines
    )
