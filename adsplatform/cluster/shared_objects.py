"""What the processes of a cluster share, so that none of them can block the others by dying.

django-q2 shares queues, timers and events that are guarded by locks and counters. Who is killed while holding one – an
idle worker holds the queue's all the time – keeps it for ever, and the whole cluster stands still. Here nobody holds
anything: the kernel gives each record of a socket to exactly one of its readers, whole or not at all, and a byte of
shared memory is written or it is not.
"""

import array
import fcntl
import mmap
import pickle
import socket
import termios
import time
from contextlib import nullcontext
from multiprocessing import RawValue

from django_q import cluster

# A record longer than a socket holds could never be sent; ours are bells, and what became of them as a sentence.
LONGEST_RESULT, LONGEST_RECORD = 20_000, 200_000
WAIT_SECONDS = 0.02


class Queue:
    """Records from any of the processes, each for one of them; made before they are forked."""

    def __init__(self, maxsize: int = 0):
        self.is_bounded = maxsize > 0
        self._out, self._in = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

    def put(self, item) -> None:
        """Leave a record: on return it is in the queue. Of a bounded one, the record before has been taken."""
        # Whoever stops the cluster waits for nobody.
        while self.is_bounded and item != "STOP" and not self.empty():
            time.sleep(WAIT_SECONDS)
        if isinstance(item, dict) and isinstance(item.get("result"), str):
            item = item | {"result": item["result"][:LONGEST_RESULT]}
        self._in.send(pickle.dumps(item))

    def get(self):
        """Wait for a record and take it."""
        return pickle.loads(self._out.recv(LONGEST_RECORD))

    def empty(self) -> bool:
        """Whether every record has been taken."""
        size = array.array("i", [0])
        fcntl.ioctl(self._out, termios.FIONREAD, size)
        return not size[0]

    def qsize(self) -> int:
        """Only whether there are records, as 1 or 0; how many, the kernel does not tell."""
        return int(not self.empty())

    def close(self) -> None:
        """Nothing needs to be done: no thread is left that has to hand over records."""

    join_thread = close


class Timer:
    """A number that a worker and its guard share."""

    def __init__(self, kind: str, value: float):
        self._shared = RawValue(kind, value)

    @property
    def value(self) -> float:
        return self._shared.value

    @value.setter
    def value(self, value: float):
        self._shared.value = value

    @staticmethod
    def get_lock():
        """django-q2 asks for one; a number this small is written at once."""
        return nullcontext()


class Event:
    """Something that has happened or not."""

    def __init__(self):
        self._shared = mmap.mmap(-1, 1)

    def set(self) -> None:
        self._shared[0] = 1

    def is_set(self) -> bool:
        return bool(self._shared[0])

    def wait(self, seconds: float) -> bool:
        """Return once it has happened, or after so many seconds."""
        until = time.monotonic() + seconds
        while not self.is_set() and time.monotonic() < until:
            time.sleep(WAIT_SECONDS)
        return self.is_set()


def replace_shared_objects() -> None:
    """Have clusters that are made from now on share these."""
    cluster.Queue, cluster.Value, cluster.Event = Queue, Timer, Event
