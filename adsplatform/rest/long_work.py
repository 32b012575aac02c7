"""How much long work a web process does at once for one account, so that threads stay free for everybody else."""

from collections import Counter
from collections.abc import Iterable, Iterator
from threading import Lock
from types import TracebackType
from typing import Self
from uuid import UUID

from django.http import StreamingHttpResponse

from adsplatform.errors import QuotaExceeded
from adsplatform.rest.threads import occupy, release

# Fewer than the threads of a process (WEB_THREADS).
MOST_AT_ONCE = 2
RETRY_SECONDS = 10

_lock = Lock()
_running: Counter[UUID] = Counter()


class LongWork:
    """A part of a request that may take long: a download, an inspection of a file, or the search for a line in it.

    It lasts as long as the `with` block or, if that hands it on by `until_sent`, until the web server closes that
    response, sent or not.
    Entering raises QuotaExceeded while the account has as many in this process as it may have, and Busy while all
    accounts together have.
    """

    def __init__(self, account_id: UUID) -> None:
        self._account_id = account_id
        self._is_running = self._is_handed_on = False
        self._thread: int | None = None

    def __enter__(self) -> Self:
        with _lock:
            if _running[self._account_id] >= MOST_AT_ONCE:
                raise QuotaExceeded(
                    f"{MOST_AT_ONCE} downloads or inspections of files of this account are running, the most that may "
                    "run at once. Try again when one of them has finished.",
                    retry_after=RETRY_SECONDS,
                )
            _running[self._account_id] += 1
            self._is_running = True
        try:
            self._thread = occupy(self._account_id)
        except QuotaExceeded:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if not self._is_handed_on:
            self.close()

    def until_sent(self, response: StreamingHttpResponse) -> StreamingHttpResponse:
        """The response, at whose end the work ends."""
        response.streaming_content = _Sent(response, self)
        self._is_handed_on = True
        return response

    def close(self) -> None:
        with _lock:
            if self._is_running:
                self._is_running = False
                _running[self._account_id] -= 1
                if not _running[self._account_id]:
                    del _running[self._account_id]
        release(self._thread)


class _Sent:
    """The content of a response, which closes the work with itself, as the response does."""

    def __init__(self, content: Iterable[bytes], work: LongWork) -> None:
        self._content, self._work = iter(content), work

    def __iter__(self) -> Iterator[bytes]:
        return self._content

    def close(self) -> None:
        self._work.close()
