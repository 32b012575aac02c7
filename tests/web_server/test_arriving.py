"""Where a request ends while it arrives in pieces, and when its sender has been too slow."""

import pytest
from gunicorn.config import Config
from gunicorn.http.parser import RequestParser
from hypothesis import given
from hypothesis import strategies as st

from adsplatform.web_server import arriving
from adsplatform.web_server.arriving import HEAD_MAX_BYTES, ArrivingRequest, State
from adsplatform.web_server.pace import Pace, SharedRate

POST = b"POST /api/v1/Sync/zip HTTP/1.1\r\nHost: x\r\n"
COMPLETE = {
    "without a body": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "without a host": b"GET /?HTTP/1.1 HTTP/1.0\r\n\r\n",
    "of length 0": POST + b"Content-Length: 0\r\n\r\n",
    "with a body": POST + b"content-length:5\r\n\r\nhello",
    "with a body like a head": POST + b"Content-Length: 18\r\n\r\nGET / HTTP/1.1\r\n\r\n",
    "in chunks": POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1A;note=x\r\n" + b"z" * 26 + b"\r\n0\r\n\r\n",
    "with a trailer": POST + b"TRANSFER-ENCODING: Chunked\r\n\r\n1\r\n0\r\n0\r\nDigest: 0\r\n\r\n",
}


def new(pace=None, most=10**9):
    return ArrivingRequest(pace or Pace(), line_limit=8190, most_bytes=most)


def content_of(request):
    request.content.seek(0)
    return request.content.read()


@pytest.mark.parametrize("whole", COMPLETE.values(), ids=COMPLETE)
@pytest.mark.parametrize("rest", [b"", b"GET /next HTTP/1.1\r\n\r\n"])
def test_the_end_is_found_however_it_is_cut(whole, rest):
    sent = whole + rest
    for first in range(1, len(whole)):
        request = new()
        request.add(sent[:first])
        assert request.state in (State.HEAD, State.BODY)
        request.add(sent[first:])
        assert request.state is State.COMPLETE
        assert (content_of(request), request.rest, request.is_cut_off) == (whole, rest, False)


@given(st.lists(st.binary(min_size=1, max_size=300), max_size=6), st.data())
def test_gunicorn_reads_the_body_that_was_sent(chunks, data):
    coded = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
    sent = POST + b"Transfer-Encoding: chunked\r\n\r\n" + coded + b"rest"
    request = new()
    while request.state is not State.COMPLETE:
        size = data.draw(st.integers(1, 200))
        request.add(sent[:size])
        sent = sent[size:]
    parser = RequestParser(Config(), iter([content_of(request)]), ("127.0.0.1", 1))
    assert next(parser).body.read() == b"".join(chunks)
    assert request.rest + sent == b"rest"


def test_blank_lines_before_a_request_are_passed_over():
    request = new()
    request.add(b"\r\n\r\n")
    assert request.is_empty
    request.add(b"\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert content_of(request) == b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


def test_the_wish_to_be_told_to_continue_is_taken_out():
    request = new()
    request.add(POST + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    assert (request.state, request.expects_continue) == (State.BODY, True)
    request.add(b"ok")
    assert content_of(request) == POST + b"Content-Length: 2\r\n\r\nok"


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"hello\r\n",
        b"GET /\r\n",
        b"GET / HTTP/1.1 \r\n",
        b"GET /" + b"a" * 8190,
        POST + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"0" * 5000,
    ],
)
def test_what_is_no_http_is_left_to_the_parser_at_once(sent):
    request = new()
    request.add(sent)
    assert (request.state, request.is_cut_off) == (State.COMPLETE, True)
    assert content_of(request) == sent


def test_headers_without_end_are_refused():
    request = new()
    request.add(POST)
    while request.state is State.HEAD:
        request.add(b"X-More: " + b"y" * 1000 + b"\r\n")
    assert request.state is State.REFUSED
    assert len(request.head) < HEAD_MAX_BYTES + 2000


@pytest.mark.parametrize(
    "framing", [b"Content-Length: 600\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n258\r\n"], ids=["length", "chunks"]
)
def test_a_body_that_is_too_large_is_not_received_to_its_end(framing):
    request = new(most=500)
    request.add(POST + framing)
    request.add(b"x" * 590)
    assert (request.state, request.is_cut_off) == (State.COMPLETE, True)


def test_a_large_body_is_not_in_memory():
    request = new()
    request.add(POST + b"Content-Length: 5000000\r\n\r\n")
    assert request.is_large
    for _ in range(5):
        request.add(b"x" * 10**6)
    assert request.state is State.COMPLETE
    assert request.content._rolled


def test_bodies_that_anybody_may_send_take_little_memory():
    request = new()
    request.add(POST + b"Content-Length: 1048576\r\n\r\n")
    request.add(b"x" * 60_000)
    assert not request.content._rolled
    request.add(b"x" * 10_000)
    assert (request.is_large, request.is_in_file, request.content._rolled) == (False, True, True)


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = 1000.0

        def monotonic(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(arriving, "time", clock)
    return clock


def test_a_sender_without_a_byte_has_ten_seconds(clock):
    request = new()
    clock.now += 10
    assert not request.lateness()
    clock.now += 0.1
    assert request.lateness()


def test_headers_have_twenty_seconds_however_steadily_they_come(clock):
    request = new()
    clock.now += 9
    for letter in b"GET / HTTP/1.1\r\nX: ":
        request.add(bytes([letter]))
        clock.now += 1
    assert not request.lateness()
    clock.now += 2
    assert request.lateness() == "its headers had not arrived after 20 seconds"


def test_a_body_may_not_stall(clock):
    request = new()
    request.add(POST + b"Content-Length: 5000000\r\n\r\n")
    request.add(b"x" * 100_000)
    clock.now += 20.1
    assert request.lateness() == "after 100,000 bytes of its body, nothing came for 20 seconds"


def test_a_body_may_not_trickle(clock):
    request = new()
    request.add(POST + b"Content-Length: 5000000\r\n\r\n")
    for _ in range(20):
        clock.now += 1
        request.add(b"x")
    assert not request.lateness()
    clock.now += 1
    assert request.lateness() == "after 20 bytes of its body, it came more slowly than 1,000 bytes a second"


def test_many_bytes_at_first_do_not_allow_a_trickle_later(clock):
    request = new()
    request.add(POST + b"Content-Length: 1048576\r\n\r\n")
    request.add(b"x" * 1_000_000)
    for _ in range(2):
        assert not request.lateness()
        clock.now += 11
        request.add(b"x")
    assert request.lateness() == "after 1,000,002 bytes of its body, it came more slowly than 1,000 bytes a second"


def test_a_slow_but_steady_body_may_take_hours_but_not_days(clock):
    request = new()
    request.add(POST + b"Content-Length: 900000000\r\n\r\n")
    for _ in range(6 * 360 - 1):
        clock.now += 10
        request.add(b"x" * 10_500)
        assert not request.lateness()
    clock.now += 19
    assert request.lateness() == "it had not arrived after 21,600 seconds"


def test_time_that_the_server_takes_itself_does_not_count(clock):
    request = new()
    request.add(POST + b"Content-Length: 5000000\r\n\r\n")
    request.pause()
    clock.now += 3600
    request.resume()
    assert not request.lateness()


def test_large_bodies_share_a_rate():
    rate = SharedRate(100)
    assert rate.take(5, 1000.0) == 0
    # A tenth of a second is saved, and no more, however long nothing came.
    assert rate.take(10, 2000.0) == 0
    assert rate.take(10, 2000.0) == pytest.approx(0.1)
    assert rate.take(10, 2000.1) == pytest.approx(0.1)
    assert rate.take(10, 3000.0) == 0
