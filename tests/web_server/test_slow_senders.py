"""A real web server while dozens of senders stall, and its own answers to what is no valid request."""

import contextlib
import gzip
import os
import signal
import socket
import threading
import time

import psutil
import pytest
import requests

from syncs.models import SyncRequest, Upload
from tests.web_server.gunicorns import LATENCY, STALL_SECONDS, Server, answer_on

pytestmark = pytest.mark.django_db(transaction=True)
SENDERS = 60


def upload_head(program, *lines, path="Sync/zip"):
    head = [f"POST /api/v1/{path} HTTP/1.1", "Host: localhost", f"Api-Key: {program.key}", *lines]
    return "\r\n".join([*head, "", ""]).encode()


STALLED = {
    "in a sign-in": lambda program: b"POST /api/v1/sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 90\r\n\r\n{",
    "before the first byte": lambda program: b"",
    "in the headers": lambda program: upload_head(program)[:70],
    "in a small body": lambda program: upload_head(program, "Content-Length: 5000") + b"PK",
    "in a large body": lambda program: upload_head(program, "Content-Length: 90000000") + b"PK" + b"x" * 9000,
    "in chunks": lambda program: upload_head(program, "Transfer-Encoding: chunked") + b"5\r\nPK",
    "in a form": lambda program: (
        b"POST /sign-in/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n"
        b"Content-Length: 3000\r\n\r\n--x\r\n"
    ),
    "after a refusal": lambda program: (
        b"POST /api/v1/Sync/zip HTTP/1.1\r\nHost: localhost\r\nContent-Length: 90000000\r\n\r\nPK"
    ),
}


@pytest.mark.parametrize("first", STALLED.values(), ids=STALLED)
def test_senders_that_stall_harm_nobody_else(server, program, first):
    with contextlib.ExitStack() as stack:
        for _ in range(SENDERS):
            stack.enter_context(server.open(first(program)))
        time.sleep(0.5)
        for _ in range(5):
            assert server.latency("/healthz", {}) < LATENCY
            assert server.latency("/api/v1/Status", {}) < LATENCY
            assert server.latency("/api/v1/Sync/query", program.headers) < LATENCY


def test_a_worker_has_a_memory_limit(server):
    (worker,) = psutil.Process(server.process.pid).children()
    assert worker.rlimit(psutil.RLIMIT_AS) == (4 * 1024**3, 4 * 1024**3)
    # Enough is left for large requests.
    assert worker.memory_info().vms < 1.5 * 1024**3


def test_long_hosts_and_paths_cost_next_to_nothing(server):
    (worker,) = psutil.Process(server.process.pid).children()
    before = worker.cpu_times()
    for head in (
        b"GET / HTTP/1.1\r\nHost: " + b"a." * 4050,
        b"GET /admin/r" + b"/x" * 4000 + b" HTTP/1.1\r\nHost: localhost",
    ):
        for _ in range(10):
            with server.open(head + b"\r\nConnection: close\r\n\r\n") as connection:
                assert connection.recv(20).split()[1] in (b"400", b"404", b"302")
                while connection.recv(65536):
                    pass
    used = worker.cpu_times()
    assert used.user - before.user < 20 * 0.05


def test_senders_that_trickle_harm_nobody_else_and_are_refused(server, program):
    with contextlib.ExitStack() as stack:
        senders = [stack.enter_context(server.open(STALLED["in a small body"](program))) for _ in range(SENDERS)]
        end = time.monotonic() + STALL_SECONDS + 2
        while time.monotonic() < end:
            for sender in senders:
                with contextlib.suppress(OSError):
                    sender.send(b"x")
            assert server.latency("/healthz", {}) < LATENCY
            assert server.latency("/api/v1/Sync/query", program.headers) < LATENCY
            time.sleep(0.4)
        status, headers, problem = answer_on(senders[0])
    assert (status, headers["content-type"]) == (408, "application/problem+json; charset=utf-8")
    assert problem["detail"].startswith("The request came too slowly: ")
    assert "it came more slowly than 1,000 bytes a second" in problem["detail"]
    assert not SyncRequest.objects.exists()


@pytest.mark.parametrize("where", ["in the headers", "in a small body", "in a large body", "in chunks"])
def test_a_sender_that_stalls_is_told_so(server, program, where):
    began = time.monotonic()
    status, headers, problem = server.ask(STALLED[where](program))
    assert (status, headers["content-type"]) == (408, "application/problem+json; charset=utf-8")
    assert (problem["status"], problem["title"]) == (408, "Request Timeout")
    assert problem["detail"].startswith("The request came too slowly: ")
    assert STALL_SECONDS <= time.monotonic() - began < STALL_SECONDS + 10


@pytest.mark.parametrize(
    ("sent", "status", "detail"),
    [
        (b"HELLO\r\n\r\n", 400, "The request is not valid HTTP: "),
        (b"GET /api/v1/Status\r\n\r\n", 400, "The request is not valid HTTP: "),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, "The request is not valid HTTP: "),
        (b"GET /api/v1/Status HTTP/1.1\r\nHost: x\r\nAccept x\r\n\r\n", 400, "The request is not valid HTTP: "),
        (
            b"GET /api/v1/Status HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
            400,
            "The request is not valid HTTP: ",
        ),
        (b"GET /api/v1/Status HTTP/1.1\r\nAccept: x\r\n\r\n", 400, "The request has no header “Host”, "),
        (
            b"POST /api/v1/Sync HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            501,
            "The body has another transfer coding than “chunked”. ",
        ),
        (
            b"POST /api/v1/Sync HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n",
            501,
            "The body has another transfer coding than “chunked”. ",
        ),
        (
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
            "The request is not valid HTTP: ",
        ),
        (
            b"GET /api/v1/Sync/query?filter=" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
            414,
            "The first line of the request is longer than 8,190 bytes. Shorten the URL, for example its filter.",
        ),
        (
            b"GET /api/v1/Status HTTP/1.1\r\nHost: x\r\nCookie: " + b"c" * 9000 + b"\r\n\r\n",
            431,
            "The headers of the request are too many or too long: at most 100 of at most 8,190 bytes each. ",
        ),
        (
            b"GET /api/v1/Status HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: 1\r\n" % n for n in range(150)) + b"\r\n",
            431,
            "The headers of the request are too many or too long: at most 100 of at most 8,190 bytes each. ",
        ),
        (
            b"GET / HTTP/1.1\r\n" + b"X: " + b"y" * 200_000,
            431,
            "The headers of the request are longer than 131,072 bytes. Send fewer, or shorter ones.",
        ),
    ],
    ids=lambda value: value[:40] if isinstance(value, bytes) else None,
)
def test_what_is_no_valid_request_gets_a_problem_document(server, sent, status, detail):
    found, headers, problem = server.ask(sent)
    assert (found, headers["content-type"]) == (status, "application/problem+json; charset=utf-8")
    assert (headers["x-content-type-options"], headers["cache-control"]) == ("nosniff", "no-store")
    assert problem["status"] == status
    assert problem["detail"].startswith(detail)
    assert problem["title"]


def test_an_upload_arrives_whole_however_it_is_sent(server, program):
    content = os.urandom(3_000_000)
    url = f"{server.url}/api/v1/Sync/zip"
    headers = program.headers | {"Content-Type": "application/zip"}
    slices = (content[start : start + 70_000] for start in range(0, len(content), 70_000))
    with requests.Session() as session:
        for body in (content, slices):
            assert session.post(url, data=body, headers=headers, timeout=60).status_code == 200
        packed = headers | {"Content-Encoding": "gzip"}
        assert session.post(url, data=gzip.compress(content), headers=packed, timeout=60).status_code == 200
        form = {"file": ("books.zip", content)}
        assert session.post(url, files=form, headers=program.headers, timeout=60).status_code == 200
    assert list(Upload.objects.values_list("size", flat=True)) == [len(content)] * 4
    assert Upload.objects.values("sha256").distinct().count() == 1


def test_a_sender_who_waits_for_the_word_gets_it(server, program):
    body = b"x" * 2_000_000
    head = upload_head(program, "Content-Type: application/zip", f"Content-Length: {len(body)}", "Expect: 100-continue")
    with server.open(head) as connection:
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert connection.recv(100).startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize("word", ["", "Expect: 100-continue\r\n"])
def test_a_large_body_of_a_stranger_is_not_received(server, word):
    head = f"POST /api/v1/Sync/zip HTTP/1.1\r\nHost: localhost\r\nContent-Length: 90000000\r\n{word}\r\n"
    status, _, problem = server.ask(head.encode())
    assert (status, problem["title"]) == (401, "Unauthorized")


def test_a_declared_size_beyond_the_limit_is_refused_at_once(server, program):
    status, _, problem = server.ask(upload_head(program, "Content-Type: application/zip", f"Content-Length: {10**12}"))
    assert (status, problem["title"]) == (413, "Too large.")


def test_a_body_that_breaks_off_is_told_apart_from_a_whole_one(server, program):
    with server.open(upload_head(program, "Content-Type: application/zip", "Content-Length: 50") + b"PK") as sender:
        sender.shutdown(socket.SHUT_WR)
        status, _, problem = answer_on(sender)
    assert (status, problem["detail"]) == (400, "The body broke off after 2 of 50 bytes. Send it again.")


def test_requests_that_are_sent_together_are_answered_in_order(server, program):
    one = upload_head(program, "Content-Length: 16", "Content-Type: application/json", path="ApiKeys")
    sent = (
        one
        + b'{"name": "mine"}'
        + one
        + b'{"name": "more"}'
        + b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )
    with server.open(sent) as connection:
        received = b""
        while piece := connection.recv(65536):
            received += piece
    assert received.count(b"HTTP/1.1 201 ") == 2
    assert received.index(b'"mine"') < received.index(b'"more"') < received.index(b'"alive"')


def test_what_follows_a_refused_body_is_no_request(server):
    """The rest of a body that was not received must not be taken for a request."""
    hidden = b"DELETE /api/v1/hidden HTTP/1.1\r\nHost: localhost\r\n\r\n"
    head = b"POST /api/v1/Sync/zip HTTP/1.1\r\nHost: localhost\r\nContent-Length: 90000000\r\n\r\n"
    with server.open(head, hidden) as connection:
        received = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := connection.recv(65536):
                received += piece
    assert received.count(b"HTTP/1.1 ") == 1


def test_without_room_on_its_disk_the_server_takes_no_large_body(tmp_path, database_url, program):
    server = Server(tmp_path, database_url, DISK_RESERVE_BYTES=str(10**18))
    for framing in ("Content-Length: 90000000", "Transfer-Encoding: chunked"):
        sent = upload_head(program, "Content-Type: application/zip", framing) + b"200000\r\n" + b"x" * 1_500_000
        status, headers, problem = server.ask(sent)
        assert (status, headers["retry-after"], problem["title"]) == (507, "60", "Insufficient Storage")
        assert problem["detail"] == (
            "The server has no room for the body at the moment. Nothing was changed. Send it again later."
        )
    assert server.latency("/api/v1/Sync/query", program.headers) < LATENCY
    server.process.terminate()
    server.process.wait(40)


def test_a_stop_lets_an_upload_end(tmp_path, database_url, program):
    server = Server(tmp_path, database_url)
    body = b"x" * 300_000
    head = upload_head(program, "Content-Type: application/zip", f"Content-Length: {len(body)}")
    with server.open(head, body[:1000]) as sender, server.open():
        time.sleep(0.5)
        threading.Timer(0.1, server.process.send_signal, [signal.SIGTERM]).start()
        time.sleep(1)
        sender.sendall(body[1000:])
        assert sender.recv(100).startswith(b"HTTP/1.1 200 OK\r\n")
    assert server.process.wait(20) == 0
    assert Upload.objects.get().size == len(body)
