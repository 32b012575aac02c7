"""The environment of a run: where its data are, and the limits that make faults have their effect soon."""

import os
from pathlib import Path

from tests.chaos.mutants import OF_READERS

LIMITS = {"tries": 30, "crashes": 8, "starts": 100}
LEASE = 3.0


def prepare(folder: Path, mutant: str) -> None:
    """Set the environment of this process and of all that it starts; to be called before Django is set up."""
    (folder / "gates").mkdir()
    for log in ("crashes", "attempts"):
        (folder / log).touch()
    # What reads a source may run as another user.
    (folder / "gates").chmod(0o777)
    (folder / "attempts").chmod(0o666)
    os.environ |= {
        "ADS_VAR_DIR": str(folder / "var"),
        "DJANGO_SETTINGS_MODULE": "tests.chaos.settings",
        # This process, which requests and cancels syncs, is broken in the same way.
        "CHAOS_MUTANT": mutant,
        "CHAOS_ATTEMPTS": str(folder / "attempts"),
        "CHAOS_GATES": str(folder / "gates"),
        "SYNC_READER_ENVIRONMENT": "CHAOS_ATTEMPTS,CHAOS_GATES" + (",CHAOS_MUTANT" if mutant in OF_READERS else ""),
        "SYNC_READER_FOLDERS": f"{folder / 'attempts'},{folder / 'gates'}",
        "CRASH_LOG": str(folder / "crashes"),
        "LOG_LEVEL": "WARNING",
        "SYNC_LEASE_SECONDS": str(LEASE),
        "SYNC_RETRY_SECONDS": "0.2",
        # So that every waiting sync is due within the patience, however often it has failed.
        "SYNC_LONGEST_RETRY_SECONDS": "2",
        "SYNC_TRIES": str(LIMITS["tries"]),
        "SYNC_CRASHES": str(LIMITS["crashes"]),
        "SYNC_MOST_STARTS": str(LIMITS["starts"]),
        "SYNC_WORKERS": "3",
        "SYNC_TURN_SECONDS": "0",
        "SYNC_AHEAD_BYTES": "0",
        "SYNC_RUNNING_PER_ACCOUNT": "6",
    }
    os.environ.pop("DATABASE_URL", None)


def patient(seconds: float) -> float:
    """How long to wait for what takes at most so long on a machine with nothing else to do."""
    per_processor = os.getloadavg()[0] / (os.cpu_count() or 1)
    return seconds * max(1.0, per_processor)
