"""Connections to servers whose addresses people of an account enter.

Such an address may point into the platform's own network: to its database, to what a cloud tells its machines, to a
neighbour. So a connector connects by this module only. A host's name is resolved once; every address that it has must
be one of the public internet or among those that whoever runs the platform allows; and the connection goes to that
address itself, so that nothing can change in between.
"""

import socket
import time
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias
from urllib.parse import urlsplit

from syncs.connectors.protocol import ConnectorError

Network: TypeAlias = IPv4Network | IPv6Network
Address: TypeAlias = IPv4Address | IPv6Address

# Of IPv6 only this is given to servers on the internet. Elsewhere an IPv4 address may be hidden, in many forms.
GLOBAL_UNICAST = ip_network("2000::/3")
# Not all of these count as private: they lead to other addresses, or to machines of the same network.
REFUSED = tuple(
    map(
        ip_network,
        ("0.0.0.0/8", "192.0.0.0/24", "192.88.99.0/24", "224.0.0.0/4", "240.0.0.0/4", "2001::/32", "2002::/16"),
    )
)  # fmt: skip


class _Allowed:
    """What whoever runs the platform allows besides (CONNECTOR_ALLOWED_ADDRESSES); set when a process starts."""

    networks: tuple[Network, ...] = ()


def allow(networks: Iterable[str]) -> None:
    """Allow connectors these networks or addresses from now on; raises ValueError for what is none."""
    _Allowed.networks = tuple(ip_network(network.strip(), strict=False) for network in networks)


def allowed() -> list[str]:
    """What is allowed now, as `allow` takes it."""
    return list(map(str, _Allowed.networks))


def is_allowed(address: Address) -> bool:
    """Whether a connector may connect to the address."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if any(address in network for network in _Allowed.networks if network.version == address.version):
        return True
    if address.version == GLOBAL_UNICAST.version and address not in GLOBAL_UNICAST:
        return False
    return address.is_global and not any(
        address in network for network in REFUSED if network.version == address.version
    )


def resolve(host: str, port: int) -> list[str]:
    """The host's addresses, for a client that takes an address; raises ConnectorError unless all are allowed."""
    try:
        found = socket.getaddrinfo(host.strip().strip("[]"), port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise ConnectorError(
            f"No address is known for the server “{host}”. Check how it is written.", transient=True
        ) from None
    addresses = list(dict.fromkeys(str(each[4][0]).partition("%")[0] for each in found))
    if not all(is_allowed(ip_address(address)) for address in addresses):
        raise ConnectorError(
            f"The server “{host}” is not on the public internet, so it is not asked. Whoever runs the platform can "
            "allow its address (CONNECTOR_ALLOWED_ADDRESSES).",
            code="bad_setting",
        )
    return addresses


def connect(host: str, port: int, *, seconds: float = 30) -> socket.socket:
    """A connection to the host; raises ConnectorError where it is refused, not known, or does not answer in time."""
    until, reason = time.monotonic() + seconds, "it did not answer in time"
    for address in resolve(host, port):
        if time.monotonic() > until:
            break
        try:
            return socket.create_connection((address, port), timeout=max(until - time.monotonic(), 0.1))
        except TimeoutError:
            continue
        except OSError as error:
            reason = error.strerror or str(error)
    raise ConnectorError(f"The server “{host}” cannot be reached at port {port}: {reason}.", transient=True)


def check_url(url: str, *, schemes: Sequence[str] = ("https", "http")) -> str:
    """The URL without a slash at its end; raises ConnectorError if its form is not right or its server not allowed."""
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
        parts = urlsplit("")
    if parts.scheme not in schemes or not host:
        known = " or ".join(f"{scheme}://" for scheme in schemes)
        raise ConnectorError(f"The address “{url}” must begin with {known} and name a server.", code="bad_setting")
    if parts.username is not None or parts.password is not None:
        raise ConnectorError(
            "Leave user and password out of the address: they have fields of their own.", code="bad_setting"
        )
    resolve(host, port or (443 if parts.scheme == "https" else 80))
    return url.strip().rstrip("/")
