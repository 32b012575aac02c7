"""An answer while it leaves: what its receiver does not take at once is kept, so that no thread waits for it.

Only an answer of more than `KEPT_BYTES` has its thread wait, and that within the pace for receivers.
"""

import contextlib
import errno
import select
import socket
import struct
import time
from collections.abc import Callable
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from adsplatform.web_server.arriving import MEMORY_BYTES
from adsplatform.web_server.pace import Pace, Progress

# So much of an answer is kept; beyond `MEMORY_BYTES`, in a temporary file.
KEPT_BYTES = 16 * 1024**2
SENT_AT_ONCE = 64 * 1024
# How often a thread that waits looks whether its receiver is too slow.
LOOK_MILLISECONDS = 500
_RESET = struct.pack("ii", 1, 0)


class LeavingSocket:
    """A connection's socket, whose `sendall` keeps what the other side does not take at once.

    A thread writes an answer; when it has ended, the worker's loop calls `send_kept` until nothing is kept.
    """

    def __init__(self, connection: socket.socket, pace: Pace, *, has_room: Callable[[], bool]):
        self._connection, self._pace, self._has_room = connection, pace, has_room
        self.progress = Progress(pace, time.monotonic())
        self._keep_nothing()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def fileno(self) -> int:
        return self._connection.fileno()

    @property
    def has_kept(self) -> bool:
        return self._written > self._sent

    def begin_to_wait(self) -> None:
        """Have the receiver's time count from now; what a thread needs to make an answer is not the receiver's."""
        self.progress = Progress(self._pace, time.monotonic())

    def sendall(self, data: bytes) -> None:
        """Send or keep these bytes; raises OSError if the connection has ended or its receiver is too slow."""
        left = memoryview(data)
        self.send_kept()
        if not self.has_kept:
            left = left[self._send(left) :]
        while left:
            room = (KEPT_BYTES if self._has_room() else MEMORY_BYTES) - self._written
            if room <= 0:
                self._wait_until_nothing_is_kept()
                continue
            self._kept.seek(self._written)
            self._kept.write(left[:room])
            self._written += len(left[:room])
            left = left[room:]

    def sendfile(self, file: IO[bytes], offset: int = 0, count: int | None = None) -> int:
        """Like a socket's own, by `sendall`."""
        file.seek(offset)
        sent = 0
        while count is None or sent < count:
            piece = file.read(SENT_AT_ONCE if count is None else min(SENT_AT_ONCE, count - sent))
            if not piece:
                break
            self.sendall(piece)
            sent += len(piece)
        return sent

    def send_kept(self) -> None:
        """Send what the other side takes of what is kept; raises OSError if the connection has ended."""
        while self.has_kept:
            self._kept.seek(self._sent)
            piece = self._kept.read(min(SENT_AT_ONCE, self._written - self._sent))
            sent = self._send(memoryview(piece))
            self._sent += sent
            if sent < len(piece):
                return
        if self._written:
            self._kept.close()
            self._keep_nothing()

    def is_too_slow(self) -> bool:
        """Whether the receiver of the answer has had its time."""
        now = time.monotonic()
        return self.progress.is_too_slow(now) or now - self.progress.began > self._pace.total_seconds

    def give_up(self) -> None:
        """Have the connection end at once when it is closed, and the system forget what it has not sent."""
        self._kept.close()
        self._keep_nothing()
        with contextlib.suppress(OSError):
            self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)

    def close(self) -> None:
        self._kept.close()
        self._connection.close()

    def _keep_nothing(self) -> None:
        self._kept = SpooledTemporaryFile(MEMORY_BYTES)  # noqa: SIM115 - closed when nothing is kept
        self._written = self._sent = 0

    def _send(self, data: memoryview) -> int:
        """Send without waiting; returns how many bytes."""
        try:
            sent = self._connection.send(data, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return 0
        self.progress.move(sent, time.monotonic())
        return sent

    def _wait_until_nothing_is_kept(self) -> None:
        self.begin_to_wait()
        waiting = select.poll()
        waiting.register(self._connection, select.POLLOUT)
        while self.has_kept:
            waiting.poll(LOOK_MILLISECONDS)
            self.send_kept()
            if self.has_kept and self.is_too_slow():
                self.give_up()
                raise BrokenPipeError(errno.EPIPE, "The receiver of the answer is too slow.")
