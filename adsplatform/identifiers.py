"""Time-ordered identifiers (RFC 9562, version 7), which keep the indexes of large tables compact."""

import secrets
import threading
import time
from datetime import datetime
from uuid import UUID

_lock = threading.Lock()
_last = 0


def first_uuid7(moment: datetime) -> UUID:
    """The least UUID of version 7 that can be made at a moment."""
    return UUID(int=(int(moment.timestamp() * 1000) << 80) | (0x7 << 76) | (0b10 << 62))


def uuid7() -> UUID:
    """A new UUID of version 7: 48 bits of milliseconds, then 74 random bits; each is greater than the one before."""
    global _last
    with _lock:
        milliseconds = time.time_ns() // 1_000_000
        # Within the same millisecond the new random bits may be smaller than the last ones; then the last ones are
        # incremented.
        _last = max((milliseconds << 74) | secrets.randbits(74), _last + 1)
        bits = _last
    high, middle, low = bits >> 74, (bits >> 62) & 0xFFF, bits & ((1 << 62) - 1)
    return UUID(int=(high << 80) | (0x7 << 76) | (middle << 64) | (0b10 << 62) | low)
