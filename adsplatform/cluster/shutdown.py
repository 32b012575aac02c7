"""How a cluster of workers stops: running syncs may end, and those that have not ended in time go back to the queue.

The cluster's main process notes when it was asked to stop, in memory that it shares with the workers forked from it.
All processes have ended STOP_SECONDS after the signal. `HAND_BACK_SECONDS` before that, `is_time_up` becomes true: a
worker then stops its sync and puts it back into the queue for another cluster. Whatever still runs at the end is
killed, and its transaction is rolled back.
"""

import mmap
import struct
import time

from django.conf import settings

# Taken from the end of STOP_SECONDS, but never more than half of it.
HAND_BACK_SECONDS = 10

_MOMENT = struct.Struct("d")


class SharedMoment:
    """A moment that this process and those forked from it share; None until it is set."""

    def __init__(self) -> None:
        # Anonymous memory stays shared after a fork, and a killed process cannot leave it locked.
        self._memory = mmap.mmap(-1, _MOMENT.size)

    def set(self, moment: float) -> None:
        self._memory[:] = _MOMENT.pack(moment)

    def get(self) -> float | None:
        (moment,) = _MOMENT.unpack(self._memory[:])
        return moment or None


requested_at = SharedMoment()


def request() -> None:
    """Mark this process and those forked from it as stopping; safe in a signal handler."""
    if not is_requested():
        requested_at.set(time.monotonic())


def is_requested() -> bool:
    """Whether this cluster is stopping, so that no sync may be started."""
    return requested_at.get() is not None


def is_time_up() -> bool:
    """Whether syncs that still run are to be stopped and put back into the queue."""
    return _seconds_left() <= min(HAND_BACK_SECONDS, settings.STOP_SECONDS / 2)


def is_over() -> bool:
    """Whether processes that still run are to be killed."""
    return _seconds_left() <= 0


def _seconds_left() -> float:
    moment = requested_at.get()
    return float("inf") if moment is None else moment + settings.STOP_SECONDS - time.monotonic()
