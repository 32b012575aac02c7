"""CSV files read by a layout: its encoding, its delimiter, and its header below lines of titles."""

import codecs

from syncs.connectors.formats.csv_header import Header
from syncs.connectors.formats.csv_rows import CsvRows
from syncs.connectors.formats.header_search import KindNames
from syncs.connectors.formats.layouts import LayoutContradicted, Recognised, rows_above_header
from syncs.connectors.formats.source_file import SourceFile
from syncs.connectors.formats.text_lines import LongLine, OtherEncoding, physical_lines
from syncs.connectors.protocol import ByteStream, FileHeader, NoVocabulary, RowProblem, SourceItems

# How much of a file is read to recognise it.
HEAD_BYTES = 256 * 1024
# Encodings that `physical_lines` decodes by itself.
UNICODE = ("utf-8", "utf-16")


class PeekedStream:
    """A file of which the beginning has been read already; it reads like one of which nothing has."""

    def __init__(self, content: ByteStream) -> None:
        self._content = content
        pieces: list[bytes] = []
        while sum(map(len, pieces)) < HEAD_BYTES and (piece := content.read(HEAD_BYTES)):
            pieces.append(piece)
        self.head = b"".join(pieces)
        self._place = 0

    def read(self, size: int, /) -> bytes:
        if self._place < len(self.head):
            piece = self.head[self._place : self._place + size]
            self._place += len(piece)
            return piece
        return self._content.read(size)


def read_csv_by_layout(content: ByteStream, recognised: Recognised, file: SourceFile) -> SourceItems:
    """The rows of a CSV file below the header that was recognised."""
    yield FileHeader(
        file.stem,
        file.name,
        recognised.columns,
        recognised.delimiter,
        layout=recognised.layout,
        is_download=recognised.is_download,
    )
    if (above := recognised.layout.header[0] - 1) and not recognised.is_download:
        message = rows_above_header(above)
        yield RowProblem(file.stem, file.name, None, "lines_left_out", message, kind="warning", column="titles")
    if recognised.encoding not in UNICODE:
        content = _TranscodedStream(content, recognised, file.name)
    header = Header(recognised.delimiter, list(recognised.columns), recognised.lines_above)
    rows = CsvRows(
        file.stem,
        file.name,
        header,
        recognised.lines_above + 1,
        file.limits.line_bytes,
        KindNames("", NoVocabulary()),
        keeps_single_cells=recognised.layout.has_other_lines,
    )
    line = 1
    for piece in physical_lines(content, line_bytes=file.limits.line_bytes, file=file.name):
        if isinstance(piece, OtherEncoding):
            difference = f"from line {piece.line:,} on, its text is not {recognised.encoding}, as the profile says."
            raise LayoutContradicted(recognised.layout, file.name, difference)
        if isinstance(piece, LongLine):
            # A title or a header of such a length would not have been recognised.
            yield from rows.take_long_line(piece)
            line += 1
            continue
        above = max(0, recognised.lines_above - line + 1)
        line += len(piece)
        if above < len(piece):
            yield from rows.take_lines(piece[above:])
    yield from rows.finish()
    if not rows.has_rows:
        yield RowProblem(
            file.stem,
            file.name,
            None,
            "file_without_rows",
            "The file has a header and no rows, so nothing was loaded from it.",
            kind="warning",
        )


class _TranscodedStream:
    """A file in an encoding of one byte a character, as UTF-8.

    Raises LayoutContradicted if it is not in that encoding: if a byte stands for no character there, or if the first
    text that is not ASCII is valid UTF-8, which other text hardly ever is.
    """

    def __init__(self, content: ByteStream, recognised: Recognised, file: str) -> None:
        self._content, self._recognised, self._file = content, recognised, file
        self._decoder = codecs.getincrementaldecoder(recognised.encoding)()
        self._as_utf_8: codecs.IncrementalDecoder | None = codecs.getincrementaldecoder("utf-8")()

    def read(self, size: int, /) -> bytes:
        data = self._content.read(size)
        try:
            text = self._decoder.decode(data, final=not data)
        except UnicodeDecodeError as error:
            byte = data[error.start]
            raise self._contradicted(f"it has the byte {byte:#04x}, which stands for no character there.") from None
        if self._as_utf_8 is not None and not data.isascii():
            self._check_not_utf_8(self._as_utf_8, data)
        return text.encode()

    def _check_not_utf_8(self, decoder: codecs.IncrementalDecoder, data: bytes) -> None:
        try:
            found = decoder.decode(data)
        except UnicodeDecodeError:
            self._as_utf_8 = None
            return
        if not found.isascii():
            raise self._contradicted("it is written in utf-8.")

    def _contradicted(self, reason: str) -> LayoutContradicted:
        encoding = self._recognised.encoding
        return LayoutContradicted(
            self._recognised.layout, self._file, f"the profile says that it is written in {encoding}, but {reason}"
        )
