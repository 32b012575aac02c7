"""COPY in a thread of its own, so that one core checks rows while PostgreSQL stores earlier ones on another."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

import polars as pl
from django.db import connections
from django.db.backends.utils import CursorWrapper
from psycopg import sql

from syncs.crash_points import crash_point
from syncs.loading.staging.copy_format import copy_text

# How much may wait before `add` blocks, in units of the largest block so far, which bounds the memory. One block
# waiting besides the one being copied keeps PostgreSQL busy, even with small blocks in between.
WAITING = 1.2


class CopyThread:
    """Copies rows into tables, one COPY after another. Any other use of the connection has to `wait` first."""

    def __init__(self, cursor: CursorWrapper) -> None:
        self.cursor = cursor
        self._connection = cursor.db
        self._connection.inc_thread_sharing()
        self._is_shared = True
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="copy", initializer=self._share_connection)
        # The tasks not known to be done, with their sizes in bytes.
        self._waiting: deque[tuple[Future[None], float]] = deque()
        self._largest = 0.0
        # The first error. Any later one may be a consequence of it.
        self.failure: BaseException | None = None

    def add(self, statement: sql.Composable, rows: pl.DataFrame, *, null: str = "") -> None:
        """Queue rows for COPY, with `null` as text for nulls; raises the error of an earlier COPY.

        Their text is made here while PostgreSQL is busy, and in the COPY thread if that has nothing else to do.
        """
        size = float(rows.estimated_size())
        self._largest = max(self._largest, size)
        while sum(size for _, size in self._waiting) > WAITING * self._largest:
            self._waiting.popleft()[0].result()
        text: Callable[[], bytes] = partial(copy_text, rows, null=null)
        if self._waiting and not self._waiting[-1][0].done():
            text = partial(bytes, text())
        self._submit(partial(self._copy, statement, text), size)

    def then(self, call: Callable[[], object]) -> None:
        """Queue another action on the connection, after the waiting ones; its errors are raised later too.

        After `give_up` it runs at once.
        """
        if not self._is_shared:
            self._do(call)
            return
        while self._waiting and self._waiting[0][0].done():
            self._waiting.popleft()[0].result()
        self._submit(call)

    def _submit(self, call: Callable[[], object], size: float = 0.0) -> None:
        self._waiting.append((self._thread.submit(self._do, call), size))

    def wait(self) -> None:
        """Wait until everything is done; raises the first error."""
        while self._waiting:
            self._waiting.popleft()[0].result()

    def give_up(self) -> None:
        """Wait until the connection is free, and drop everything that has not been started."""
        self._thread.shutdown(wait=True, cancel_futures=True)
        self._waiting.clear()
        if self._is_shared:
            self._connection.dec_thread_sharing()
        self._is_shared = False

    def _share_connection(self) -> None:
        # Django would give each thread a connection of its own.
        connections[self._connection.alias] = self._connection

    def _do(self, call: Callable[[], object]) -> None:
        try:
            with self._connection.wrap_database_errors:
                call()
        except BaseException as error:
            self.failure = self.failure or error
            raise

    def _copy(self, statement: sql.Composable, text: Callable[[], bytes]) -> None:
        lines = text()
        with self.cursor.copy(statement) as copy:
            copy.write(lines)
            crash_point("copying")
