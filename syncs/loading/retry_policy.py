"""What went wrong with a sync, whether to try it again, and when."""

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
# What asks for a pause of its own gets no longer one.
LONGEST_PAUSE = 24 * 3600
# A source or a disk that is short of room may have some again.
PASSING = {errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.EIO, errno.ECONNRESET, errno.ETIMEDOUT}
# What PostgreSQL says when it shuts down, or ends a session.
HANGING_UP = ("08", "57P", "25P03")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an attempt failed: the sentence and the code to show, and whether another attempt may go better."""

    message: str
    code: str
    transient: bool = False
    retry_after: float | None = None


def reason_of(error: Exception) -> Reason:
    """What an exception means for the sync; what nobody foresaw is a fault of ours."""
    match error:
        case ConnectorError():
            return Reason(str(error), error.code, error.transient, error.retry_after)
        case MemoryError():
            return Reason(OUT_OF_MEMORY, "out_of_memory")
        case OperationalError():
            return Reason(DATABASE_BUSY, "database_busy", transient=True)
        case OSError(errno=number) if number in PASSING:
            return Reason(
                f"The platform could not read or write a file ({error.strerror}). Nothing was changed.",
                "storage_unavailable",
                transient=True,
            )
    return Reason(OUR_FAULT, "our_fault")


def has_lost_the_database(error: Exception) -> bool:
    """Whether this process's session of the database is gone, and with it all that was staged."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    session = connection.connection
    # What the server said before it hung up may be read before the hanging up is noticed; without a code nobody spoke.
    state = getattr(error.__cause__, "sqlstate", "")
    return session is None or session.closed or state is None or state.startswith(HANGING_UP)


def set_aside(crashes: int) -> str:
    """What is said of a sync that has stopped so many workers."""
    how_often = {1: "once", 2: "twice"}.get(crashes, f"{crashes} times")
    return f"It stopped the worker {how_often}, so it is not tried again. Nothing was changed."


def pause_before_next(sync_request: SyncRequest, reason: Reason) -> float | None:
    """Seconds until the next try; None if there is to be none."""
    if not reason.transient or sync_request.failure_count + 1 >= settings.SYNC_TRIES:
        return None
    return min(max(backoff(sync_request.failure_count), reason.retry_after or 0), LONGEST_PAUSE)


def backoff(times: int) -> float:
    """Twice as long each time, up to a limit; never the same for two, so that they do not come back together."""
    pause: float = min(settings.SYNC_RETRY_SECONDS * 2 ** min(times, 20), settings.SYNC_LONGEST_RETRY_SECONDS)
    return pause * SystemRandom().uniform(0.5, 1.5)
