"""A source may answer anything; what it says is its fault, and shown in part."""

import gzip
import socket
import struct
import threading
from contextlib import suppress

import pytest

from enrollments.models import Application
from syncs.connectors import addresses
from tests.callers import Program

pytestmark = pytest.mark.django_db
SECRET = "t0p-secret-key"


@pytest.fixture
def serve():
    """Have a function answer each connection on a port of this machine, which is allowed; returns the port."""
    before = [str(network) for network in addresses._Allowed.networks]
    addresses.allow(["127.0.0.1"])
    listening = []

    def start(answer):
        listener = socket.create_server(("127.0.0.1", 0))
        listening.append(listener)

        def loop():
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    threading.Thread(target=run, args=(connection,), daemon=True).start()

        def run(connection):
            with connection, suppress(OSError, struct.error):
                answer(connection)

        threading.Thread(target=loop, daemon=True).start()
        return listener.getsockname()[1]

    yield start
    for listener in listening:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
    addresses.allow(before)


def check(port, connector, *, key=SECRET):
    """The answer to a try of a connection with that port."""
    if connector == "tryton":
        settings, credentials = {}, {"serverName": f"http://127.0.0.1:{port}", "tenant": "books", "authToken": key}
    else:
        settings = {"server": connector, "host": "127.0.0.1", "port": str(port), "database": "books"}
        credentials = {"username": "reader", "password": key}
    app = Application.objects.get(connector="tryton" if connector == "tryton" else "sql-database")
    return Program().post(f"Applications/{app.pk}/check", {"settings": settings, "connectorInfo": credentials})


def by_http(body=b"", *, status=b"200 OK", headers=b""):
    """What answers each request by HTTP like this."""

    def answer(connection):
        while b"\r\n\r\n" in connection.recv(65536):
            head = b"HTTP/1.1 %s\r\n%sContent-Length: %d\r\n\r\n" % (status, headers, len(body))
            connection.sendall(head + body)

    return answer


def by_postgresql(answer_to_query):
    """What lets everybody in as PostgreSQL does, and answers queries by the function."""

    def answer(connection):
        while True:
            start = connection.recv(struct.unpack("!I", connection.recv(4))[0] - 4)
            if start[:2] != b"\x04\xd2":
                break
            # Neither TLS nor GSSAPI.
            connection.sendall(b"N")
        connection.sendall(message(b"R", bytes(4)) + message(b"S", b"client_encoding\0UTF8\0") + message(b"Z", b"I"))
        while connection.recv(65536):
            answer_to_query(connection)

    return answer


def message(kind, content):
    return kind + struct.pack("!I", len(content) + 4) + content


@pytest.mark.parametrize(
    ("connector", "answer"),
    [
        ("tryton", by_http(b"[" * 100_000)),
        ("tryton", by_http(b'[{"__class__": "Decimal", "decimal": [1]}]')),
        ("tryton", by_http(b"no gzip", headers=b"Content-Encoding: gzip\r\n")),
        ("tryton", by_http(gzip.compress(b"[" * 100_000), headers=b"Content-Encoding: gzip\r\n")),
        ("tryton", by_http(b"<p>no</p>", status=b"500 No", headers=b"Content-Type: text/html; charset=rot13\r\n")),
        ("tryton", by_http(status=b"302 Found", headers=b"Location: http://" + b"x" * 70_000 + b"\r\n")),
        ("postgresql", lambda connection: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")),
    ],
)
def test_whatever_a_source_answers_it_is_its_fault(serve, connector, answer):
    found = check(serve(answer), connector)
    assert (found.status_code, len(found.json()["detail"]) <= 4_000) == (424, True)


def test_what_a_source_says_is_shown_in_part_and_visibly(serve):
    said = b"\x1b[31m " + SECRET.encode() + b" " + b"x" * 100_000
    failing = by_postgresql(
        lambda connection: connection.sendall(
            message(b"E", b"SERROR\0C42P01\0M" + said + b"\0\0") + message(b"Z", b"I")
        )
    )
    detail = check(serve(failing), "postgresql").json()["detail"]
    assert "[U+001B][31m [secret] xxx" in detail
    assert len(detail) <= 4_000


def test_a_key_that_fits_into_no_header_is_refused_by_its_name(serve):
    found = check(serve(by_http()), "tryton", key="t0p-sécret-key")
    assert (found.status_code, found.json()["detail"]) == (
        424,
        "The key has a character that no key of Tryton has. Copy it again, without what stands around it.",
    )


def test_a_number_of_thousands_of_digits_is_refused():
    found = check("9" * 5_000, "postgresql")
    assert (found.status_code, "Write a whole number from 1 to 65,535." in found.json()["detail"]) == (424, True)
