"""The problems of the lines of a CSV file, as sentences."""

from dataclasses import dataclass, field
from itertools import islice

from syncs.connectors.formats.csv_extents import SPAN_LINES, OpenRow
from syncs.connectors.formats.csv_header import Header
from syncs.connectors.protocol import RowProblem

DELIMITER_NAMES = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a vertical bar"}

LIKE = 'value, like "6"" nails".'

# How many lines a sentence names.
LINES_NAMED = 5
# What word processors and some programs write in place of a quotation mark.
OTHER_QUOTES = "“”„‟«»"


@dataclass(slots=True)
class ShortRows:
    """The rows of a file that end early: how many, the first lines of them, and the number of cells of the first."""

    count: int = 0
    lines: list[int] = field(default_factory=list)
    cell_count: int = 0
    _last: int = 0

    def add(self, line: int, cell_count: int) -> None:
        """Add the row in a line; one that was read twice counts once."""
        if line <= self._last:
            return
        self._last = line
        self.count += 1
        if len(self.lines) < LINES_NAMED:
            self.lines.append(line)
        self.cell_count = self.cell_count or cell_count


@dataclass(frozen=True, slots=True)
class CsvProblems:
    """Makes the problems of the lines of one file."""

    name: str
    file: str
    header: Header
    line_bytes: int

    def _problem(self, line: int, code: str, message: str, raw: str) -> RowProblem:
        return RowProblem(self.name, self.file, line, code, message, raw=raw)

    def line_too_long(self, line: int, start: str) -> RowProblem:
        message = (
            f"The line is longer than {self.line_bytes:,} bytes, the most that one line may have. "
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
        if other := next((mark for mark in OTHER_QUOTES if mark in raw), ""):
            message += f' Only straight quotation marks (") count, not {other}.'
        return self._problem(line, "too_many_cells", message, raw)

    def line_cut_off(self, cell_count: int, line: int, raw: str) -> RowProblem:
        """The last line of the file is too short and has no line end."""
        message = (
            f"The last line has {_cells(cell_count)} of {len(self.header.columns):,} and no end: the file was probably "
            "cut off. Export it again, then send it again."
        )
        return self._problem(line, "line_cut_off", message, raw)

    def only_one_cell(self, line: int, raw: str) -> RowProblem:
        """The row has one cell where the header has several columns: a title, a total, or an error of quotation."""
        width = len(self.header.columns)
        message = (
            f"The row has 1 cell, but the header has {width:,} columns. Remove the line if it is a title or a "
            "total, or fill it in."
        )
        if raw.count(self.header.delimiter) >= width - 1:
            message = (
                f"The row has 1 cell, but the header has {width:,} columns: the whole row stands in quotation "
                "marks. Remove them, then send the file again."
            )
        return self._problem(line, "too_few_cells", message, raw)

    def other_delimiter(self, line: int, raw: str) -> RowProblem | None:
        """The problem of a row that ends early because another delimiter than the header's separates its cells."""
        others = [mark for mark in DELIMITER_NAMES if mark != self.header.delimiter]
        found = next((mark for mark in others if raw.count(mark) >= max(1, len(self.header.columns) - 1)), None)
        if found is None:
            return None
        message = (
            f"The row’s cells seem to be separated by {_name_of(found)}, but the header’s by "
            f"{_name_of(self.header.delimiter)}. Separate both alike, then send the file again."
        )
        return self._problem(line, "other_delimiter", message, raw)

    def rows_in_quotes(self, line: int) -> RowProblem:
        """A remark about the first row that stands in quotation marks as a whole."""
        message = (
            f"From line {line:,} on, whole rows stand in quotation marks. They were read as if the marks were not "
            "there. Look whether every value is in its column."
        )
        return RowProblem(self.name, self.file, line, "rows_in_quotes", message, kind="warning")

    def header_repeated(self, lines: list[int]) -> RowProblem:
        """A remark about lines at which the header stands once more."""
        more = f", and in {len(lines) - 1:,} further lines" if len(lines) > 2 else ""
        more = f" and in line {lines[1]:,}" if len(lines) == 2 else more
        message = f"The header stands once more in line {lines[0]:,}{more}, and was passed over there."
        return RowProblem(self.name, self.file, lines[0], "header_repeated", message, kind="warning")

    def other_header(self, found: OpenRow) -> RowProblem:
        """A line in the middle names other columns, so that the lines after it have other meanings."""
        line, row_count = found.line, found.filled_count - 1
        behind = "line behind it was" if row_count == 1 else f"{row_count:,} lines behind it were"
        message = (
            f"Line {line:,} names other columns than the header, so the {behind} not loaded. Send them as a file of "
            "their own."
        )
        return RowProblem(
            self.name,
            self.file,
            line,
            "other_header",
            message,
            raw=found.start,
            row_count=row_count,
            # All but the header itself.
            lines=islice(found.filled_lines(), 1, None),
        )

    def cells_missing(self, short: "ShortRows") -> RowProblem:
        """A remark about rows that end early; the columns of absent cells keep their values."""
        cells = f"{short.cell_count:,} of {len(self.header.columns):,} cells"
        if short.count == 1:
            rows = f"The row ends before the last column ({cells})"
        else:
            lines = [f"{line:,}" for line in short.lines]
            more = "further ones" if short.count > len(lines) else lines.pop()
            rows = (
                f"{short.count:,} rows end before the last column, in the lines {', '.join(lines)} and {more} (the "
                f"first has {cells})"
            )
        message = f"{rows}. What is not there was left as it is in the books."
        return RowProblem(self.name, self.file, short.lines[0], "cells_missing", message, kind="warning")

    def stray_quote(self, line: int, raw: str) -> RowProblem:
        """Text stands behind the closing quotation mark of a value."""
        message = f"A value has text after its closing quotation mark. Double every quotation mark inside the {LIKE}"
        return self._problem(line, "stray_quote", message, raw)

    def rows_swallowed(self, line: int, line_count: int, raw: str) -> RowProblem:
        """A quotation mark is closed so late, or so badly, that it may hold rows together."""
        last = line + line_count - 1
        message = (
            f"A value opens with a quotation mark that is not closed before line {last:,}, so lines {line:,} to "
            f"{last:,} were read as one row, which cannot be loaded. Close it, or double it if it belongs to the "
            f"{LIKE}"
        )
        return self._problem(line, "unclosed_quote", message, raw)

    def never_closed(self, found: OpenRow) -> RowProblem:
        """A quotation mark that is not closed up to the end of the file: what stands behind it may be no row."""
        advice = f"Close it, or double it if it belongs to the {LIKE}"
        if found.filled_count == 1:
            message = f"A value opens with a quotation mark that is not closed. {advice}"
            return self._problem(found.line, "unclosed_quote", message, found.start)
        message = (
            f"In line {found.line:,}, a value opens with a quotation mark that is not closed up to the end of the "
            f"file, so none of the {found.filled_count:,} lines from there on was loaded. {advice}"
        )
        problem = self._problem(found.line, "unclosed_quote", message, found.start)
        problem.row_count, problem.lines = found.filled_count, found.filled_lines()
        return problem

    def row_too_long(self, line: int, line_count: int, raw: str) -> RowProblem:
        """A row that its quotation marks hold together over more lines or bytes than are read."""
        message = (
            f"The row goes on over {line_count:,} lines, because a value in quotation marks does. A row may have at "
            f"most {SPAN_LINES:,} lines and {self.line_bytes:,} bytes, so it was not loaded. Shorten the value; or "
            "close its quotation mark, if that was forgotten."
        )
        return self._problem(line, "row_too_long", message, raw)


def _cells(count: int) -> str:
    return f"{count:,} cell" if count == 1 else f"{count:,} cells"


def _name_of(delimiter: str) -> str:
    return DELIMITER_NAMES.get(delimiter, f"“{delimiter}”")
