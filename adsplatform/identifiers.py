"""Time-ordered identifiers (RFC 9562, version 7), which keep the indexes of big tables compact."""

import os
import time
from uuid import UUID


def uuid7() -> UUID:
    """A new UUID of version 7: 48 bits of milliseconds, then 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    value = (milliseconds << 80) | random
    value = value & ~(0xF << 76) | (0x7 << 76)
    value = value & ~(0x3 << 62) | (0x2 << 62)
    return UUID(int=value)
