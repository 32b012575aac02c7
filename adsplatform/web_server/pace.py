"""How fast the other side of a connection has to send a request and to take an answer."""

import os
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Pace:
    """How long the other side may take, in seconds."""

    # Until the first byte of a request; then the connection is closed without a word.
    idle_seconds: float = 10
    # From the first byte to the end of the headers.
    head_seconds: float = 20
    # Without any byte of a body or an answer, and before the least rate counts.
    stall_seconds: float = 20
    # Over the last `stall_seconds`, so that many bytes at first do not allow a trickle later.
    bytes_per_second: float = 1_000
    # For the whole request, and for the whole answer.
    total_seconds: float = 6 * 3600
    # What all large bodies of a process together take at most, so that others keep the processor. Far more than a
    # network brings.
    most_bytes_per_second: float = 200 * 1024**2

    @classmethod
    def from_environment(cls) -> Self:
        stall = float(os.environ.get("WEB_STALL_SECONDS") or "20")
        return cls(
            idle_seconds=stall / 2,
            head_seconds=stall,
            stall_seconds=stall,
            bytes_per_second=float(os.environ.get("WEB_BYTES_PER_SECOND") or "1000"),
            total_seconds=float(os.environ.get("WEB_REQUEST_SECONDS") or "21600"),
        )


class Progress:
    """Whether bytes move at the least rate; all times are those of `time.monotonic`, in seconds."""

    def __init__(self, pace: Pace, now: float):
        self.pace = pace
        self.began = self.last = now
        self._due = now + pace.stall_seconds

    def move(self, size: int, now: float) -> None:
        """Count bytes that have moved."""
        self.last = now
        self._due = min(self._due + size / self.pace.bytes_per_second, now + self.pace.stall_seconds)

    def pass_over(self, seconds: float) -> None:
        """Have this much time count for nothing."""
        self.began += seconds
        self.last += seconds
        self._due += seconds

    def has_stalled(self, now: float) -> bool:
        return now - self.last > self.pace.stall_seconds

    def is_too_slow(self, now: float) -> bool:
        return now > self._due


class SharedRate:
    """A rate that all senders share; who takes more waits for it."""

    # What has not been taken for longer than this is gone.
    SAVED_SECONDS = 0.1

    def __init__(self, bytes_per_second: float):
        self.bytes_per_second = bytes_per_second
        self._paid_until = 0.0

    def take(self, size: int, now: float) -> float:
        """Take so many bytes; returns the seconds to wait before taking more."""
        self._paid_until = max(self._paid_until, now - self.SAVED_SECONDS) + size / self.bytes_per_second
        return max(0.0, self._paid_until - now)
