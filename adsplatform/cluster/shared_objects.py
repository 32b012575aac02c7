"""Queues, timers and events that the processes of a cluster share, and that a killed process cannot leave locked.

Those of `multiprocessing`, which django-q2 uses, are guarded by locks and counters. A process that is killed while it
holds one (an idle worker always holds the queue's) never releases it, and the whole cluster stops. Here no process
holds a lock: the kernel gives each record of a socket to exactly one reader, whole or not at all, and a byte of shared
memory is written at once.
"""

import array
import fcntl
import mmap
import pickle
import socket
import termios
import time
from contextlib import AbstractContextManager, nullcontext
from multiprocessing import RawValue

from django_q import cluster

# A socket cannot carry a record longer than its buffer. Our records are wake-ups, and the results of tasks as a
# sentence.
LONGEST_RESULT, LONGEST_RECORD = 20_000, 200_000
WAIT_SECONDS = 0.02


class Queue:
    """Records that any process puts and exactly one process gets; made before the processes are forked."""

    def __init__(self, maxsize: int = 0) -> None:
        self.is_bounded = maxsize > 0
        self._out, self._in = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

    def put(self, item: object) -> None:
        """Put a record; if the queue is bounded, first wait until the record before it has been taken."""
        # Stopping the cluster must not wait for a worker.
        while self.is_bounded and item != "STOP" and not self.empty():
            time.sleep(WAIT_SECONDS)
        if isinstance(item, dict) and isinstance(item.get("result"), str):
            item = item | {"result": item["result"][:LONGEST_RESULT]}
        self._in.send(pickle.dumps(item))

    def get(self) -> object:
        """Wait for a record and take it."""
        return pickle.loads(self._out.recv(LONGEST_RECORD))  # noqa: S301, this cluster's own processes wrote it

    def empty(self) -> bool:
        """Whether every record has been taken."""
        size = array.array("i", [0])
        fcntl.ioctl(self._out, termios.FIONREAD, size)
        return not size[0]

    def qsize(self) -> int:
        """1 if there are records, else 0: the kernel does not count them."""
        return int(not self.empty())

    def close(self) -> None:
        """Nothing to do: records are not buffered in this process."""

    join_thread = close


class Timer:
    """A number that a worker shares with its guard."""

    def __init__(self, kind: str, value: float) -> None:
        self._shared = RawValue(kind, value)

    @property
    def value(self) -> float:
        return self._shared.value

    @value.setter
    def value(self, value: float) -> None:
        self._shared.value = value

    @staticmethod
    def get_lock() -> AbstractContextManager[None]:
        """django-q2 asks for a lock; a number this small is written at once, so none is needed."""
        return nullcontext()


class Event:
    """Something that has happened or not."""

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, 1)

    def set(self) -> None:
        self._shared[0] = 1

    def is_set(self) -> bool:
        return bool(self._shared[0])

    def wait(self, seconds: float) -> bool:
        """Wait until it has happened, at most this many seconds; returns whether it has."""
        until = time.monotonic() + seconds
        while not self.is_set() and time.monotonic() < until:
            time.sleep(WAIT_SECONDS)
        return self.is_set()


def replace_shared_objects() -> None:
    """Make clusters that are started from now on use these."""
    cluster.Queue, cluster.Value, cluster.Event = Queue, Timer, Event
