"""Gates: a source waits halfway through its rows until the test lets it go on.

Arrivals and openings are empty files with telling names, because a file is there or it is not.
"""

import os
import time
from pathlib import Path


def wait(number: int, claim: int, process: int) -> None:
    """Report the arrival of what is read for a claim of a sync, by which processes, and wait until the gate opens."""
    _file(f"arrived {number} {claim} {process} {os.getpid()}").touch()
    openings = [_file("open"), _file(f"open {number}"), _file(f"open {number} {claim}")]
    while not any(opening.exists() for opening in openings):
        time.sleep(0.02)


def arrivals(number: int) -> dict[int, tuple[int, int]]:
    """What has arrived at the gate of a sync, by claims: the sync's process and the one that reads for it."""
    arrived = [file.name.split() for file in _file("").glob(f"arrived {number} *")]
    return {int(claim): (int(process), int(reader)) for _, _, claim, process, reader in arrived}


def open_for(number: int, claim: int) -> None:
    """Let one claim of a sync go on."""
    _file(f"open {number} {claim}").touch()


def open_for_all(number: int) -> None:
    """Let every claim of a sync go on."""
    _file(f"open {number}").touch()


def open_all() -> None:
    """Let every sync go on, and those to come."""
    _file("open").touch()


def _file(name: str) -> Path:
    return Path(os.environ["CHAOS_GATES"], name)
