"""Keeps a thread of each web server process free of what may take long, and one of the others free of each account."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition, get_ident
from typing import NamedTuple
from uuid import UUID

from adsplatform.accounts.row_security import restricted_account
from adsplatform.errors import QuotaExceeded

# Of the threads of a process, which the web server reads from the same variable.
MOST_AT_ONCE = max(int(os.environ.get("WEB_THREADS") or "4") - 1, 1)
MOST_OF_ACCOUNT = max(MOST_AT_ONCE - 1, 1)
# What has lasted so long is taken for long; shorter work is waited for.
PATIENCE_SECONDS = 0.5
RETRY_SECONDS = 5


class Busy(QuotaExceeded):
    """Others occupy what this would need."""

    status = 503
    title = "The server is busy."


class _Occupied(NamedTuple):
    since: float
    account: UUID | None


_changed = Condition()
_threads: dict[int, _Occupied] = {}


def occupy(account: UUID | None) -> int | None:
    """Occupy this thread; returns what `release` needs, None where the thread is occupied by the same request already.

    Raises Busy while all threads but one are occupied for long, and QuotaExceeded while the account occupies its share.
    """
    thread = get_ident()
    with _changed:
        if thread in _threads:
            return None
        until = time.monotonic() + PATIENCE_SECONDS
        while found := _in_the_way(account):
            # Further ones are refused at once, so that they do not occupy the last thread by waiting.
            left = min(until, max(one.since for one in found) + PATIENCE_SECONDS) - time.monotonic()
            if left <= 0:
                raise _refusal(found, account)
            _changed.wait(left)
        _threads[thread] = _Occupied(time.monotonic(), account)
    return thread


def _in_the_way(account: UUID | None) -> list[_Occupied]:
    """Those of which one has to end before the account can occupy a thread."""
    found = list(_threads.values())
    if len(found) >= MOST_AT_ONCE:
        return found
    own = [one for one in found if account and one.account == account]
    return own if len(own) >= MOST_OF_ACCOUNT else []


def _refusal(found: list[_Occupied], account: UUID | None) -> QuotaExceeded:
    if all(account and one.account == account for one in found):
        return QuotaExceeded(
            f"{len(found)} long queries, downloads or inspections of files of this account are running, the most that "
            f"may run at once. Try again in {RETRY_SECONDS} seconds.",
            retry_after=RETRY_SECONDS,
        )
    return Busy(
        "The server is busy with long queries, downloads and inspections of files. Nothing was changed. "
        f"Try again in {RETRY_SECONDS} seconds.",
        retry_after=RETRY_SECONDS,
    )


def release(occupied: int | None) -> None:
    if occupied is not None:
        with _changed:
            _threads.pop(occupied, None)
            _changed.notify_all()


@contextmanager
def occupied_thread() -> Iterator[None]:
    """What this block does for the account of the request may take long; raises as `occupy` does."""
    occupied = occupy(restricted_account())
    try:
        yield
    finally:
        release(occupied)
