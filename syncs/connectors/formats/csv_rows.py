"""The rows of a CSV file, from the lines after its header.

Where every line is one row, polars splits many lines at once. Elsewhere the csv module parses a window of lines at a
time. In addition, this module keeps the source text and the line number of each row, and resumes at the next line if a
quotation mark is never closed.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from itertools import compress
from typing import NamedTuple

import polars as pl

from syncs.connectors.formats.csv_header import Header
from syncs.connectors.formats.csv_problems import CsvProblems
from syncs.connectors.formats.csv_split import (
    UNEXPECTED_END,
    ParsedRows,
    irregular_lines,
    parse_each,
    parse_rows,
    split_lines,
)
from syncs.connectors.formats.text_lines import has_undecoded
from syncs.connectors.protocol import (
    ABSENT,
    BLOCK_BYTES,
    BLOCK_ROWS,
    Cell,
    Columns,
    RowProblem,
    Rows,
    SourceItem,
    SourceItems,
)

# The most lines a row may span; also how many the csv module parses at a time.
SPAN_LINES = 1_000
# How many lines are split into columns at a time.
COLUMN_LINES = 10_000
# How many lines may be parsed again because of unclosed quotation marks, for each line of the file.
REREADING = 16


class _FittedRows(NamedTuple):
    """Rows with exactly one cell for each column, their lines, and the problems of rows that were left out."""

    rows: Sequence[Sequence[Cell]]
    lines: Sequence[int]
    raw: Sequence[str]
    problems: list[RowProblem]


class CsvRows:
    """Turns lines into rows; keeps the lines of an incomplete row, and the rows of a block that is not full."""

    def __init__(self, name: str, file: str, header: Header, first_line: int, line_bytes: int) -> None:
        self.name, self.file, self.header = name, file, header
        self.line_bytes = line_bytes
        self.has_rows = False
        self._problems = CsvProblems(name, file, header)
        self._width = len(header.columns)
        self._pending: list[str] = []
        self._line = first_line  # of the first pending line
        self._reread = 0
        self._block, self._block_size = Rows(name, file, header.columns), 0
        # The number of the last line of the file, if it has no line end.
        self._open_line: int | None = None
        self._has_short_rows = False

    def take_lines(self, lines: list[str]) -> SourceItems:
        """Take in the next complete lines of the file."""
        if lines and not lines[-1].endswith(("\n", "\r")):
            self._open_line = self._line + len(self._pending) + len(lines) - 1
        for start in range(0, len(lines), COLUMN_LINES):
            part = lines[start : start + COLUMN_LINES]
            by_column = self._split_by_column(part)
            if by_column is None:
                self._pending = self._pending + part if self._pending else part
                yield from self._parse_pending(is_last=False)
            else:
                yield from by_column

    def take_long_line(self, start: str) -> SourceItems:
        """Take in a line over the limit, of which only the beginning is given."""
        yield from self._parse_pending(is_last=True)
        self.has_rows = True
        self._line += 1
        yield self._problems.line_too_long(self._line - 1, self.line_bytes, start)

    def finish(self) -> SourceItems:
        """The rows that are left at the end of the file."""
        yield from self._parse_pending(is_last=True)
        if self._block.cells:
            yield self._finished_block()

    # Lines become columns

    def _split_by_column(self, lines: list[str]) -> list[SourceItem] | None:
        """The rows of the lines by column; None where a row may span lines, or the text has something unusual."""
        if self._pending or self._width < 2:
            return None
        together = "".join(lines)
        if "\0" in together or together.startswith("\ufeff") or has_undecoded(together):
            return None
        raw = [text.rstrip("\r\n") for text in lines]
        if not any(raw):
            # A file of millions of empty lines must not cost time.
            self._line += len(lines)
            return []
        irregular = irregular_lines(raw, together, self.header)
        texts = split_lines(raw, irregular, self.header)
        if texts is None and not irregular:
            # The total number of cells is right, but some rows have too many and others too few.
            irregular = irregular_lines(raw, "", self.header)
            texts = split_lines(raw, irregular, self.header)
        if texts is None:
            return None
        numbers = range(self._line, self._line + len(raw))
        block = Columns(
            self.name,
            self.file,
            self.header.columns,
            texts,
            numbers,
            raw,
            delimited=raw,
            delimiter=self.header.delimiter,
        )
        problems: list[RowProblem] = []
        if irregular:
            rows = parse_each([lines[position] for position in irregular], self.header.delimiter)
            if rows is None:
                return None
            block, problems = self._with_irregular(block, texts, dict(zip(irregular, rows, strict=True)))
        self._line += len(lines)
        found: list[SourceItem] = [self._finished_block()] if self._block.cells else []
        found += problems
        if len(block):
            self.has_rows = True
            found.append(block)
        return found

    def _with_irregular(
        self, block: Columns, texts: list[pl.Series], rows: dict[int, list[str] | None]
    ) -> tuple[Columns, list[RowProblem]]:
        """The block with its irregular rows, given by position, put in or left out; and the problems of these."""
        problems = [
            self._problems.bad_quote(block.raw[position], block.lines[position], is_one_line=True)
            for position, row in rows.items()
            if row is None
        ]
        self.has_rows |= bool(problems)
        parsed = {position: row for position, row in rows.items() if row is not None}
        fitted = self._fit_rows(
            parsed.values(),
            [block.lines[position] for position in parsed],
            [block.raw[position] for position in parsed],
        )
        positions = [line - block.lines[0] for line in fitted.lines]
        gaps: dict[int, list[bool]] = {}
        if positions:
            texts = [
                series.scatter(positions, [None if cell is ABSENT else cell or None for cell in cells])
                for series, cells in zip(texts, zip(*fitted.rows, strict=True), strict=True)
            ]
            for position, row in zip(positions, fitted.rows, strict=True):
                if row[-1] is ABSENT:
                    for column in range(row.index(ABSENT), self._width):
                        gaps.setdefault(column, [False] * len(block))[position] = True
        block = replace(block, cells=texts, gaps=gaps, not_delimited=positions)
        left_out = rows.keys() - set(positions)
        return _without(block, texts, left_out) if left_out else block, problems + fitted.problems

    # Lines become rows

    def _parse_pending(self, is_last: bool) -> SourceItems:
        """Parse the pending lines; those of a row that may go on in the next lines stay pending."""
        lines, position = self._pending, 0
        while position < len(lines):
            window = lines[position : position + SPAN_LINES]
            parsed = parse_rows(window, self.header.delimiter)
            if len(parsed.rows) != len(window):
                parsed = self._until_swallowed(window, parsed)
            if parsed.rows:
                yield from self._take_rows(parsed, window, self._line + position)
                position += parsed.ends[-1]
            is_open = parsed.fault == UNEXPECTED_END
            if not parsed.fault or (is_open and parsed.rows):
                continue  # the next window begins where this one stopped
            if is_open and not is_last and len(window) < SPAN_LINES and _size(window) <= self.line_bytes:
                break
            self.has_rows = True
            is_one_line = parsed.fault_span == 1 and not is_open
            yield self._problems.bad_quote(lines[position], self._line + position, is_one_line=is_one_line)
            position += 1
            self._count_rereading(parsed.fault_span - 1, self._line + position)
        self._pending, self._line = lines[position:], self._line + position

    def _until_swallowed(self, window: list[str], parsed: ParsedRows) -> ParsedRows:
        """The rows before the first that seems to have swallowed others because of an unclosed quotation mark."""
        start = 0
        for position, end in enumerate(parsed.ends):
            if end - start > 1 and self._has_swallowed(parsed.rows[position], window[start:end]):
                return ParsedRows(parsed.rows[:position], parsed.ends[:position], end - start, "swallowed")
            start = end
        return parsed

    def _has_swallowed(self, row: list[str], lines: list[str]) -> bool:
        if _size(lines) > self.line_bytes:
            return True
        if len(row) > self._width:
            return any(row[self._width :])
        # Too few cells, and inside the quotation marks a line that would be a complete row by itself.
        return len(row) < self._width and any(
            line.count(self.header.delimiter) >= self._width - 1 for line in lines[1:]
        )

    def _count_rereading(self, lines: int, line: int) -> None:
        self._reread += lines
        if self._reread > REREADING * (line + SPAN_LINES):
            raise self._problems.quotes_unclosed(line - 1)

    # Rows become blocks

    def _take_rows(self, parsed: ParsedRows, window: list[str], line: int) -> SourceItems:
        """Add the rows parsed from a window that begins at that line to the block."""
        raw: Sequence[str]
        lines: Sequence[int]
        rows: Sequence[Sequence[Cell]] = parsed.rows
        if len(rows) == parsed.ends[-1]:
            raw = [text.rstrip("\r\n") for text in window[: len(rows)]]
            lines = range(line, line + len(rows))
        else:
            starts = [0, *parsed.ends[:-1]]
            raw = ["".join(window[start:end]).rstrip("\r\n") for start, end in zip(starts, parsed.ends, strict=True)]
            lines = [line + start for start in starts]
        if set(map(len, rows)) != {self._width} or [""] * self._width in rows:
            rows, lines, raw, problems = self._fit_rows(parsed.rows, lines, raw)
            yield from problems
        if not rows:
            return
        self.has_rows = True
        self._block.cells += rows
        self._block.lines += lines
        self._block.raw += raw
        self._block_size += _size(raw)
        while len(self._block) >= BLOCK_ROWS or self._block_size >= BLOCK_BYTES:
            yield self._finished_block()

    def _fit_rows(self, rows: Iterable[list[str]], lines: Iterable[int], raw: Iterable[str]) -> _FittedRows:
        """Bring rows to the header's width: a row without values is dropped, one with too many is a problem."""
        width = self._width
        fitted: list[tuple[Sequence[Cell], int, str]] = []
        problems: list[RowProblem] = []
        for row, line, text in zip(rows, lines, raw, strict=True):
            if not any(row) or (len(row) == 1 < width and not row[0].strip()):
                continue
            cells: Sequence[Cell] = row
            if len(row) > width:
                if any(row[width:]):
                    problems.append(self._problems.too_many_cells(len(row) - width, line, text))
                    continue
                cells = row[:width]
            elif len(row) < width:
                problem = self._problem_of_short_row(len(row), line, text)
                if problem:
                    problems.append(problem)
                    if problem.kind == "error":
                        continue
                cells = [*row, *[ABSENT] * (width - len(row))]
            fitted.append((cells, line, text))
        self.has_rows |= any(problem.kind == "error" for problem in problems)
        if not fitted:
            return _FittedRows([], [], [], problems)
        fitted_rows, at_lines, texts = zip(*fitted, strict=True)
        return _FittedRows(fitted_rows, at_lines, texts, problems)

    def _problem_of_short_row(self, cell_count: int, line: int, raw: str) -> RowProblem | None:
        """The remark about a row that ends early. The columns of absent cells keep their values in the books."""
        if self._open_line and line + raw.count("\n") >= self._open_line:
            return self._problems.line_cut_off(cell_count, line, raw)
        if cell_count == 1 and self._width > 2:
            return self._problems.only_one_cell(line, raw)
        if self._has_short_rows:
            return None
        self._has_short_rows = True
        return self._problems.cells_missing(cell_count, line)

    def _finished_block(self) -> Rows:
        """The block so far, at most BLOCK_ROWS of it; the rows beyond begin the next block."""
        block = self._block
        self._block = Rows(
            self.name,
            self.file,
            block.columns,
            block.cells[BLOCK_ROWS:],
            block.lines[BLOCK_ROWS:],
            block.raw[BLOCK_ROWS:],
        )
        self._block_size = _size(self._block.raw)
        del block.cells[BLOCK_ROWS:], block.lines[BLOCK_ROWS:], block.raw[BLOCK_ROWS:]
        return block


def _without(block: Columns, texts: list[pl.Series], left_out: Collection[int]) -> Columns:
    """The block, whose cells are these Series, without the rows at these positions."""
    keep = [position not in left_out for position in range(len(block))]
    new_position = {old: new for new, old in enumerate(compress(range(len(block)), keep))}
    raw = list(compress(block.raw, keep))
    return replace(
        block,
        cells=pl.DataFrame(texts).filter(keep).get_columns(),
        lines=list(compress(block.lines, keep)),
        raw=raw,
        delimited=raw,
        gaps={column: list(compress(gap, keep)) for column, gap in block.gaps.items()},
        not_delimited=[new_position[position] for position in block.not_delimited],
    )


def _size(texts: Iterable[str]) -> int:
    return sum(map(len, texts))
