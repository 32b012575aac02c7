"""The physical lines of a text file, in bounded pieces and exactly as the file has them."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from typing import BinaryIO

from syncs.rows import ConnectorError

CHUNK_BYTES = 512 * 1024
EXCERPT = 200

# What `str.splitlines` takes for a line end although spreadsheets and editors do not.
ODD_LINE_ENDS = "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"


@dataclass(frozen=True, slots=True)
class LongLine:
    """Stands for a line over the limit, of which only the beginning was kept."""

    start: str


def physical_lines(content: BinaryIO, *, line_bytes: int, file: str) -> Iterator[list[str] | LongLine]:
    """The lines of a file with their ends, a list a piece; a line over the limit comes as `LongLine`."""
    for piece in whole_lines(content, line_bytes=line_bytes, file=file):
        yield split_lines(piece) if piece.__class__ is str else piece


def whole_lines(
    content: BinaryIO, *, line_bytes: int, file: str, chunk_bytes: int | None = None
) -> Iterator[str | LongLine]:
    """The lines of a file, as one text a piece; a line over the limit comes as `LongLine`."""
    rest, too_long = "", False
    for text, is_last in _texts(content, file, chunk_bytes or CHUNK_BYTES):
        text = rest + text
        # A line that ends in CR is not known to be complete: the LF of a CRLF may follow.
        end = len(text) if is_last or text.endswith("\n") else _start_of_last(text)
        text, rest = text[:end], text[end:]
        if text and too_long:
            first = split_lines(text)[0]
            yield LongLine(first[:EXCERPT])
            text, too_long = text[len(first) :], False
        if len(text) > line_bytes:
            yield from _without_long(split_lines(text), line_bytes)
        elif text:
            yield text
        if too_long or len(rest) > line_bytes:
            # What follows of it is read and forgotten, up to its end.
            rest, too_long = rest[:EXCERPT] + ("\r" if rest.endswith("\r") else ""), True


def _start_of_last(text: str) -> int:
    """Where the last line of the text begins, which is all that stands behind the last end of a line."""
    body = text.removesuffix("\r")
    return max(body.rfind("\n"), body.rfind("\r")) + 1


def _texts(content: BinaryIO, file: str, chunk_bytes: int) -> Iterator[tuple[str, bool]]:
    data = content.read(chunk_bytes)
    decoder = _decoder(data)
    while True:
        following = content.read(chunk_bytes) if data else b""
        try:
            yield decoder.decode(data, final=not following), not following
        except UnicodeDecodeError:
            raise ConnectorError(
                f"The file “{file}” ends in the middle of a character, so it was probably cut off. "
                "Export it again, then send it again.",
                code="file_truncated",
                file=file,
            ) from None
        if not following:
            return
        data = following


def _decoder(start: bytes):
    """UTF-8, or UTF-16 where the file says so.

    Bytes that are no UTF-8 are kept in the cell as lone surrogates, so that staging can name the very cell.
    """
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return codecs.getincrementaldecoder("utf-16")("surrogatepass")
    return codecs.getincrementaldecoder("utf-8-sig")("surrogateescape")


def split_lines(text: str) -> list[str]:
    """The lines of a text, with their ends."""
    if any(odd in text for odd in ODD_LINE_ENDS):
        return StringIO(text, newline="").readlines()
    return text.splitlines(keepends=True)


def _without_long(lines: list[str], line_bytes: int) -> Iterator[str | LongLine]:
    start = 0
    for place, line in enumerate(lines):
        if len(line) > line_bytes:
            if place > start:
                yield "".join(lines[start:place])
            yield LongLine(line[:EXCERPT])
            start = place + 1
    if start < len(lines):
        yield "".join(lines[start:])
