"""Messages on a socket between the process of a sync and the one that reads for it."""

import socket
import struct

# No message of ours is nearly as long.
LONGEST_MESSAGE = 512 * 1024**2
_LENGTH = struct.Struct("!I")


def send(to: socket.socket, data: bytes) -> None:
    """Send a message; raises OSError if nobody takes it."""
    to.sendall(_LENGTH.pack(len(data)) + data)


def receive(source: socket.socket, longest: int = LONGEST_MESSAGE) -> bytes | None:
    """Receive a message; None if the other side has ended, or sent too long a one. Raises TimeoutError."""
    length = _receive(source, _LENGTH.size)
    if length is None or (size := _LENGTH.unpack(length)[0]) > longest:
        return None
    return _receive(source, size)


def _receive(source: socket.socket, size: int) -> bytes | None:
    data, at = bytearray(size), 0
    view = memoryview(data)
    while at < size:
        try:
            # In one call: between several, a thread would wait for another that computes.
            count = source.recv_into(view[at:], size - at, socket.MSG_WAITALL)
        except ConnectionError:
            count = 0
        if not count:
            return None
        at += count
    return bytes(data)
