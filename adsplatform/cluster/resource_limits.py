"""Limits of a process, so that one sync or request cannot exhaust the machine for the others."""

import ctypes
import resource

from django.conf import settings

# Files and connections open at once; a sync needs a few dozen.
OPEN_FILES = 1_024
# Parameters of glibc's mallopt(3): the size from which a block is mapped from the system and unmapped when it is freed;
# and how many unused bytes may stay at the top of the heap.
M_MMAP_THRESHOLD, M_TRIM_THRESHOLD = -3, -1
MAPPED_FROM_BYTES, UNUSED_BYTES = 32 * 1024**2, 64 * 1024**2


def limit_resources() -> None:
    """Limit this process and all that it starts; exceeding a limit is an error in that process alone.

    Processor time has no limit: a sync may take hours. Core dumps are off, because memory holds credentials.
    """
    lower_limit(resource.RLIMIT_CORE, 0)
    lower_limit(resource.RLIMIT_NOFILE, OPEN_FILES)
    lower_limit(resource.RLIMIT_FSIZE, settings.SYNC_FILE_MAX_BYTES)
    if settings.SYNC_MEMORY_MAX_BYTES:
        lower_limit(resource.RLIMIT_AS, settings.SYNC_MEMORY_MAX_BYTES)


def keep_freed_memory() -> None:
    """Let this process reuse the memory of one block of rows for the next, where the C library has `mallopt`.

    Otherwise the kernel clears the same few megabytes again and again, a tenth of the time of reading a file.
    """
    if mallopt := getattr(ctypes.CDLL(None), "mallopt", None):
        mallopt(M_MMAP_THRESHOLD, MAPPED_FROM_BYTES)
        mallopt(M_TRIM_THRESHOLD, UNUSED_BYTES)


def lower_limit(limit: int, wanted: int) -> None:
    """Set a soft and hard limit, unless the present one is lower."""
    _, hard = resource.getrlimit(limit)
    if hard == resource.RLIM_INFINITY or wanted < hard:
        resource.setrlimit(limit, (wanted, wanted))
    else:
        resource.setrlimit(limit, (hard, hard))
