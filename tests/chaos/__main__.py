"""`python -m tests.chaos`: the long run. `--mutants`: each way to break the engine must be found."""

import argparse
import subprocess
import sys

from tests.chaos.mutants import MUTANTS
from tests.chaos.report import Wanted
from tests.chaos.run import run

LONG = {"syncs": 1_000, "kills": 1_000, "crashes": 1_000, "database_kills": 20, "zombies": 50, "seconds": 3_600}
SHORT = {"syncs": 80, "kills": 30, "crashes": 30, "database_kills": 1, "zombies": 2, "seconds": 70}


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--short", action="store_true", help="the run of the test suite")
    parser.add_argument("--mutant", choices=["sound", *MUTANTS], default="")
    parser.add_argument("--mutants", action="store_true", help="one short run for each mutant")
    for name, number in LONG.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=float if name == "seconds" else int, help=f"{number:,}")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if options.mutants:
        sys.exit(judge_mutants())
    wanted = dict(SHORT if options.short or options.mutant else LONG)
    wanted |= {name: given for name in LONG if (given := getattr(options, name)) is not None}
    pace = {} if options.short else {"kill_every": 0.5}
    if options.mutant:
        pace |= {"patience": 90, "zombies": 12, "seconds": 50, "cancels": 0.3}
        wanted |= {"syncs": 100, "kills": 40, "crashes": 40}
    report = run(Wanted(**(wanted | pace), mutant=options.mutant, seed=options.seed))
    print(report)
    sys.exit(bool(report.findings))


def judge_mutants() -> int:
    """Run every mutant; returns how many were judged wrongly."""
    is_just = not is_found("sound")
    found = sum(map(is_found, MUTANTS))
    judged = "not taken for one" if is_just else "taken for one, too"
    print(f"{found} of {len(MUTANTS)} mutants were found; the sound engine was {judged}.")
    return len(MUTANTS) - found + (not is_just)


def is_found(name: str) -> bool:
    command = [sys.executable, "-m", "tests.chaos", "--mutant", name]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    _, reported, after = done.stdout.partition("findings ")
    findings = [line.strip() for line in after.splitlines()[1:]]
    if not reported:
        # A run that ended with an error has found nothing.
        print(f"{name:<20} BROKE OFF\n{done.stderr[-2_000:]}", flush=True)
        return False
    print(f"{name:<20} {f'found: {findings[0]}' if findings else 'NOT FOUND'}", flush=True)
    return bool(findings)


if __name__ == "__main__":
    main()
