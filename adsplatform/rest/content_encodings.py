"""Unpacks request bodies that were sent with a Content-Encoding, a piece at a time and within limits."""

import zlib
from typing import Protocol

from django.conf import settings

from adsplatform.errors import PlatformError, TooLarge

CHUNK = 64 * 1024
# Below this size, a high compression ratio does no harm.
RATIO_FROM_BYTES = 10 * 1024**2
GZIP = zlib.MAX_WBITS | 16
UNPACKED = ("", "identity")
# To be named in an answer of 415 (RFC 9110, section 12.5.3).
ACCEPTED = "gzip, deflate"
CODINGS = ("gzip", "x-gzip", "deflate")


class UnsupportedMedia(PlatformError):
    status = 415
    title = "Unsupported media type."


class UnsupportedEncoding(UnsupportedMedia):
    title = "Unsupported content encoding."


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def coding_of(header: str) -> str:
    """The coding that a Content-Encoding names, or an empty text for none; raises UnsupportedEncoding for others."""
    codings = [coding for part in header.split(",") if (coding := part.strip().lower()) not in UNPACKED]
    if not codings:
        return ""
    if len(codings) > 1 or codings[0] not in CODINGS:
        raise UnsupportedEncoding(
            f"A body with the Content-Encoding “{header.strip()[:100]}” is not understood. Pack it once, with gzip or "
            "deflate, or send it as it is, without the header Content-Encoding.",
            field="Content-Encoding",
        )
    return codings[0]


class UnpackedBody:
    """The unpacked content of a packed body; reading raises PlatformError if it is damaged or packed too tightly."""

    def __init__(self, packed: Readable, coding: str):
        self._packed, self._coding = packed, coding
        self._pending = b""
        # None before the first byte, and between two gzip members.
        self._inflater: zlib._Decompress | None = None
        self._packed_size = self._unpacked_size = 0

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes (more than none); none at the end."""
        while True:
            has_ended = not self._pending and not self._fill()
            inflater = self._inflater = self._inflater or self._next_member()
            if inflater is None:
                if has_ended:
                    return b""
                continue
            if chunk := self._inflate(inflater, size):
                return chunk
            if has_ended and not inflater.eof:
                raise PlatformError(
                    f"The body broke off: its {self._coding} data have no end. Send it again.", field="Content-Encoding"
                )

    def _fill(self) -> bool:
        self._pending = self._packed.read(CHUNK)
        self._packed_size += len(self._pending)
        return bool(self._pending)

    def _next_member(self) -> "zlib._Decompress | None":
        """What unpacks the pending bytes; None if nothing is pending."""
        if self._packed_size > len(self._pending):
            # Some programs fill up the last block with zeroes.
            self._pending = self._pending.lstrip(b"\0")
        if not self._pending:
            return None
        return zlib.decompressobj(_window_of_deflate(self._pending) if self._coding == "deflate" else GZIP)

    def _inflate(self, inflater: "zlib._Decompress", size: int) -> bytes:
        try:
            chunk = inflater.decompress(self._pending, size)
        except zlib.error as error:
            raise PlatformError(
                f"The body is not valid {self._coding}, as its header Content-Encoding says it is: {error}. Pack it "
                "again, or leave the header out if it is not packed.",
                field="Content-Encoding",
            ) from error
        self._pending = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
        if inflater.eof:
            self._inflater = None
        self._unpacked_size += len(chunk)
        self._check_ratio()
        return chunk

    def _check_ratio(self) -> None:
        most = settings.UNPACKED_MAX_RATIO
        if self._unpacked_size > max(RATIO_FROM_BYTES, most * self._packed_size):
            raise TooLarge(
                f"The body unpacks to more than {most:,} times its packed size, which no list of records does. "
                "Send it without the header Content-Encoding.",
                field="Content-Encoding",
            )


def _window_of_deflate(start: bytes) -> int:
    """HTTP's deflate is the format of zlib (RFC 1950), but some programs send it without header and checksum."""
    has_header = start[0] & 0x0F == zlib.DEFLATED and (len(start) < 2 or int.from_bytes(start[:2]) % 31 == 0)
    return zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS
