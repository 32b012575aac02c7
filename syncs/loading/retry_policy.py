"""The retry policy: what an error means, whether the sync has another attempt, and when."""

import errno
from dataclasses import dataclass
from random import SystemRandom

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from syncs.connectors.protocol import ConnectorError
from syncs.models import SyncRequest

OUT_OF_MEMORY = "The sync needed more memory than a sync may have. Nothing was changed."
OUR_FAULT = "Something went wrong on our side. Nothing was changed."
DATABASE_BUSY = "The platform’s database had no room or no time for it. Nothing was changed."
DATABASE_GONE = "The platform’s database could not be reached for a while. Nothing was changed."
WORKER_LOST = "The worker that had it gave no sign of life any more. Nothing was changed."
WORKER_STOPPING = "Its worker was told to stop, so another one starts it again. Nothing was changed."
WORKER_STOPPED = "The worker stopped in the middle of it. Nothing was changed."
# The longest pause, in seconds, that a source may ask for.
LONGEST_PAUSE = 24 * 3600
# Errors of files and connections that may not occur at the next attempt.
TRANSIENT_ERRNOS = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EMFILE,
    errno.ENFILE,
    errno.EIO,
    errno.ECONNRESET,
    errno.ETIMEDOUT,
}
# The beginnings of the SQLSTATEs with which PostgreSQL shuts down or ends a session.
SESSION_ENDED = ("08", "57P", "25P03")


@dataclass(frozen=True, slots=True)
class FailureReason:
    """Why an attempt failed: the sentence and the code to show, and whether another attempt may succeed.

    `retry_after` is the pause in seconds that the source asked for.
    """

    message: str
    code: str
    transient: bool = False
    retry_after: float | None = None


def reason_of(error: Exception) -> FailureReason:
    """What an exception means for the sync; an unforeseen one is an error of the platform."""
    match error:
        case ConnectorError():
            return FailureReason(str(error), error.code, error.transient, error.retry_after)
        case MemoryError():
            return FailureReason(OUT_OF_MEMORY, "out_of_memory")
        case OperationalError():
            return FailureReason(DATABASE_BUSY, "database_busy", transient=True)
        case OSError(errno=number) if number in TRANSIENT_ERRNOS:
            return FailureReason(
                f"The platform could not read or write a file ({error.strerror}). Nothing was changed.",
                "storage_unavailable",
                transient=True,
            )
    return FailureReason(OUR_FAULT, "our_fault")


def has_lost_the_database(error: Exception) -> bool:
    """Whether this process's database session has ended, so that everything staged is lost."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    session = connection.connection
    # The server's last message may be read before the connection counts as closed; without a SQLSTATE there was none.
    state = getattr(error.__cause__, "sqlstate", "")
    return session is None or session.closed or state is None or state.startswith(SESSION_ENDED)


def crashed_too_often(crashes: int) -> str:
    """The sentence about a sync that has crashed this many workers."""
    how_often = {1: "once", 2: "twice"}.get(crashes, f"{crashes} times")
    return f"It stopped the worker {how_often}, so it is not tried again. Nothing was changed."


def pause_before_next(sync_request: SyncRequest, reason: FailureReason) -> float | None:
    """Seconds until the next attempt; None if no further attempt is allowed."""
    if not reason.transient or sync_request.failure_count + 1 >= settings.SYNC_TRIES:
        return None
    return min(max(backoff(sync_request.failure_count), reason.retry_after or 0), LONGEST_PAUSE)


def backoff(times: int) -> float:
    """Seconds to wait after this many failures: twice as long each time, up to a limit, and randomised.

    The random part keeps syncs that failed together from retrying together.
    """
    pause: float = min(settings.SYNC_RETRY_SECONDS * 2 ** min(times, 20), settings.SYNC_LONGEST_RETRY_SECONDS)
    return pause * SystemRandom().uniform(0.5, 1.5)
