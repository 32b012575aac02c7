"""Which headers the web server reads before it takes a large body, and that reading them costs next to nothing."""

import time

import pytest

from adsplatform.rest.admission import may_send_much
from tests.callers import Program

pytestmark = pytest.mark.django_db
HEAD = b"POST /api/v1/x HTTP/1.1\r\nHost: localhost\r\n"


@pytest.fixture(autouse=True)
def connection_of_the_test(monkeypatch):
    # It would end the test's own transaction.
    monkeypatch.setattr("adsplatform.rest.admission.close_old_connections", lambda: None)


@pytest.mark.parametrize(
    "header",
    [
        b"To: " + b'"' * 8_000,
        b"To: " + b"(" * 8_000,
        b"To: " + b"a<" * 4_000,
        b"Content-Type: a/b" + b";a*1=b" * 1_300,
        b"Authorization: " + b'"' * 8_000,
        b"Api-Key: " + b'"' * 8_000,
        b"Cookie: " + b'"' * 8_000,
        b"Cookie: " + b"a=b;" * 2_000,
        b"Cookie: " + b'"' * 120_000,
        b"To: " + b'"' * 120_000,
    ],
    ids=lambda header: f"{header[:20].decode()} {len(header)}",
)
@pytest.mark.parametrize("path", [b"/api/v1/x", b"/upload/"])
def test_no_header_takes_long_to_read(header, path):
    head = HEAD.replace(b"/api/v1/x", path) + header + b"\r\nContent-Length: 2000000\r\n\r\n"
    began = time.process_time()
    assert not may_send_much(head)
    assert time.process_time() - began < 0.1


@pytest.mark.parametrize("line", ["Api-Key: {}", "ApiKey:{}", "API-KEY:  {} ", "Authorization: Bearer {}"])
def test_a_credential_is_found_however_it_is_written(line):
    key = Program().key
    assert may_send_much(HEAD + line.format(key).encode() + b"\r\n\r\n")
    assert not may_send_much(HEAD + line.format(key[:-1]).encode() + b"\r\n\r\n")


@pytest.mark.parametrize("line", ["Api_Key: {}", "X-Api-Key: {}", "X: y\n Api-Key: {}"])
def test_other_headers_are_no_credential(line):
    assert not may_send_much(HEAD + line.format(Program().key).encode() + b"\r\n\r\n")
