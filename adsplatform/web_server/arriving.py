"""A request while it arrives: where it ends, and until when its sender has time. The content is gunicorn's to parse."""

import re
import time
from enum import Enum
from tempfile import SpooledTemporaryFile

from adsplatform.web_server.pace import Pace, Progress

# A head longer than this is refused. gunicorn's own limits, of the request line and of each header, are lower.
HEAD_MAX_BYTES = 128 * 1024
# A body beyond this size is not taken from everybody.
LARGE_BYTES = 1024**2
# What is kept of a request or answer beyond this size is in a temporary file.
MEMORY_BYTES = 64 * 1024
# The longest line that gives the size of a chunk.
CHUNK_LINE_BYTES = 4096
END_OF_HEAD = b"\r\n\r\n"

_REQUEST_LINE = re.compile(rb"[^ \r\n]+ [^\r\n]+ HTTP/\d\.\d\r\n")
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,18})[ \t]*\r\n", re.IGNORECASE)
_CODINGS = re.compile(rb"\r\ntransfer-encoding:[ \t]*([^\r\n]*)", re.IGNORECASE)
_HOST = re.compile(rb"\r\nhost:", re.IGNORECASE)
TOO_LONG = f"The headers of the request are longer than {HEAD_MAX_BYTES:,} bytes. Send fewer, or shorter ones."
NO_HOST = "The request has no header “Host”, which HTTP/1.1 needs. Send the name of the site in it."
OTHER_CODING = "The body has another transfer coding than “chunked”. Send it in that one alone, or with Content-Length."
_EXPECTS = re.compile(rb"\r\nexpect:[ \t]*100-continue[ \t]*(?=\r\n)", re.IGNORECASE)


class State(Enum):
    HEAD = "head"
    BODY = "body"
    COMPLETE = "complete"
    # For its head; `refusal` says why.
    REFUSED = "refused"


class Malformed(Exception):
    """Where the request ends cannot be said; gunicorn's parser says what is wrong with it."""


class ArrivingRequest:
    """What has arrived of a request, and what follows it on the connection (`rest`)."""

    def __init__(self, pace: Pace, *, line_limit: int, most_bytes: int):
        self.pace, self.line_limit, self.most_bytes = pace, line_limit, most_bytes
        self.state = State.HEAD
        # The status and the sentence of the answer to a request that is refused.
        self.refusal = (431, TOO_LONG)
        self.head = b""
        self.content = SpooledTemporaryFile(MEMORY_BYTES)  # noqa: SIM115 - closed by `close`
        self.body_size = 0
        self.declared: int | None = None
        self.expects_continue = False
        # Whether its sender may send more than fits into memory; None before anyone has asked.
        self.is_admitted: bool | None = None
        self.rest = b""
        # Whether more of it may come, so that the connection cannot be used for another request.
        self.is_cut_off = False
        self._chunks: _ChunkScanner | None = None
        self._paused_at: float | None = None
        self.began = time.monotonic()
        self._body = Progress(pace, self.began)

    def add(self, data: bytes) -> None:
        """Add what has arrived; raises OSError if it cannot be stored."""
        now = time.monotonic()
        if not self.head:
            self.began = now
            # A blank line may follow the body of the request before (RFC 9112, section 2.2).
            data = data.lstrip(b"\r\n")
        if self.state is State.HEAD:
            data = self._add_to_head(data)
            self._body = Progress(self.pace, now)
        if self.state is State.BODY:
            self._body.move(len(data), now)
            self._add_to_body(data)

    @property
    def is_empty(self) -> bool:
        return not self.head

    @property
    def is_large(self) -> bool:
        """Whether its body is, or is going to be, more than should be taken from anybody."""
        return max(self.declared or 0, self.body_size) > LARGE_BYTES

    @property
    def is_in_file(self) -> bool:
        """Whether what has arrived of it takes room on the disk."""
        return self.body_size > MEMORY_BYTES

    @property
    def is_paused(self) -> bool:
        return self._paused_at is not None

    def pause(self) -> None:
        """Have the time until `resume` count for nothing."""
        self._paused_at = time.monotonic()

    def resume(self) -> None:
        paused = time.monotonic() - (self._paused_at or time.monotonic())
        self._paused_at = None
        self.began += paused
        self._body.pass_over(paused)

    def lateness(self) -> str:
        """In what way the sender is too slow, as the end of a sentence; an empty text if it is not."""
        now, pace = time.monotonic(), self.pace
        if self.state is State.HEAD:
            late = now - self.began > (pace.head_seconds if self.head else pace.idle_seconds)
            return f"its headers had not arrived after {pace.head_seconds:g} seconds" if late else ""
        size = f"{self.body_size:,} bytes of its body"
        if self._body.has_stalled(now):
            return f"after {size}, nothing came for {pace.stall_seconds:g} seconds"
        if self._body.is_too_slow(now):
            return f"after {size}, it came more slowly than {pace.bytes_per_second:,g} bytes a second"
        if now - self.began > pace.total_seconds:
            return f"it had not arrived after {pace.total_seconds:,g} seconds"
        return ""

    def broken_off(self) -> str:
        """What to tell a sender who has ended early."""
        expected = f" of {self.declared:,}" if self.declared is not None else ""
        return f"The body broke off after {self.body_size:,}{expected} bytes. Send it again."

    def close(self) -> None:
        self.content.close()

    def _add_to_head(self, data: bytes) -> bytes:
        """Add to the head; returns the part of `data` that belongs to the body."""
        searched = max(0, len(self.head) - len(END_OF_HEAD))
        self.head += data
        end = self.head.find(END_OF_HEAD, searched)
        if end < 0:
            if self._begins_as_no_request():
                self._end_as_it_is()
            elif len(self.head) > HEAD_MAX_BYTES:
                self.state = State.REFUSED
            return b""
        end += len(END_OF_HEAD)
        body, self.head = self.head[end:], self.head[:end]
        self.expects_continue = _EXPECTS.search(self.head) is not None
        # The worker says “100 Continue”, not gunicorn.
        self.content.write(_EXPECTS.sub(b"", self.head))
        codings = b",".join(_CODINGS.findall(self.head)).strip().lower()
        version = self.head.partition(b"\r\n")[0].rpartition(b" ")[2]
        if version.startswith(b"HTTP/1.") and version != b"HTTP/1.0" and not _HOST.search(self.head):
            return self._refuse(400, NO_HOST)
        if b"chunked" in codings and codings != b"chunked":
            return self._refuse(501, OTHER_CODING)
        if codings == b"chunked":
            self._chunks = _ChunkScanner()
        elif length := _LENGTH.search(self.head):
            self.declared = int(length[1])
        self.state = State.BODY
        return body

    def _refuse(self, status: int, sentence: str) -> bytes:
        self.state, self.refusal = State.REFUSED, (status, sentence)
        return b""

    def _begins_as_no_request(self) -> bool:
        if not self.head or self.head[:1].isalpha():
            has_line = self.head.find(b"\r\n", 0, self.line_limit + 2) >= 0
            return not _REQUEST_LINE.match(self.head) if has_line else len(self.head) > self.line_limit + 2
        return True

    def _end_as_it_is(self) -> None:
        """Leave to gunicorn's parser what begins as no request does."""
        self.content.write(self.head)
        self.state = State.COMPLETE
        self.is_cut_off = True

    def _add_to_body(self, data: bytes) -> None:
        end: int | None
        if self._chunks is None:
            left = (self.declared or 0) - self.body_size
            end = left if len(data) >= left else None
        else:
            try:
                end = self._chunks.end_in(data)
            except Malformed:
                end = len(data)
                self.is_cut_off = True
        if end is not None:
            data, self.rest = data[:end], data[end:]
            self.state = State.COMPLETE
        self.content.write(data)
        self.body_size += len(data)
        if max(self.body_size, self.declared or 0) > self.most_bytes:
            # The application refuses it; it need not have all of it for that.
            self.state = State.COMPLETE
            self.is_cut_off = True


class _ChunkScanner:
    """Finds the end of a body that comes in chunks."""

    def __init__(self) -> None:
        self.line = b""
        # How many bytes there are until the next line, with the end of line after the chunk.
        self.skipped = 0
        self.is_in_trailer = False

    def end_in(self, data: bytes) -> int | None:
        """Where the body ends in this piece; None if it goes on."""
        position = 0
        while position < len(data):
            if self.skipped:
                step = min(self.skipped, len(data) - position)
                self.skipped -= step
                position += step
                continue
            newline = data.find(b"\n", position)
            if newline < 0:
                self.line += data[position:]
                if len(self.line) > CHUNK_LINE_BYTES:
                    raise Malformed
                return None
            line = (self.line + data[position:newline]).rstrip(b"\r")
            self.line = b""
            position = newline + 1
            if self.is_in_trailer:
                if not line:
                    return position
            elif size := _size_of_chunk(line):
                self.skipped = size + len(b"\r\n")
            else:
                self.is_in_trailer = True
        return None


def _size_of_chunk(line: bytes) -> int:
    digits = line.partition(b";")[0].strip()
    if not re.fullmatch(rb"[0-9a-fA-F]{1,16}", digits):
        raise Malformed
    return int(digits, 16)
