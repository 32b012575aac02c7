"""The lines of a text file, in pieces of bounded size and exactly as the file has them."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO, StringIO

from syncs.connectors.protocol import ByteStream, ConnectorError

# Enough for work by column to be worthwhile, little enough to keep memory small.
CHUNK_BYTES = 2 * 1024**2
EXCERPT = 200

# `str.splitlines` splits at these characters too; spreadsheets and editors do not.
ODD_LINE_ENDS = "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"

# A byte order mark that was taken for Windows-1252 and written as UTF-8, with a mark before it or without.
MARK_READ_AS_TEXT = "\u00ef\u00bb\u00bf"
# DOS programs end a text with it.
END_MARK = "\x1a"

# Bytes to which Windows-1252 assigns no character.
UNDEFINED = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")


@dataclass(frozen=True, slots=True)
class OtherEncoding:
    """Is yielded before the first line that is not UTF-8 and was read as Windows-1252."""

    line: int

    @property
    def message(self) -> str:
        return (
            f"From line {self.line:,} on, the file holds text that is not UTF-8; it was read as Windows-1252. Look "
            "whether letters like ä and é are right; if not, save the file as “CSV UTF-8” and send it again."
        )


@dataclass(frozen=True, slots=True)
class LongLine:
    """Is yielded in place of a line over the limit, with only its beginning and how many quotation marks it has."""

    start: str
    quotes: int = 0


def physical_lines(
    content: ByteStream, *, line_bytes: int, file: str, chunk_bytes: int | None = None
) -> Iterator[list[str] | LongLine | OtherEncoding]:
    """The lines of a file with their ends, as a list for each chunk that is read (by default, of CHUNK_BYTES).

    A line over `line_bytes` comes as a LongLine. Raises ConnectorError where the file ends inside a character.
    """
    rest, too_long, quotes = "", False, 0
    encoding = _Encoding()
    for text, is_last in _texts(content, file, chunk_bytes or CHUNK_BYTES):
        text = rest + text
        lines = _split(text)
        if not text.isascii():
            # The last line may go on in the next chunk.
            complete = len(lines) if is_last or text.endswith("\n") else len(lines) - 1
            if encoding.settle(lines, complete, is_last):
                yield OtherEncoding(encoding.first_line)
                text = "".join(lines)
        encoding.passed += len(lines)
        rest = ""
        # A line that ends in CR may not be complete: the LF of a CRLF may follow.
        if lines and not is_last and not text.endswith("\n"):
            rest = lines.pop()
            encoding.passed -= 1
        if lines and too_long:
            line = lines.pop(0)
            yield LongLine(line[:EXCERPT], quotes + line.count('"'))
            too_long, quotes = False, 0
        if len(text) > line_bytes:
            yield from _replace_long(lines, line_bytes)
        elif lines:
            yield lines
        if too_long or len(rest) > line_bytes:
            # The rest of this line is read and dropped, up to its end.
            quotes += rest.count('"', EXCERPT)
            rest, too_long = rest[:EXCERPT] + ("\r" if rest.endswith("\r") else ""), True


class _Encoding:
    """Decodes lines that are not UTF-8 as Windows-1252, if they are valid in it.

    Each line is judged on its own, because the file is not in memory. If earlier lines had UTF-8 characters, a line
    that contains some too is taken for damaged UTF-8. Bytes that cannot be decoded stay lone surrogates, by which
    staging finds the cell that they are in.
    """

    def __init__(self) -> None:
        self.passed = 0  # lines before the current chunk
        self.first_line = 0
        self.has_utf_8 = False

    def settle(self, lines: list[str], complete: int, is_last: bool) -> bool:
        """Decode lines that are not UTF-8 again, in place; says whether the file's first such line is among them."""
        if not has_undecoded("".join(lines[:complete])):
            self.has_utf_8 = True
            return False
        is_first = False
        for place in range(complete):
            line = lines[place]
            if line.isascii():
                continue
            if not has_undecoded(line):
                self.has_utf_8 = True
                continue
            cut_off = is_last and place == len(lines) - 1 and not line.endswith(("\n", "\r"))
            read = self._as_windows_1252(line, cut_off)
            if read is not None:
                lines[place] = read
                if not self.first_line:
                    self.first_line, is_first = self.passed + place + 1, True
        return is_first

    def _as_windows_1252(self, line: str, cut_off: bool) -> str | None:
        try:
            data = line.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:  # half a UTF-16 character
            return None
        if UNDEFINED.search(data):
            return None
        is_utf_8 = self.has_utf_8 and not self.first_line
        if is_utf_8 and (not data.decode("utf-8", "ignore").isascii() or (cut_off and _ends_early(data))):
            return None
        return data.decode("cp1252")


def has_undecoded(text: str) -> bool:
    """Whether a text contains bytes that could not be decoded, as lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _ends_early(data: bytes) -> bool:
    """Whether data ends inside a UTF-8 character."""
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"
    return False


def _texts(content: ByteStream, file: str, chunk_bytes: int) -> Iterator[tuple[str, bool]]:
    """The decoded chunks of a file, and whether each is the last."""
    data = content.read(chunk_bytes)
    decoder = _decoder(data)
    is_start = True
    while True:
        following = content.read(chunk_bytes) if data else b""
        try:
            text = decoder.decode(data, final=not following)
        except UnicodeDecodeError:
            raise ConnectorError(
                f"The file “{file}” ends in the middle of a character, so it was probably cut off. "
                "Export it again, then send it again.",
                code="file_truncated",
                file=file,
            ) from None
        if is_start:
            # Programs that add a byte order mark do so even where there is one.
            while text.startswith(("\ufeff", MARK_READ_AS_TEXT)):
                text = text.removeprefix("\ufeff").removeprefix(MARK_READ_AS_TEXT)
        if not following:
            text = _without_end_mark(text)
        yield text, not following
        if not following:
            return
        data, is_start = following, is_start and not text


def _without_end_mark(text: str) -> str:
    """The end of a file without the marks by which DOS ended it, and the empty lines behind them."""
    filled = len(text.rstrip(f"{END_MARK}\r\n"))
    at = text.find(END_MARK, filled)
    return text if at < 0 else text[:at]


def _decoder(start: bytes) -> codecs.IncrementalDecoder:
    """The decoder for a file that starts like this: UTF-8, or UTF-16 if it has that byte order mark or can be nothing
    else.

    Bytes that are not UTF-8 become lone surrogates, from which `_Encoding` decodes them again.
    """
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return codecs.getincrementaldecoder("utf-16")("surrogatepass")
    # Without a byte order mark: every other byte of two ASCII characters is zero.
    if len(start) > 3 and start[0] and not start[1] and start[2] and not start[3]:
        return codecs.getincrementaldecoder("utf-16-le")("surrogatepass")
    if len(start) > 3 and not start[0] and start[1] and not start[2] and start[3]:
        return codecs.getincrementaldecoder("utf-16-be")("surrogatepass")
    return codecs.getincrementaldecoder("utf-8-sig")("surrogateescape")


def _split(text: str) -> list[str]:
    """The lines of a text with their ends, which are LF, CRLF and CR."""
    if text.isascii():
        # Bytes are split at line feeds only, in a third of the time.
        lines = [line.decode() for line in BytesIO(text.encode())]
        # Counting the CRLF pairs in the whole text would take longer than this.
        if "\r" not in text or text.count("\r") == sum(line.endswith("\r\n") for line in lines):
            return lines
    if any(odd in text for odd in ODD_LINE_ENDS):
        return StringIO(text, newline="").readlines()
    return text.splitlines(keepends=True)


def _replace_long(lines: list[str], line_bytes: int) -> Iterator[list[str] | LongLine]:
    start = 0
    for place, line in enumerate(lines):
        if len(line) > line_bytes:
            if place > start:
                yield lines[start:place]
            yield LongLine(line[:EXCERPT], line.count('"'))
            start = place + 1
    if start < len(lines):
        yield lines[start:]
