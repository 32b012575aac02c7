"""Receives the file in a request, however an SDK packs it, and writes it to disk as it arrives."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from tempfile import SpooledTemporaryFile
from typing import IO
from urllib.parse import unquote

from django.http import HttpRequest
from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from adsplatform.errors import PlatformError, TooLarge
from adsplatform.rest.bodies import CHUNK, Body
from adsplatform.rest.content_encodings import UnsupportedMedia

MEMORY_LIMIT = 1024**2
# How many bytes a multipart body may hold besides the file.
OVERHEAD = 1024**2
RAW_TYPES = ("application/zip", "application/x-zip-compressed", "application/octet-stream")
ZIP_START = b"PK"
EXTENDED_NAME = re.compile(r"filename\*\s*=\s*utf-8'[^']*'(?P<name>[^;\s]+)", re.IGNORECASE)


@dataclass
class ReceivedFile:
    """A file as it was sent, under the name that the sender gave it."""

    content: IO[bytes]
    name: str = "upload.zip"


@contextmanager
def received_file(request: HttpRequest, limit: int) -> Iterator[ReceivedFile]:
    """The first file in the request, as a temporary file, positioned at its beginning."""
    body = Body(request, limit, overhead=OVERHEAD)
    start = _first_bytes(body)
    content_type, parameters = parse_options_header(request.META.get("CONTENT_TYPE") or "")
    with SpooledTemporaryFile(MEMORY_LIMIT) as content:
        received = ReceivedFile(content)
        if not start:
            raise _no_file()
        if boundary := _boundary(content_type, parameters, start):
            _take_part(received, boundary, start, body, limit)
        elif content_type in RAW_TYPES or start.startswith(ZIP_START):
            _take_all(received, start, body, limit)
        else:
            raise UnsupportedMedia(
                f"No file is found in a body of type “{content_type}”. Send it as multipart/form-data, in a "
                "part named file."
            )
        content.seek(0)
        yield received


def _first_bytes(body: Body) -> bytes:
    """Enough of the first bytes to see what the body is."""
    start = b""
    while len(start) < 1024 and (chunk := body.read(CHUNK)):
        start += chunk
    return start


def _boundary(content_type: str, parameters: dict[str, str], start: bytes) -> str:
    """What separates the parts of the body; an empty text if it has no parts."""
    if content_type.startswith("multipart/") and parameters.get("boundary"):
        return parameters["boundary"]
    # The TypeScript SDK declares its multipart body as a form; the boundary is then in the first line.
    line, found, _ = start.partition(b"\r\n")
    if found and line.startswith(b"--") and 2 < len(line) <= 202 and line.isascii():
        return line[2:].decode()
    return ""


def _take_part(received: ReceivedFile, boundary: str, start: bytes, body: Body, limit: int) -> None:
    part = _PartTaker(received, limit)
    chunks = chain([start], body.chunks())
    try:
        parser = PushMultipartParser(boundary)
        for event in parser.parse_blocking(lambda size: next(chunks, b"")):
            if event is None:
                part.end()
            elif isinstance(event, MultipartSegment):
                part.begin(event)
            else:
                part.take(event)
    except MultipartError as error:
        raise PlatformError(f"The upload is no complete multipart body: {error}. Send it again.") from error
    if not part.found:
        raise _no_file()


def _take_all(received: ReceivedFile, start: bytes, body: Body, limit: int) -> None:
    for chunk in chain([start], body.chunks()):
        _write(received.content, chunk, limit)


class _PartTaker:
    """Takes the first part that has a file name; if there is none, the first that begins like a ZIP."""

    def __init__(self, received: ReceivedFile, limit: int):
        self.received, self.limit = received, limit
        # The kind of the best part so far: "" for none, "zip" for a ZIP without a name, "file" for a named file.
        self.found = ""
        self.taking, self.undecided, self.head = False, False, b""

    def begin(self, segment: MultipartSegment) -> None:
        name = _file_name(segment)
        if name and self.found == "file":
            raise PlatformError(
                f"The upload holds two files, “{self.received.name}” and “{name}”. Send one at a time, or put them "
                "into a ZIP.",
                field="file",
            )
        self.taking = bool(name)
        self.undecided, self.head = not name and not self.found, b""
        if self.taking:
            self._found("file", name)

    def take(self, chunk: bytes) -> None:
        if self.undecided:
            chunk = self.head = self.head + chunk
            self.undecided = len(self.head) < len(ZIP_START)
            self.taking = self.head.startswith(ZIP_START)
            if self.taking:
                self._found("zip", ReceivedFile.name)
        if self.taking:
            _write(self.received.content, chunk, self.limit)

    def end(self) -> None:
        self.taking = self.undecided = False

    def _found(self, what: str, name: str) -> None:
        self.found, self.received.name = what, name
        self.received.content.seek(0)
        self.received.content.truncate()


def _file_name(segment: MultipartSegment) -> str:
    # The C# SDK gives the name twice; only the second one (`filename*`) has all letters intact.
    if extended := EXTENDED_NAME.search(segment.header("Content-Disposition", "")):
        return unquote(extended["name"], errors="replace")
    return segment.filename or ""


def _write(content: IO[bytes], chunk: bytes, limit: int) -> None:
    content.write(chunk)
    if content.tell() > limit:
        raise TooLarge(
            f"The file is larger than the {limit:,} bytes that may be uploaded at once. Send it in parts.",
            field="file",
        )


def _no_file() -> PlatformError:
    return PlatformError(
        "There is no file in this request. Send it as multipart/form-data, in a part named file.",
        field="file",
    )
