"""Reads the body of a request as it arrives, up to a limit, with or without a Content-Length."""

import codecs
import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from tempfile import TemporaryFile
from typing import BinaryIO, Literal

import msgspec
from django.http import HttpRequest
from multipart import parse_options_header

from adsplatform.errors import PlatformError, TooLarge
from adsplatform.rest.content_encodings import Readable, UnpackedBody, UnsupportedMedia, coding_of
from adsplatform.rest.json_faults import json_fault, replace_halves
from adsplatform.rest.json_limits import NOT_ONE_OBJECT, TOO_DEEP, check_members

CHUNK = 256 * 1024


class Body:
    """A request's body as a stream, unpacked if it has a Content-Encoding; Django itself reads a chunked body as empty.

    `limit` is the greatest number of bytes of the content, `overhead` how many more the body may have. Reading raises
    TooLarge, or PlatformError if the sender stops early.
    """

    def __init__(self, request: HttpRequest, limit: int, *, overhead: int = 0, advice: str = "Send it in parts."):
        self.limit, self.most, self.advice = limit, limit + overhead, advice
        # Of the unpacked content, so far.
        self.size = 0
        sent = _SentBody(request, self)
        coding = coding_of(request.META.get("HTTP_CONTENT_ENCODING", ""))
        self._content: Readable = UnpackedBody(sent, coding) if coding else sent

    def read(self, size: int = -1) -> bytes:
        if size < 0:
            return b"".join(self.chunks())
        if not size:
            return b""
        chunk = self._content.read(size)
        self.size += len(chunk)
        self.check_size(self.size)
        return chunk

    def chunks(self) -> Iterator[bytes]:
        while chunk := self.read(CHUNK):
            yield chunk

    def check_size(self, size: int) -> None:
        """Refuse a size, of the content or of the bytes sent, above the limit."""
        if size > self.most:
            raise TooLarge(f"The body is larger than the {self.limit:,} bytes that may be sent at once. {self.advice}")


class _SentBody:
    """The bytes of a body as they were sent."""

    def __init__(self, request: HttpRequest, body: Body):
        self.body = body
        self.size = 0
        self._stream: Readable
        length = request.META.get("CONTENT_LENGTH") or ""
        # Python refuses to read numbers of thousands of digits.
        self.declared = int(length[:20]) if length.isdecimal() else None
        chunked = "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower()
        if chunked and request.META.get("wsgi.input_terminated"):
            self.declared, self._stream = None, request.META["wsgi.input"]
        else:
            self._stream = request

    def read(self, size: int, /) -> bytes:
        self.body.check_size(self.declared or 0)
        try:
            chunk = self._stream.read(size)
        except Exception as broken:  # Each web server has its own error for a sender that stops early.
            raise self._broke_off() from broken
        self.size += len(chunk)
        self.body.check_size(self.size)
        if not chunk and self.declared is not None and self.size < self.declared:
            raise self._broke_off()
        return chunk

    def _broke_off(self) -> PlatformError:
        expected = f" of {self.declared:,}" if self.declared is not None else ""
        return PlatformError(f"The body broke off after {self.size:,}{expected} bytes. Send it again.")


def media_type_of(content_type: str) -> tuple[str, str]:
    """The media type of a Content-Type in lower case, and its character set (UTF-8 unless it names one)."""
    media_type, parameters = parse_options_header(content_type or "")
    charset = parameters.get("charset") or "utf-8"
    try:
        # Refuses codecs that are not character sets, such as base64.
        " ".encode(charset)
        codecs.getincrementaldecoder(charset)
        name = codecs.lookup(charset).name
    except (LookupError, ValueError) as error:
        sentence = f"No character set is called “{charset}”. Send the body as UTF-8."
        raise UnsupportedMedia(sentence) from error
    # A byte order mark is not part of the text.
    return media_type, "utf-8-sig" if name == "utf-8" else name


def check_json(media_type: str) -> None:
    """Refuse a media type that is neither JSON nor one that an SDK sends with JSON."""
    is_json = media_type in ("", "application/json", "text/json", "text/plain")
    if not is_json and not (media_type.startswith("application/") and media_type.endswith("+json")):
        raise UnsupportedMedia(f"A body of type “{media_type}” is not understood. Send JSON, as application/json.")


def not_readable(charset: str, error: UnicodeError, before: int = 0) -> PlatformError:
    """The error for a body that is not text in its character set; `before` bytes came before the faulty piece."""
    name = charset.removesuffix("-sig").upper()
    position = before + getattr(error, "start", 0) + 1
    return PlatformError(f"The body is not valid {name}: see the byte at position {position}.")


@contextmanager
def spooled_json(
    request: HttpRequest, limit: int, names: tuple[str, ...]
) -> Iterator[tuple[dict[str, msgspec.Raw], BinaryIO]]:
    """A body that is a JSON object and may be too large for memory, in a temporary file as UTF-8.

    `names` are the usual ones of its members; an object that has others too takes longer to check. Yields the members
    of the object, unparsed, by their names in lower case; and the object alone as a file. The object may stand in an
    array of its own, as the Ruby SDK writes it.
    """
    media_type, charset = media_type_of(request.META.get("CONTENT_TYPE", ""))
    body = Body(request, limit)
    decoder = codecs.getincrementaldecoder(charset)()
    with TemporaryFile() as file, TemporaryFile() as unwrapped:
        before = 0
        try:
            for chunk in body.chunks():
                before = body.size - len(chunk)
                text = decoder.decode(chunk)
                if not before:
                    _check_beginning(text)
                file.write(text.encode())
            file.write(decoder.decode(b"", True).encode())
        except UnicodeError as error:
            raise not_readable(charset, error, before) from error
        if body.size:
            check_json(media_type)
        yield _envelope(file, unwrapped, names)


def _check_beginning(text: str) -> None:
    """Refuse a list of anything but objects before the rest of it is read, which may be long."""
    within = text.lstrip()[:64]
    if within[:1] == "[" and within[1:].lstrip()[:1] not in ("", "{", "]"):
        raise PlatformError(NOT_ONE_OBJECT)


def _envelope(file: BinaryIO, unwrapped: BinaryIO, names: tuple[str, ...]) -> tuple[dict[str, msgspec.Raw], BinaryIO]:
    size = file.seek(0, 2)
    file.seek(0)
    if not size:
        return {}, file
    # A private copy: what is written into it does not change the file.
    body = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    try:
        try:
            length, members = _members(body, names)
        except msgspec.DecodeError as error:
            if isinstance(error, msgspec.ValidationError) or not replace_halves(body):
                raise
            length, members = _members(body, names)
    except msgspec.ValidationError as error:
        raise PlatformError(f"The body is no JSON object: {error}.") from error
    except msgspec.DecodeError as error:
        raise json_fault(body, error) from error
    except RecursionError as error:
        raise PlatformError(TOO_DEEP) from error
    if length < size:
        file.seek(body.find(b"{"))
        for start in range(0, length, CHUNK):
            unwrapped.write(file.read(min(CHUNK, length - start)))
        file = unwrapped
    file.seek(0)
    return {name.lower(): value for name, value in members.items()}, file


def _members(body: mmap.mmap, names: tuple[str, ...]) -> tuple[int, dict[str, msgspec.Raw]]:
    """The length of the object that the body is, alone or in a list of its own, and its members, unparsed."""
    view = memoryview(body)
    if body[:64].lstrip()[:1] == b"[":
        view = memoryview(_only_element(view))
    try:
        # Decoding ends at the first other name, so that nobody can make millions of members of a small body.
        return len(view), _decoder_of(names).decode(view)
    except msgspec.ValidationError:
        check_members(view)
        return len(view), msgspec.json.decode(view, type=dict[str, msgspec.Raw])


@cache
def _decoder_of(names: tuple[str, ...]) -> "msgspec.json.Decoder[dict[str, msgspec.Raw]]":
    """Decodes an object without members of other names."""
    return msgspec.json.Decoder(dict[Literal[names], msgspec.Raw])  # type: ignore[valid-type]


def _only_element(view: memoryview) -> msgspec.Raw:
    try:
        # Decoding ends at the second element.
        (element,) = msgspec.json.decode(view, type=tuple[msgspec.Raw])
    except msgspec.ValidationError as error:
        raise PlatformError(NOT_ONE_OBJECT) from error
    return element
