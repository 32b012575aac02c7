"""A real web server while others do not read what it answers, or occupy its connections."""

import contextlib
import socket
import time

import psutil
import pytest
import requests

from tests.product import eventually
from tests.web_server.gunicorns import LATENCY, STALL_SECONDS, Server

pytestmark = pytest.mark.django_db(transaction=True)
RECEIVERS = 24
ASK = b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"


def receiver(server, sent):
    """A connection with little room for what is received."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
    connection.settimeout(30)
    connection.connect(("127.0.0.1", server.port))
    connection.sendall(sent)
    return connection


def connections_of(server):
    (worker,) = psutil.Process(server.process.pid).children()
    return [
        one for one in worker.net_connections("tcp") if one.status == "ESTABLISHED" and one.laddr.port == server.port
    ]


def test_receivers_that_do_not_read_harm_nobody_else(server):
    with contextlib.ExitStack() as stack:
        for _ in range(RECEIVERS):
            stack.enter_context(receiver(server, ASK * 41))
        time.sleep(1)
        for _ in range(5):
            assert server.latency("/healthz", {}) < LATENCY
            assert server.latency("/api/v1/Status", {}) < LATENCY
        # Their connections end though they stay open on their side.
        assert eventually(lambda: not connections_of(server), seconds=STALL_SECONDS + 20)


def test_a_slow_receiver_gets_all_of_its_answers(server):
    whole = requests.get(f"{server.url}/api/v1/openapi.json", timeout=20).content
    with receiver(
        server, ASK * 4 + b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    ) as connection:
        received = b""
        began = time.monotonic()
        while piece := connection.recv(65536):
            received += piece
            if time.monotonic() - began < STALL_SECONDS + 2:
                time.sleep(0.02)
    assert received.count(b"HTTP/1.1 200 OK\r\n") == 5
    assert received.count(whole) == 4
    assert received.endswith(b'"alive"}') or b'"alive"' in received[-300:]


def test_connections_that_wait_make_room_for_others(tmp_path, database_url):
    server = Server(tmp_path, database_url, WEB_STALL_SECONDS="120")
    half = b"POST /api/v1/sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 90\r\n\r\n{"
    try:
        with contextlib.ExitStack() as stack:
            senders = [stack.enter_context(server.open(half)) for _ in range(1_100)]
            for _ in range(5):
                # Those who wait have two seconds before they make room.
                assert server.latency("/healthz", {}) < LATENCY + 3
            assert senders[0].recv(100).startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
    finally:
        server.process.terminate()
        server.process.wait(60)
