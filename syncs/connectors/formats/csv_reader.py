"""CSV: the header of a file, then its rows; a bad line does not affect others."""

from syncs.connectors.formats.csv_header import UnusableFile, read_header
from syncs.connectors.formats.csv_rows import CsvRows
from syncs.connectors.formats.text_lines import LongLine, OtherEncoding, physical_lines
from syncs.connectors.protocol import ByteStream, FileHeader, Limits, RowProblem, SourceItems, Vocabulary


def read_csv(content: ByteStream, *, name: str, file: str, limits: Limits, vocabulary: Vocabulary) -> SourceItems:
    """The rows of a CSV file whose first line names the columns."""
    return _CsvFile(name, file, limits.line_bytes).read(content)


class _CsvFile:
    """One file being read: first up to its header, storing remarks until then, and then its rows."""

    def __init__(self, name: str, file: str, line_bytes: int) -> None:
        self.name, self.file, self.line_bytes = name, file, line_bytes
        self.rows: CsvRows | None = None
        self.line = 1  # the first after those that were searched for the header
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
        except UnusableFile as unusable:
            if unusable.code != "not_text":
                yield from self.encoding_remarks
            yield RowProblem(
                self.name, self.file, None, unusable.code, str(unusable), column=unusable.column, raw=unusable.raw
            )
            return
        yield from self._finish()

    def _take_lines(self, lines: list[str]) -> SourceItems:
        if self.rows is None:
            header = read_header(lines, self.line)
            if header is None:
                self.line += len(lines)
                return
            self.line += header.lines
            lines = lines[header.lines :]
            self.rows = CsvRows(self.name, self.file, header, self.line, self.line_bytes)
            yield FileHeader(self.name, self.file, tuple(header.columns), header.delimiter)
            yield from self.encoding_remarks
        yield from self.rows.take_lines(lines)

    def _take_long_line(self, found: LongLine) -> SourceItems:
        if self.rows is None:
            raise UnusableFile(
                "line_too_long",
                f"The header is longer than {self.line_bytes:,} bytes, the most that one line may have. "
                "Check that the file has line breaks.",
                raw=found.start,
            )
        yield from self.rows.take_long_line(found.start)

    def _take_other_encoding(self, found: OtherEncoding) -> SourceItems:
        remark = self._remark("encoding_assumed", found.message, found.line)
        if self.rows is None:
            self.encoding_remarks.append(remark)
        else:
            yield remark

    def _finish(self) -> SourceItems:
        if self.rows is None:
            yield from self.encoding_remarks
            yield self._remark("file_empty", "The file is empty, so nothing was loaded from it.")
            return
        yield from self.rows.finish()
        if not self.rows.has_rows:
            yield self._remark("file_without_rows", "The file has a header and no rows, so nothing was loaded from it.")

    def _remark(self, code: str, message: str, line: int | None = None) -> RowProblem:
        return RowProblem(self.name, self.file, line, code, message, kind="warning")
