"""COPY in a thread of its own, so that rows are checked on one core while PostgreSQL takes in others on another."""

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor

from syncs.crash_points import passing

# Blocks that may wait to be copied; they bound the memory.
WAITING = 1


class Copying:
    """Copies blocks into tables, one after another. Whoever uses the connection otherwise waits for it first."""

    def __init__(self, cursor):
        self.cursor = cursor
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="copy")
        self._waiting: deque[Future] = deque()

    def add(self, statement, lines: bytes):
        """Have the lines copied, each with its end; raises what an earlier block's COPY raised."""
        while len(self._waiting) > WAITING:
            self._waiting.popleft().result()
        self._waiting.append(self._thread.submit(self._copy, statement, lines))

    def wait(self):
        """Return when everything is copied."""
        while self._waiting:
            self._waiting.popleft().result()

    def give_up(self):
        """Return when the connection is free; what was not copied by then never is."""
        self._thread.shutdown(wait=True, cancel_futures=True)
        self._waiting.clear()

    def _copy(self, statement, lines):
        with self.cursor.db.wrap_database_errors, self.cursor.copy(statement) as copy:
            copy.write(lines)
            passing("copying")
