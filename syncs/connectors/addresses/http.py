"""An HTTP client for connectors: it reaches allowed servers only, and follows no redirect and no proxy of its own."""

import ssl
import time
import typing
from collections.abc import Iterable
from functools import cache

import httpcore
import httpx

from syncs.connectors.addresses import resolve

Option: typing.TypeAlias = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]


@cache
def _trusted() -> ssl.SSLContext:
    """The certificates that are trusted; to load them takes longer than most requests, so it is done once."""
    return ssl.create_default_context()


class _CheckedBackend(httpcore.SyncBackend):
    """Connects to the address that was checked; certificates are checked for the host's name as ever."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Option] | None = None,
    ) -> httpcore.NetworkStream:
        failure: Exception | None = None
        # The addresses share the time, however many there are.
        until = None if timeout is None else time.monotonic() + timeout
        for address in resolve(host, port):
            left = None if until is None else until - time.monotonic()
            if left is not None and left <= 0:
                break
            try:
                return super().connect_tcp(address, port, left, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure or httpcore.ConnectError(f"No address is known for {host}.")


class CheckedTransport(httpx.HTTPTransport):
    """The transport of `client`, for clients that need options of their own."""

    def __init__(self, *, connections: int = 10) -> None:
        super().__init__(verify=_trusted(), trust_env=False)
        # httpx has no public way to give the pool a backend; the pool itself has.
        self._pool.close()
        self._pool = httpcore.ConnectionPool(
            ssl_context=_trusted(),
            max_connections=connections,
            keepalive_expiry=30,
            network_backend=_CheckedBackend(),
        )


def client(*, base_url: str = "", seconds: float = 60, headers: dict[str, str] | None = None) -> httpx.Client:
    """A client for requests to a source; `seconds` is how long it may be silent."""
    return httpx.Client(
        base_url=base_url,
        headers=headers,
        transport=CheckedTransport(),
        timeout=httpx.Timeout(seconds, connect=min(seconds, 15)),
        trust_env=False,
        follow_redirects=False,
    )


def said_by(error: httpx.TransportError) -> str:
    """Why a server could not be reached, as the end of a sentence."""
    if isinstance(error, httpx.TimeoutException):
        return "it did not answer in time"
    return str(error).rstrip(".") or "the connection broke off"
