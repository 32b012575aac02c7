"""CSV: rows with the exact line where each starts, and a bad line that costs no other.

The csv module parses, a window of lines at a time. Here is what it does not do: the source text of each row,
and the way back when a quotation mark is never closed.
"""

import csv
from collections.abc import Iterator
from typing import BinaryIO

from syncs.connectors.csv_header import Header, UnusableFile, read_header
from syncs.connectors.physical_lines import LongLine, split_lines, whole_lines
from syncs.rows import ABSENT, BLOCK_BYTES, BLOCK_ROWS, ConnectorError, Limits, RowProblem, Rows, TextRows

# The physical lines a row may span; also how many are parsed at a time.
SPAN_LINES = 1_000
# A block that is not cut into cells here: enough to make column-wise work pay.
UNCUT_BYTES = 4 * 1024**2
# How many lines may be read again because of unclosed quotation marks, for each line of the file.
REREADING = 16
DELIMITER_NAMES = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a vertical bar"}

# The limit is the process's; ours bounds a line before the csv module sees it.
csv.field_size_limit(2**31 - 1)


def read_csv(
    content: BinaryIO, *, name: str, file: str, limits: Limits, uncut: bool = False
) -> Iterator[Rows | TextRows | RowProblem]:
    """The rows of a CSV file whose first line names the columns; `uncut` where nothing in them is special."""
    return _CsvFile(name, file, limits.line_bytes, uncut).read(content)


class _CsvFile:
    """One file being read: its header, the lines that wait for the rest of their row, the block so far."""

    def __init__(self, name: str, file: str, line_bytes: int, uncut: bool):
        self.name, self.file = name, file
        self.line_bytes, self.uncut = line_bytes, uncut
        self.header: Header | None = None
        self.pending: list[str] = []
        self.line = 1  # of the first pending one
        self.reread = 0
        self.block, self.block_size = Rows(name, file, []), 0
        self.has_rows = False

    def read(self, content: BinaryIO) -> Iterator[Rows | RowProblem]:
        chunk_bytes = UNCUT_BYTES if self.uncut else None
        try:
            for piece in whole_lines(content, line_bytes=self.line_bytes, file=self.file, chunk_bytes=chunk_bytes):
                if isinstance(piece, LongLine):
                    yield from self._parse_pending(is_last=True)
                    yield self._long_line(piece)
                elif plain := self._plain(piece):
                    if self.block.cells:
                        yield self._finished_block()
                    yield plain
                else:
                    self.pending += split_lines(piece)
                    yield from self._parse_pending(is_last=False)
            yield from self._parse_pending(is_last=True)
        except UnusableFile as unusable:
            yield self._problem(None, unusable.code, str(unusable), column=unusable.column, raw=unusable.raw)
            return
        if self.block.cells:
            yield self._finished_block()
        if not self.header:
            yield self._remark("file_empty", "The file is empty, so nothing was loaded from it.")
        elif not self.has_rows:
            yield self._remark("file_without_rows", "The file has a header and no rows, so nothing was loaded from it.")

    def _plain(self, piece: str) -> TextRows | None:
        """The piece as a block of rows, if nothing in it needs a second look."""
        if not self.uncut or not self.header or self.pending or len(self.header.columns) < 2:
            return None
        delimiter, width = self.header.delimiter, len(self.header.columns)
        if any(mark in piece for mark in '"\0\\\t' if mark != delimiter):
            return None
        try:
            data = piece.encode()
        except UnicodeEncodeError:
            return None
        mark = delimiter.encode()
        end = b"\r\n" if b"\r" in data else b"\n"
        lines = data.split(end)
        if not lines[-1]:
            lines.pop()
        count = len(lines)
        if len(end) == 2 and not data.count(b"\r") == data.count(b"\n") == data.count(end):
            return None
        if data.count(mark) != count * (width - 1) or mark * (width - 1) in lines:
            return None
        first = self.line
        self.line += count
        self.has_rows = True
        return TextRows(
            self.name, self.file, self.header.columns, delimiter, range(first, first + count), lines,
            exactly=lambda: self._again(split_lines(piece), first),
        )  # fmt: skip

    def _again(self, lines: list[str], first_line: int) -> Iterator[Rows | RowProblem]:
        """Rows of lines that were not as plain as they looked."""
        alone = _CsvFile(self.name, self.file, self.line_bytes, uncut=False)
        alone.header, alone.block.columns, alone.block.form = self.header, self.header.columns, self.block.form
        alone.pending, alone.line = lines, first_line
        yield from alone._parse_pending(is_last=True)
        if alone.block.cells:
            yield alone._finished_block()

    # Lines become rows

    def _parse_pending(self, is_last: bool) -> Iterator[Rows | RowProblem]:
        """Parse the pending lines; those of a row that may go on in the next piece stay pending."""
        if not self.header and self.pending:
            self.header = read_header(self.pending, self.line)
            taken = self.header.lines if self.header else len(self.pending)
            self.pending, self.line = self.pending[taken:], self.line + taken
            if self.header:
                self.block.columns, self.block.form = self.header.columns, f"csv{self.header.delimiter}"
        lines, place = self.pending, 0
        while place < len(lines):
            window = lines[place : place + SPAN_LINES]
            rows, ends, span, fault = _parsed(window, self.header.delimiter)
            if len(rows) != len(window):
                rows, ends, span, fault = self._distrusted(window, rows, ends, span, fault)
            if rows:
                yield from self._take(rows, ends, window, self.line + place)
                place += ends[-1]
            is_open = fault == "unexpected end of data"
            if not fault or (is_open and rows):
                continue  # with a window that begins where this one stopped
            if is_open and not is_last and len(window) < SPAN_LINES and _size(window) <= self.line_bytes:
                break
            self.has_rows = True
            yield self._bad_quote(lines[place], self.line + place, is_one_line=span == 1 and not is_open)
            place += 1
            self._count_rereading(span - 1, self.line + place)
        self.pending, self.line = lines[place:], self.line + place

    def _distrusted(self, window, rows, ends, span, fault):
        """Cut the parsed rows at the first that must have swallowed others in an unclosed quotation mark."""
        start = 0
        for place, end in enumerate(ends):
            if end - start > 1 and self._has_swallowed(rows[place], window[start:end]):
                return rows[:place], ends[:place], end - start, "swallowed"
            start = end
        return rows, ends, span, fault

    def _has_swallowed(self, row: list[str], lines: list[str]) -> bool:
        width = len(self.header.columns)
        if _size(lines) > self.line_bytes:
            return True
        if len(row) > width:
            return any(row[width:])
        # Too few cells, and inside the quotation marks a line that would make a whole row by itself.
        return len(row) < width and any(line.count(self.header.delimiter) >= width - 1 for line in lines[1:])

    def _count_rereading(self, lines: int, line: int) -> None:
        self.reread += lines
        if self.reread > REREADING * (line + SPAN_LINES):
            raise ConnectorError(
                f"The file “{self.file}” opens quotation marks again and again without closing them, up to "
                f"line {line - 1:,}. Double those inside values, then send it again.",
                code="quotes_unclosed",
                file=self.file,
            )

    # Rows become blocks

    def _take(self, rows, ends, window, line) -> Iterator[Rows | RowProblem]:
        if len(rows) == ends[-1]:
            raw = [text.rstrip("\r\n") for text in window[: len(rows)]]
            lines = range(line, line + len(rows))
        else:
            starts = [0, *ends[:-1]]
            raw = ["".join(window[start:end]).rstrip("\r\n") for start, end in zip(starts, ends, strict=True)]
            lines = [line + start for start in starts]
        width = len(self.header.columns)
        if set(map(len, rows)) != {width} or [""] * width in rows:
            rows, lines, raw, problems = self._fitted(rows, lines, raw)
            yield from problems
        if not rows:
            return
        self.has_rows = True
        self.block.cells += rows
        self.block.lines += lines
        self.block.raw += raw
        self.block_size += _size(raw)
        while len(self.block) >= BLOCK_ROWS or self.block_size >= BLOCK_BYTES:
            yield self._finished_block()

    def _fitted(self, rows, lines, raw):
        """Bring rows to the header's width: a row without values is none, one with too many a problem."""
        width, good, problems = len(self.header.columns), [], []
        for row, line, text in zip(rows, lines, raw, strict=True):
            if not any(row) or (len(row) == 1 < width and not row[0].strip()):
                continue
            if len(row) > width and any(row[width:]):
                problems.append(self._too_many_cells(len(row) - width, line, text))
                continue
            if len(row) < width:
                row += [ABSENT] * (width - len(row))
            del row[width:]
            good.append((row, line, text))
        self.has_rows |= bool(problems)
        rows, lines, raw = zip(*good, strict=True) if good else ((), (), ())
        return rows, lines, raw, problems

    def _finished_block(self) -> Rows:
        """The block so far, at most BLOCK_ROWS of it; what is over begins the next one."""
        block = self.block
        self.block = Rows(
            self.name,
            self.file,
            block.columns,
            block.cells[BLOCK_ROWS:],
            block.lines[BLOCK_ROWS:],
            block.raw[BLOCK_ROWS:],
            block.form,
        )
        self.block_size = _size(self.block.raw)
        for values in (block.cells, block.lines, block.raw):
            del values[BLOCK_ROWS:]
        return block

    # Problems

    def _problem(self, line, code, message, *, column="", raw="") -> RowProblem:
        return RowProblem(self.name, self.file, line, code, message, column=column, raw=raw)

    def _remark(self, code: str, message: str) -> RowProblem:
        return RowProblem(self.name, self.file, None, code, message, kind="warning")

    def _long_line(self, found: LongLine) -> RowProblem:
        if not self.header:
            raise UnusableFile(
                "line_too_long",
                f"The header is longer than {self.line_bytes:,} bytes, the most that one line may have. "
                "Check that the file has line breaks.",
                raw=found.start,
            )
        self.has_rows = True
        self.line += 1
        return self._problem(
            self.line - 1,
            "line_too_long",
            f"The line is longer than {self.line_bytes:,} bytes, the most that one line may have. "
            "Check that the file has line breaks, and shorten the line.",
            raw=found.start,
        )

    def _too_many_cells(self, extra: int, line: int, raw: str) -> RowProblem:
        cells = "cell" if extra == 1 else "cells"
        width, delimiter = len(self.header.columns), self.header.delimiter
        mark = DELIMITER_NAMES.get(delimiter, f"“{delimiter}”")
        return self._problem(
            line,
            "too_many_cells",
            f"The row has {extra:,} {cells} more than the header has columns ({width:,}). "
            f"Put a value that contains {mark} in quotation marks, or remove what is too much.",
            raw=raw,
        )

    def _bad_quote(self, text: str, line: int, *, is_one_line: bool) -> RowProblem:
        raw = text.rstrip("\r\n")
        if is_one_line:
            return self._problem(
                line,
                "stray_quote",
                "A value has text after its closing quotation mark. Double every quotation mark inside the "
                'value, like "6"" nails".',
                raw=raw,
            )
        return self._problem(
            line,
            "unclosed_quote",
            "A value opens with a quotation mark that is not closed. Close it, or double it if it belongs to "
            'the value, like "6"" nails".',
            raw=raw,
        )


def _parsed(lines: list[str], delimiter: str) -> tuple[list[list[str]], list[int], int, str]:
    """The rows, after how many lines each ends, and of the row that stopped it the span and the fault."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    rows, ends = [], []
    try:
        for row in reader:
            rows.append(row)
            ends.append(reader.line_num)
    except csv.Error as fault:
        return rows, ends, reader.line_num - (ends[-1] if ends else 0), str(fault)
    return rows, ends, 0, ""


def _size(texts) -> int:
    return sum(map(len, texts))
