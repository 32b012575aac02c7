"""Connectors reach servers on the public internet, and others only where whoever runs the platform allows it."""

import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address

import httpx
import pytest

from syncs.connectors import addresses
from syncs.connectors.addresses.http import client, said_by
from syncs.connectors.protocol import ConnectorError


@pytest.fixture
def allowing():
    """Allow these networks only, for one test."""
    before = [str(network) for network in addresses._Allowed.networks]
    yield addresses.allow
    addresses.allow(before)


REFUSED = """
127.0.0.1 127.8.9.1 0.0.0.0 0.1.2.3 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 100.64.0.1
192.0.0.8 192.0.2.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255
:: ::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 fe80::1 fc00::1 fd12::1 ff02::1 fec0::1 2001:db8::1 2001::1
64:ff9b::a9fe:a9fe 64:ff9b:1::1 2002:7f00:1:: ::127.0.0.1 ::7f00:1 ::ffff:0:7f00:1 5f00::1 100::1 192.88.99.1""".split()


def test_only_addresses_of_the_public_internet_are_reached(allowing):
    allowing([])
    assert [address for address in REFUSED if addresses.is_allowed(ip_address(address))] == []
    public = ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:1.1.1.1"]
    assert [address for address in public if not addresses.is_allowed(ip_address(address))] == []


def test_the_operator_allows_networks_and_addresses(allowing):
    allowing(["10.1.0.0/16", "192.168.7.9", "fd00::/8"])
    found = [addresses.is_allowed(ip_address(each)) for each in ("10.1.2.3", "10.2.0.1", "192.168.7.9", "fd00::1")]
    assert found == [True, False, True, True]
    with pytest.raises(ValueError, match="does not appear to be"):
        addresses.allow(["nonsense"])


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "[::1]", "0x7f.1", "[::ffff:127.0.0.1]"])
def test_no_way_of_writing_an_address_leads_into_the_own_network(allowing, host):
    allowing([])
    with pytest.raises(ConnectorError) as refused:
        addresses.resolve(host, 80)
    assert str(refused.value) == (
        f"The server “{host}” is not on the public internet, so it is not asked. Whoever runs the platform can allow "
        "its address (CONNECTOR_ALLOWED_ADDRESSES)."
    )
    assert (refused.value.code, refused.value.transient) == ("bad_setting", False)


def test_one_refused_address_of_several_refuses_the_host(allowing, monkeypatch):
    allowing([])
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in ("1.1.1.1", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(ConnectorError, match="not on the public internet"):
        addresses.resolve("rebound.example", 80)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("file:///etc/passwd", "must begin with https:// or http:// and name a server"),
        ("https://", "must begin with https:// or http:// and name a server"),
        ("https://[bad", "must begin with https:// or http:// and name a server"),
        ("http://ann:secret@127.0.0.1", "Leave user and password out of the address"),
        ("http://no-such-host.invalid", "No address is known for the server “no-such-host.invalid”"),
    ],
)
def test_a_wrong_address_is_explained(url, problem):
    with pytest.raises(ConnectorError, match=problem):
        addresses.check_url(url)


class Redirecting(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(302)
        self.send_header("Location", "http://10.0.0.1/")
        self.end_headers()

    def log_message(self, *args):
        """Say nothing on the terminal."""


@pytest.fixture
def server():
    server = HTTPServer(("127.0.0.1", 0), Redirecting)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def test_an_allowed_server_is_reached_by_socket_and_by_http(allowing, server, monkeypatch):
    allowing(["127.0.0.1"])
    monkeypatch.setenv("HTTP_PROXY", "http://10.0.0.1:1")
    with addresses.connect("127.0.0.1", server) as connection:
        assert connection.getpeername() == ("127.0.0.1", server)
    url = addresses.check_url(f" http://127.0.0.1:{server}/ ")
    with client(base_url=url) as http:
        assert http.get("/").status_code == 302


def test_http_asks_no_server_that_is_not_allowed(allowing, server):
    allowing([])
    with client() as http, pytest.raises(ConnectorError, match="not on the public internet"):
        http.get(f"http://127.0.0.1:{server}/")


def test_a_server_that_is_away_may_come_back(allowing, server):
    allowing(["127.0.0.1"])
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(ConnectorError, match=f"cannot be reached at port {port}: Connection refused") as away:
        addresses.connect("127.0.0.1", port)
    assert away.value.transient
    with client() as http, pytest.raises(httpx.ConnectError):
        http.get(f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (httpx.ReadTimeout(""), "it did not answer in time"),
        (httpx.ConnectError("Connection refused"), "Connection refused"),
        (httpx.ReadError(""), "the connection broke off"),
    ],
)
def test_why_a_server_was_not_reached_is_said_without_names_of_classes(error, said):
    assert said_by(error) == said
