"""How fast another system yields its rows, which decides whether a transaction may wait for them."""

import time
from collections.abc import Iterable

from syncs.connectors.protocol import Columns, ConnectorError, Rows, SourceItem, SourceItems

# A source is fast if it yields so many rows a second; that is judged once so many rows have come, or could have.
FAST_ROWS_A_SECOND, JUDGED_ROWS = 2_000, 10_000
# For how many seconds a fast source may be slower than that.
PATIENCE = 60.0


class SourcePace:
    """Whether a source is fast, and whether it stays so."""

    def __init__(self) -> None:
        self.is_fast = self._is_judged = False
        self._rows = 0
        # When the first rows came. How long they took is not known, so they are not counted.
        self._began: float | None = None
        self._now = 0.0

    def watch(self, items: Iterable[SourceItem]) -> SourceItems:
        """The items as they come, the first ones only when it is known whether the source is fast."""
        held: list[SourceItem] = []
        try:
            for item in items:
                self.count(len(item) if isinstance(item, Rows | Columns) else 0, time.monotonic())
                held.append(item)
                if self._is_judged:
                    yield from held
                    held.clear()
        except ConnectorError:
            # What was read before the source failed still counts.
            yield from held
            raise
        yield from held

    def count(self, rows: int, now: float) -> None:
        """Count rows that have come at this time of `time.monotonic`."""
        self._now = now
        if self._began is None:
            self._began = now if rows else None
            return
        self._rows += rows
        if not self._is_judged and (self._rows >= JUDGED_ROWS or self._lateness > JUDGED_ROWS / FAST_ROWS_A_SECOND):
            self._is_judged, self.is_fast = True, self._lateness <= 0

    @property
    def is_too_slow(self) -> bool:
        """Whether the source was fast and has not been for longer than it may."""
        return self.is_fast and self._lateness > PATIENCE

    @property
    def _lateness(self) -> float:
        """How many seconds a source that is just fast would be ahead of this one."""
        return self._now - (self._began or self._now) - self._rows / FAST_ROWS_A_SECOND
