"""COPY in a thread of its own, so that rows are checked on one core while PostgreSQL takes in others on another."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

from django.db import connections

from syncs.crash_points import passing

# Blocks that may wait to be copied; they bound the memory.
WAITING = 1


class Copying:
    """Copies blocks into tables, one after another. Whoever uses the connection otherwise waits for it first."""

    def __init__(self, cursor):
        self.cursor = cursor
        self._connection = cursor.db
        self._connection.inc_thread_sharing()
        self._is_shared = True
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="copy", initializer=self._share_connection)
        self._waiting: deque[Future] = deque()
        # The first thing that went wrong; what came after it may be of its making.
        self.failure: BaseException | None = None

    def add(self, statement, text: Callable[[], bytes]):
        """Have lines copied, each with its end; raises what an earlier block's COPY raised.

        Whoever has less to do makes their text: this thread where PostgreSQL is at work, that one where it waits.
        """
        while len(self._waiting) > WAITING:
            self._waiting.popleft().result()
        if self._waiting and not self._waiting[-1].done():
            made = text()
            text = partial(bytes, made)
        self._waiting.append(self._thread.submit(self._do, partial(self._copy, statement, text)))

    def then(self, call: Callable[[], None]):
        """Have something else done on the connection, after what waits to be copied; what it raises comes later too."""
        while self._waiting and self._waiting[0].done():
            self._waiting.popleft().result()
        self._waiting.append(self._thread.submit(self._do, call))

    def wait(self):
        """Return when everything is done."""
        while self._waiting:
            self._waiting.popleft().result()

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
            call()
        except BaseException as error:
            self.failure = self.failure or error
            raise

    def _copy(self, statement, text):
        lines = text()
        with self.cursor.db.wrap_database_errors, self.cursor.copy(statement) as copy:
            copy.write(lines)
            passing("copying")
