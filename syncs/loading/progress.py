"""Reports the progress of a sync while it reads, and thereby notices that it was cancelled."""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from types import TracebackType
from typing import Self

from django.db import Error, connection, connections

from syncs.loading.staging.copy_thread import CopyThread
from syncs.models import SyncRequest, WrongStatus


class Interval:
    """Says when it is time for something that should happen at intervals during a long loop."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.began = self.last = time.monotonic()

    def was_over(self) -> bool:
        """Whether it has been over at least once."""
        return time.monotonic() - self.began >= self.seconds

    def is_over(self) -> bool:
        now = time.monotonic()
        if now - self.last < self.seconds:
            return False
        self.last = now
        return True


class ProgressReporter:
    """Writes the number of rows read to the sync's row, through a connection of its own if need be."""

    def __init__(self, sync_request: SyncRequest, copy_thread: CopyThread) -> None:
        self.sync_request, self.copy_thread = sync_request, copy_thread
        self._has_own_connection = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="report")
        self._last: Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # Has to come after the end of the transaction, because a late report may wait for the sync's row, which the
        # transaction has locked.
        if self._last:
            self._thread.submit(connections.close_all)
        self._thread.shutdown()

    def use_own_connection(self) -> None:
        """Report through another connection from now on.

        Within a transaction, a report would lock the sync's row, so that nobody could cancel the sync.
        """
        self._has_own_connection = True

    def report(self, lines_read: int) -> None:
        """Report the number of rows read; a later call raises WrongStatus if the sync is no longer this worker's."""
        if not self._has_own_connection:
            # In the COPY thread: waiting here for the connection every second would leave a core idle for a fifth of
            # the time.
            self.copy_thread.then(partial(self.sync_request.report, lines_read))
            return
        if self._last:
            self._last.result()
        self._last = self._thread.submit(self._report, lines_read)

    def _report(self, lines_read: int) -> None:
        try:
            self.sync_request.report(lines_read)
        except (Error, SyncRequest.DoesNotExist):
            # A failed report is no reason to fail the sync. The next one opens a new connection.
            connection.close()


def check_claim(sync_request: SyncRequest, *, patience: float = 0) -> None:
    """Raise WrongStatus if the sync was cancelled or lost, which may have caused an error: its session is ended then.

    Asks through another connection, because an error may have made the present one useless. `patience` is for how many
    seconds to ask again, as a session that has a lock is ended shortly before the status changes. If the database does
    not answer, the sync counts as this worker's.
    """
    deadline = time.monotonic() + patience
    with ThreadPoolExecutor(1, thread_name_prefix="claim") as elsewhere:
        while (present := elsewhere.submit(_present_claim, sync_request).result()) and (
            present == (SyncRequest.Status.IN_PROGRESS, sync_request.fencing_token)
        ):
            if time.monotonic() >= deadline:
                return
            time.sleep(0.05)
    if present:
        sync_request.status_code = present[0]
        raise WrongStatus(sync_request, SyncRequest.Status.SUCCESS)


def _present_claim(sync_request: SyncRequest) -> tuple[str, int] | None:
    try:
        found: tuple[str, int] | None = (
            SyncRequest.objects.filter(pk=sync_request.pk).values_list("status_code", "fencing_token").first()
        )
    except Error:
        return None
    finally:
        connection.close()
    return found
