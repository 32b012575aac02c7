"""Keeps a thread of each web server process free of what may take long, whoever asks for it."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition, get_ident

from adsplatform.errors import QuotaExceeded

# Of the threads of a process, which the web server reads from the same variable.
MOST_AT_ONCE = max(int(os.environ.get("WEB_THREADS") or "4") - 1, 1)
# What has lasted so long is taken for long; shorter work is waited for.
PATIENCE_SECONDS = 0.25
RETRY_SECONDS = 5


class Busy(QuotaExceeded):
    """Others occupy what this would need."""

    status = 503
    title = "The server is busy."


_changed = Condition()
# The threads that are occupied, since when.
_since: dict[int, float] = {}


def occupy() -> int | None:
    """Occupy this thread; returns what `release` needs, None where the thread is occupied by the same request already.

    Raises Busy while all threads but one are occupied for long.
    """
    thread = get_ident()
    with _changed:
        if thread in _since:
            return None
        until = time.monotonic() + PATIENCE_SECONDS
        while len(_since) >= MOST_AT_ONCE:
            # Further ones are refused at once, so that they do not occupy the last thread by waiting.
            left = min(until, max(_since.values()) + PATIENCE_SECONDS) - time.monotonic()
            if left <= 0:
                raise Busy(
                    "The server is busy with long queries, downloads and inspections of files. Nothing was changed. "
                    f"Try again in {RETRY_SECONDS} seconds.",
                    retry_after=RETRY_SECONDS,
                )
            _changed.wait(left)
        _since[thread] = time.monotonic()
    return thread


def release(occupied: int | None) -> None:
    if occupied is not None:
        with _changed:
            _since.pop(occupied, None)
            _changed.notify()


@contextmanager
def occupied_thread() -> Iterator[None]:
    """What this block does may take long; raises Busy, see `occupy`."""
    occupied = occupy()
    try:
        yield
    finally:
        release(occupied)
