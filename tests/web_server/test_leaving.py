"""What a socket keeps of an answer that its receiver does not take."""

import os
import socket
import threading
import time
from tempfile import TemporaryFile

import pytest

from adsplatform.web_server.arriving import MEMORY_BYTES
from adsplatform.web_server.leaving import KEPT_BYTES, LeavingSocket
from adsplatform.web_server.pace import Pace

PACE = Pace(stall_seconds=1, bytes_per_second=1_000_000)


@pytest.fixture
def ends():
    """The server's end of a connection, and its receiver's."""
    sending, receiving = socket.socketpair()
    leaving = LeavingSocket(sending, PACE, has_room=lambda: True)
    with receiving:
        yield leaving, receiving
    leaving.close()


def received_of(receiving, size):
    received = b""
    while len(received) < size:
        received += receiving.recv(65536)
    return received


def test_what_is_not_taken_is_kept_and_sent_in_order(ends):
    leaving, receiving = ends
    content = os.urandom(3_000_000)
    for start in range(0, len(content), 70_000):
        leaving.sendall(content[start : start + 70_000])
    assert leaving.has_kept
    taken = []
    reader = threading.Thread(target=lambda: taken.append(received_of(receiving, len(content))))
    reader.start()
    while leaving.has_kept:
        leaving.send_kept()
    reader.join()
    assert taken == [content]
    leaving.sendall(b"next")
    assert (receiving.recv(10), leaving.has_kept) == (b"next", False)


def test_a_file_is_kept_like_everything_else(ends):
    leaving, receiving = ends
    content = os.urandom(2_000_000)
    with TemporaryFile() as file:
        file.write(content)
        assert leaving.sendfile(file, offset=1000, count=1_500_000) == 1_500_000
    assert leaving.has_kept
    reader = threading.Thread(target=lambda: taken.append(received_of(receiving, 1_500_000)))
    taken = []
    reader.start()
    while leaving.has_kept:
        leaving.send_kept()
    reader.join()
    assert taken == [content[1000:1_501_000]]


def test_an_answer_beyond_what_is_kept_waits_for_a_receiver_who_reads(ends):
    leaving, receiving = ends
    content = b"0123456789" * (KEPT_BYTES // 10 + 500_000)
    taken = []
    reader = threading.Thread(target=lambda: taken.append(received_of(receiving, len(content))))
    reader.start()
    leaving.sendall(content)
    while leaving.has_kept:
        leaving.send_kept()
    reader.join()
    assert taken == [content]


@pytest.mark.parametrize("has_room", [True, False])
def test_a_thread_waits_for_no_receiver_beyond_its_time(ends, has_room):
    leaving, _ = ends
    leaving._has_room = lambda: has_room
    most = KEPT_BYTES if has_room else MEMORY_BYTES
    leaving.sendall(b"x" * most)
    began = time.monotonic()
    with pytest.raises(BrokenPipeError):
        leaving.sendall(b"x" * 2_000_000)
    assert 1 < time.monotonic() - began < 10
    assert not leaving.has_kept


def test_time_that_the_server_takes_itself_does_not_count(ends):
    leaving, _ = ends
    leaving.sendall(b"x" * 1_000_000)
    time.sleep(1.2)
    leaving.begin_to_wait()
    assert not leaving.is_too_slow()
    time.sleep(1.2)
    assert leaving.is_too_slow()
