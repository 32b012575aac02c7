"""How a cluster of workers stops: what is running may end, and what has not ended in time is handed back.

The cluster's main process notes when it was told to stop, in memory that the workers forked from it share. STOP_SECONDS
after the signal every process is gone. `HAND_BACK_SECONDS` before that `is_time_up` becomes true: whoever carries out a
sync then stops it and puts it back into the queue, for a cluster that goes on. What does not heed that is killed; its
transaction is rolled back.
"""

import mmap
import struct
import time

from django.conf import settings

# Of STOP_SECONDS; of a short time, half.
HAND_BACK_SECONDS = 10

# Anonymous, so it stays shared after a fork, and nobody who is killed can leave it locked.
_shared = mmap.mmap(-1, 8)
_MOMENT = struct.Struct("d")


def tell() -> None:
    """From now on, this process and those forked from it are stopping; safe in a signal handler."""
    if not is_told():
        _shared[:] = _MOMENT.pack(time.monotonic())


def is_told() -> bool:
    """Whether this cluster is stopping, so that nothing new is to be begun."""
    return _told_at() > 0


def is_time_up() -> bool:
    """Whether what is still running is to be stopped and handed back now."""
    return is_told() and _seconds_left() <= min(HAND_BACK_SECONDS, settings.STOP_SECONDS / 2)


def is_over() -> bool:
    """Whether what is still running is to be killed."""
    return is_told() and _seconds_left() <= 0


def _seconds_left() -> float:
    return _told_at() + settings.STOP_SECONDS - time.monotonic()


def _told_at() -> float:
    return _MOMENT.unpack(_shared[:])[0]
