"""What a run is to have, and what it had."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class Wanted:
    """How many syncs and faults a run is to have."""

    syncs: int = 80
    kills: int = 30
    crashes: int = 30
    database_kills: int = 1
    zombies: int = 2
    cancels: float = 0.06
    seconds: float = 70
    # How long everything may take to end once nothing is broken any more.
    patience: float = 60
    mutant: str = ""
    seed: int = 1
    kill_every: float = 0.7
    enrollments: int = 12


@dataclass
class Report:
    """What happened in a run, and what was wrong."""

    kills: Counter[str] = field(default_factory=Counter)
    crashes: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    recoveries: list[float] = field(default_factory=list)
    cancels: list[float] = field(default_factory=list)
    looks: int = 0
    attempts: int = 0
    syncs: int = 0
    seconds: float = 0
    wedged: int = 0
    emptied: int = 0

    def __str__(self) -> str:
        return "\n".join([
            f"syncs             {self.syncs} in {self.attempts} attempts, {self.seconds:.0f} s",
            f"outcomes          {_listed(self.statuses)}",
            f"kills             {sum(self.kills.values())} ({_listed(self.kills)})",
            f"crash points      {sum(self.crashes.values())} ({_listed(self.crashes)})",
            f"queue emptied     {self.emptied} times",
            f"looks of a reader {self.looks}",
            f"recoveries        {_spread(self.recoveries)}",
            f"cancels           {_spread(self.cancels)}",
            f"wedged clusters   {self.wedged}",
            f"findings          {len(self.findings)}",
            *(f"  {finding}" for finding in list(dict.fromkeys(self.findings))[:20]),
        ])  # fmt: skip


def _listed(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counter.most_common())


def _spread(seconds: Iterable[float]) -> str:
    ordered = sorted(seconds)
    if not ordered:
        return "none"
    half, most = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.95)]
    return f"{len(ordered)}, p50 {half:.2f} s, p95 {most:.2f} s, slowest {ordered[-1]:.2f} s"
