"""How `ads` ends, for scripts and cron."""

from enum import IntEnum


class Exit(IntEnum):
    """The exit status of a command; `ads --help` explains each."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    REJECTED = 3
    REFUSED = 4
    UNREACHED = 5
    INTERRUPTED = 130
