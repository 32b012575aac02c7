"""CSV: the header of a file, then its rows; a bad line does not affect others."""

from syncs.connectors.formats.csv_header import SEARCHED_LINES, Header, UnusableFile, read_header
from syncs.connectors.formats.csv_rows import CsvRows
from syncs.connectors.formats.header_search import KindNames, clean_name
from syncs.connectors.formats.source_file import SourceFile
from syncs.connectors.formats.text_lines import LongLine, OtherEncoding, physical_lines
from syncs.connectors.protocol import ByteStream, FileHeader, RowProblem, SourceItems

# The most characters of a title that are quoted.
TITLE_LENGTH = 100


def read_csv(content: ByteStream, file: SourceFile) -> SourceItems:
    """The rows of a CSV file; its first line names the columns, or one below titles does."""
    names = KindNames(file.vocabulary.kind_named(file.stem), file.vocabulary)
    return _CsvFile(file.stem, file.name, file.limits.line_bytes, names).read(content)


class _CsvFile:
    """One file being read: first up to its header, storing lines and remarks until then, and then its rows."""

    def __init__(self, name: str, file: str, line_bytes: int, names: KindNames) -> None:
        self.name, self.file, self.line_bytes, self.names = name, file, line_bytes, names
        self.rows: CsvRows | None = None
        # The lines that are searched for the header, and the number of the first.
        self.head: list[str] = []
        self.line = 1
        # If the file is not text at all, its encoding is not worth a remark.
        self.encoding_remarks: list[RowProblem] = []

    def read(self, content: ByteStream) -> SourceItems:
        try:
            for piece in physical_lines(content, line_bytes=self.line_bytes, file=self.file):
                if isinstance(piece, LongLine):
                    yield from self._take_long_line(piece)
                elif isinstance(piece, OtherEncoding):
                    yield from self._take_other_encoding(piece)
                else:
                    yield from self._take_lines(piece)
            yield from self._finish()
        except UnusableFile as unusable:
            if unusable.code != "not_text":
                yield from self.encoding_remarks
            yield RowProblem(
                self.name, self.file, None, unusable.code, str(unusable), column=unusable.column, raw=unusable.raw
            )

    def _take_lines(self, lines: list[str]) -> SourceItems:
        if self.rows:
            yield from self.rows.take_lines(lines)
            return
        self.head += lines
        if not self.names or len(self.head) >= SEARCHED_LINES:
            yield from self._take_header()
        if self.rows is None and len(self.head) >= SEARCHED_LINES:
            # A file of millions of empty lines must not cost memory.
            self.line += len(self.head)
            self.head = []

    def _take_header(self) -> SourceItems:
        """Find the header among the lines so far; the others of them are the first rows."""
        header = read_header(self.head, self.line, self.name, self.names) if self.head else None
        if header is None:
            return
        yield FileHeader(self.name, self.file, tuple(header.columns), header.delimiter)
        yield from self.encoding_remarks
        if header.titles:
            yield self._titles(header)
        lines, self.head = self.head[header.lines :], []
        self.rows = CsvRows(self.name, self.file, header, self.line + header.lines, self.line_bytes, self.names)
        yield from self.rows.take_lines(lines)

    def _titles(self, header: Header) -> RowProblem:
        """The remark about lines above the header."""
        numbers = [f"{self.line + position:,}" for position in header.titles]
        first = self.head[header.titles[0]].rstrip("\r\n")
        text = clean_name(first)[:TITLE_LENGTH]
        lines = f"Line {numbers[0]} (“{text}”) stands"
        if len(numbers) > 1:
            lines = f"Lines {', '.join(numbers[:-1])} and {numbers[-1]} (“{text}” and so on) stand"
        message = (
            f"{lines} above the names of the columns, which stand in line {self.line + header.position:,}. "
            "The file was read from there on."
        )
        remark = self._remark("lines_above_header", message, self.line + header.titles[0])
        remark.raw, remark.leaves_unread = first, header.has_wide_titles
        return remark

    def _take_long_line(self, found: LongLine) -> SourceItems:
        if self.rows is None:
            yield from self._take_header()
        if self.rows is None:
            raise UnusableFile(
                "line_too_long",
                f"The header is longer than {self.line_bytes:,} bytes, the most that one line may have. "
                "Check that the file has line breaks.",
                raw=found.start,
            )
        yield from self.rows.take_long_line(found)

    def _take_other_encoding(self, found: OtherEncoding) -> SourceItems:
        remark = self._remark("encoding_assumed", found.message, found.line)
        if self.rows is None:
            self.encoding_remarks.append(remark)
        else:
            yield remark

    def _finish(self) -> SourceItems:
        if self.rows is None:
            yield from self._take_header()
        if self.rows is None:
            yield from self.encoding_remarks
            yield self._remark("file_empty", "The file is empty, so nothing was loaded from it.")
            return
        yield from self.rows.finish()
        if not self.rows.has_rows and self.names and not self.names.count(self.rows.header.columns):
            yield RowProblem(
                self.name,
                self.file,
                None,
                "header_missing",
                "The file has a single line, which names no known column, so nothing was loaded from it. Write the "
                "names of the columns into its first line.",
                raw=self.rows.header.delimiter.join(self.rows.header.columns),
            )
        elif not self.rows.has_rows:
            yield self._remark("file_without_rows", "The file has a header and no rows, so nothing was loaded from it.")

    def _remark(self, code: str, message: str, line: int | None = None) -> RowProblem:
        return RowProblem(self.name, self.file, line, code, message, kind="warning")
