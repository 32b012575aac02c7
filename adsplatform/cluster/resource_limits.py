"""What a process that carries out syncs may take of the machine, so that one sync cannot bring down its neighbours."""

import ctypes
import resource

from django.conf import settings

# Files and connections open at once; a sync needs a few dozen.
OPEN_FILES = 1_024
# glibc's numbers for: bytes from which memory is asked for apart; bytes that may lie unused before they are given back.
M_MMAP_THRESHOLD, M_TRIM_THRESHOLD = -3, -1
APART_FROM, KEPT_UNUSED = 32 * 1024**2, 64 * 1024**2


def limit_resources() -> None:
    """Limit this process and all it starts; what is over a limit fails in it, and nowhere else.

    Processor time is not limited: a sync may rightly take hours. Memory dumps are off, because credentials are in
    memory.
    """
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_NOFILE, OPEN_FILES)
    _lower(resource.RLIMIT_FSIZE, settings.SYNC_FILE_MAX_BYTES)
    if settings.SYNC_MEMORY_MAX_BYTES:
        _lower(resource.RLIMIT_AS, settings.SYNC_MEMORY_MAX_BYTES)


def keep_freed_memory() -> None:
    """Have this process keep the memory of one block of rows for the next, where its C library can be told to.

    Else the system clears the same few megabytes again and again, which takes a tenth of the time of reading a file.
    """
    if mallopt := getattr(ctypes.CDLL(None), "mallopt", None):
        mallopt(M_MMAP_THRESHOLD, APART_FROM)
        mallopt(M_TRIM_THRESHOLD, KEPT_UNUSED)


def _lower(limit: int, wanted: int) -> None:
    """Set a limit, for good, unless a lower one is there."""
    _, hard = resource.getrlimit(limit)
    if hard == resource.RLIM_INFINITY or wanted < hard:
        resource.setrlimit(limit, (wanted, wanted))
    else:
        resource.setrlimit(limit, (hard, hard))
