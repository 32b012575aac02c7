"""The problems of the lines of a CSV file, as sentences."""

from dataclasses import dataclass

from syncs.connectors.formats.csv_header import Header
from syncs.connectors.protocol import ConnectorError, RowProblem

DELIMITER_NAMES = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a vertical bar"}


@dataclass(frozen=True, slots=True)
class CsvProblems:
    """Makes the problems of the lines of one file."""

    name: str
    file: str
    header: Header

    def _problem(self, line: int, code: str, message: str, raw: str) -> RowProblem:
        return RowProblem(self.name, self.file, line, code, message, raw=raw)

    def line_too_long(self, line: int, line_bytes: int, start: str) -> RowProblem:
        message = (
            f"The line is longer than {line_bytes:,} bytes, the most that one line may have. "
            "Check that the file has line breaks, and shorten the line."
        )
        return self._problem(line, "line_too_long", message, start)

    def too_many_cells(self, extra: int, line: int, raw: str) -> RowProblem:
        cells = "cell" if extra == 1 else "cells"
        message = (
            f"The row has {extra:,} {cells} more than the header has columns ({len(self.header.columns):,}). "
            f"Put a value that contains {_name_of(self.header.delimiter)} in quotation marks, or remove what is too "
            "much."
        )
        return self._problem(line, "too_many_cells", message, raw)

    def line_cut_off(self, cell_count: int, line: int, raw: str) -> RowProblem:
        """The last line of the file is too short and has no line end."""
        message = (
            f"The last line has {_cells(cell_count)} of {len(self.header.columns):,} and no end: the file was probably "
            "cut off. Export it again, then send it again."
        )
        return self._problem(line, "line_cut_off", message, raw)

    def only_one_cell(self, line: int, raw: str) -> RowProblem:
        """The row has one cell where the header has several columns: a title, or an error of quotation or delimiter."""
        width, delimiter = len(self.header.columns), self.header.delimiter
        message = (
            f"The row has 1 cell, but the header has {width:,} columns. Remove the line if it is a title or a "
            "total, or fill it in."
        )
        frequent = [character for character in DELIMITER_NAMES if raw.count(character) >= width - 1]
        if delimiter in frequent:
            message = (
                f"The row has 1 cell, but the header has {width:,} columns: the whole row stands in quotation "
                "marks. Remove them, then send the file again."
            )
        elif frequent:
            message = (
                f"The row’s cells seem to be separated by {_name_of(frequent[0])}, but the header’s by "
                f"{_name_of(delimiter)}. Separate both alike, then send the file again."
            )
        return self._problem(line, "too_few_cells", message, raw)

    def cells_missing(self, cell_count: int, line: int) -> RowProblem:
        """A remark about the first row that ends early; the columns of absent cells keep their values."""
        message = (
            f"From line {line:,} on, rows end before the last column ({cell_count:,} of "
            f"{len(self.header.columns):,} cells). What is not there was left as it is in the books."
        )
        return RowProblem(self.name, self.file, line, "cells_missing", message, kind="warning")

    def bad_quote(self, text: str, line: int, *, is_one_line: bool) -> RowProblem:
        """A quotation mark in a wrong place: inside a value, or never closed."""
        if is_one_line:
            code = "stray_quote"
            message = (
                "A value has text after its closing quotation mark. Double every quotation mark inside the "
                'value, like "6"" nails".'
            )
        else:
            code = "unclosed_quote"
            message = (
                "A value opens with a quotation mark that is not closed. Close it, or double it if it belongs to "
                'the value, like "6"" nails".'
            )
        return self._problem(line, code, message, text.rstrip("\r\n"))

    def quotes_unclosed(self, last_line: int) -> ConnectorError:
        return ConnectorError(
            f"The file “{self.file}” opens quotation marks again and again without closing them, up to "
            f"line {last_line:,}. Double those inside values, then send it again.",
            code="quotes_unclosed",
            file=self.file,
        )


def _cells(count: int) -> str:
    return f"{count:,} cell" if count == 1 else f"{count:,} cells"


def _name_of(delimiter: str) -> str:
    return DELIMITER_NAMES.get(delimiter, f"“{delimiter}”")
