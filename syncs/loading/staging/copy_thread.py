"""COPY in a thread of its own, so that rows are checked on one core while PostgreSQL takes in others on another."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

import polars as pl
from django.db import connections

from syncs.crash_points import crash_point
from syncs.loading.staging.columnar_blocks import copy_text

# How much may wait before more is added, in the largest of the blocks so far; it bounds the memory. One that waits
# while another is copied keeps PostgreSQL busy, and little ones are not to keep it from that.
WAITING = 1.2


class CopyThread:
    """Copies blocks into tables, one after another. Whoever uses the connection otherwise waits for it first."""

    def __init__(self, cursor):
        self.cursor = cursor
        self._connection = cursor.db
        self._connection.inc_thread_sharing()
        self._is_shared = True
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="copy", initializer=self._share_connection)
        # What has not been asked about yet, with its size; and that of the largest so far.
        self._waiting: deque[tuple[Future, int]] = deque()
        self._largest = 0
        # The first thing that went wrong; what came after it may be of its making.
        self.failure: BaseException | None = None

    def add(self, statement, lines: pl.DataFrame, *, null: str = ""):
        """Have lines copied, in which `null` is to stand for null; raises what an earlier COPY raised.

        Whoever has less to do makes their text: this thread where PostgreSQL is at work, that one where it waits.
        """
        size = lines.estimated_size()
        self._largest = max(self._largest, size)
        while sum(size for _, size in self._waiting) > WAITING * self._largest:
            self._waiting.popleft()[0].result()
        text = partial(copy_text, lines, null=null)
        if self._waiting and not self._waiting[-1][0].done():
            text = partial(bytes, text())
        self._submit(partial(self._copy, statement, text), size)

    def then(self, call: Callable[[], None]):
        """Have something else done on the connection, after what waits to be copied; what it raises comes later too.

        Once given up, it is done at once.
        """
        if not self._is_shared:
            self._do(call)
            return
        while self._waiting and self._waiting[0][0].done():
            self._waiting.popleft()[0].result()
        self._submit(call)

    def _submit(self, call, size: int = 0):
        self._waiting.append((self._thread.submit(self._do, call), size))

    def wait(self):
        """Return when everything is done."""
        while self._waiting:
            self._waiting.popleft()[0].result()

    def give_up(self):
        """Return when the connection is free; what was not copied by then never is."""
        self._thread.shutdown(wait=True, cancel_futures=True)
        self._waiting.clear()
        if self._is_shared:
            self._connection.dec_thread_sharing()
        self._is_shared = False

    def _share_connection(self):
        # Django would give each thread a connection of its own.
        connections[self._connection.alias] = self._connection

    def _do(self, call):
        try:
            with self._connection.wrap_database_errors:
                call()
        except BaseException as error:
            self.failure = self.failure or error
            raise

    def _copy(self, statement, text):
        lines = text()
        with self.cursor.copy(statement) as copy:
            copy.write(lines)
            crash_point("copying")
