"""Where the web server of `make up` listens: HOST and PORT from the environment."""

import errno
import os
import socket
from dataclasses import dataclass
from typing import Self


class BadAddress(Exception):
    """Why the address cannot be used, as a sentence."""


# The addresses by which a server listens on every interface of the machine, and how to reach it from this machine.
EVERY_INTERFACE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared with HOST, never a default


@dataclass(frozen=True)
class Address:
    """A host and a port of this machine."""

    host: str
    port: int

    @classmethod
    def from_environment(cls) -> Self:
        host, port = os.environ.get("HOST") or "127.0.0.1", os.environ.get("PORT") or "8000"
        if not port.isdecimal() or not 0 < int(port) < 65536:
            raise BadAddress(f"PORT must be a number from 1 to 65535; “{port}” is not.")
        return cls(host, int(port))

    @property
    def is_for_everyone(self) -> bool:
        return self.host in EVERY_INTERFACE

    @property
    def is_local(self) -> bool:
        return self.host in ("127.0.0.1", "localhost", "::1")

    @property
    def local_host(self) -> str:
        """The host by which this machine reaches the server."""
        return EVERY_INTERFACE.get(self.host, self.host)

    @property
    def url(self) -> str:
        host = f"[{self.local_host}]" if ":" in self.local_host else self.local_host
        return f"http://{host}:{self.port}"

    def names(self) -> list[str]:
        """The host names that browsers may use."""
        names = {"localhost", "127.0.0.1", "[::1]"}
        if self.is_for_everyone:
            names |= {socket.gethostname(), socket.getfqdn()}
        else:
            names.add(f"[{self.host}]" if ":" in self.host else self.host)
        return sorted(names)

    def check_free(self) -> None:
        """Raise BadAddress if the web server could not listen here."""
        try:
            found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
            family, *_, address = found[0]
            with socket.socket(family) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
        except socket.gaierror:
            raise BadAddress(f"HOST must be an address of this machine; “{self.host}” is none.") from None
        except OSError as error:
            raise BadAddress(self._why(error)) from None

    def _why(self, error: OSError) -> str:
        if error.errno == errno.EADDRINUSE:
            other = self.port + 1 if self.port < 65535 else 8000
            return (
                f"Port {self.port} is in use by another program. End that, or choose another port: PORT={other} make up"
            )
        if error.errno == errno.EACCES:
            return f"Port {self.port} is reserved for root. Choose one from 1024 up: PORT=8000 make up"
        if error.errno == errno.EADDRNOTAVAIL:
            return f"HOST must be an address of this machine; “{self.host}” is none."
        return f"The web server cannot listen at {self.host}, port {self.port}: {error.strerror}."
