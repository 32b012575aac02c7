"""CSV: rows with the exact line where each starts, and a bad line that costs no other.

Where every line is a row of its own, polars cuts many at once. Elsewhere the csv module parses, a window of lines
at a time; here is what it does not do: the source text of each row, and the way back when a quotation mark is never
closed.
"""

from collections.abc import Iterator
from itertools import compress
from typing import BinaryIO

import polars as pl

from syncs.connectors.formats.csv_header import Header, UnusableFile, read_header
from syncs.connectors.formats.csv_split import cut, odd_lines, parsed, rows_of
from syncs.connectors.formats.text_lines import LongLine, OtherEncoding, has_undecoded, physical_lines
from syncs.connectors.protocol import (
    ABSENT,
    BLOCK_BYTES,
    BLOCK_ROWS,
    Columns,
    ConnectorError,
    FileHead,
    Limits,
    RowProblem,
    Rows,
)

# The physical lines a row may span; also how many are parsed at a time.
SPAN_LINES = 1_000
# The lines that are cut into columns at a time.
COLUMN_LINES = 10_000
# How many lines may be read again because of unclosed quotation marks, for each line of the file.
REREADING = 16
DELIMITER_NAMES = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a vertical bar"}


def read_csv(content: BinaryIO, *, name: str, file: str, limits: Limits) -> Iterator[Rows | Columns | RowProblem]:
    """The rows of a CSV file whose first line names the columns."""
    return _CsvFile(name, file, limits).read(content)


class _CsvFile:
    """One file being read: its header, the lines that wait for the rest of their row, the block so far."""

    def __init__(self, name: str, file: str, limits: Limits):
        self.name, self.file = name, file
        self.line_bytes = limits.line_bytes
        self.header: Header | None = None
        self.pending: list[str] = []
        self.line = 1  # of the first pending one
        self.reread = 0
        self.block, self.block_size = Rows(name, file, []), 0
        self.has_rows = False
        # The last line, where the file ends without ending it; and the first row that had fewer cells.
        self.open_line: int | None = None
        self.has_short_rows = False

    def read(self, content: BinaryIO) -> Iterator[Rows | Columns | RowProblem]:
        # Of what turns out to be no text at all, the encoding is not worth a remark.
        encoding: list[RowProblem] = []
        try:
            for piece in physical_lines(content, line_bytes=self.line_bytes, file=self.file):
                if isinstance(piece, LongLine):
                    yield from self._parse_pending(is_last=True)
                    yield self._long_line(piece)
                elif isinstance(piece, OtherEncoding):
                    remark = self._remark("encoding_assumed", piece.message)
                    remark.line = piece.line
                    if self.header:
                        yield remark
                    else:
                        encoding.append(remark)
                else:
                    if not piece[-1].endswith(("\n", "\r")):
                        self.open_line = self.line + len(self.pending) + len(piece) - 1
                    if not self.header:
                        piece = self._begin(piece)
                        if self.header:
                            yield FileHead(self.name, self.file, tuple(self.header.columns), self.header.delimiter)
                            yield from encoding
                    for start in range(0, len(piece), COLUMN_LINES):
                        yield from self._take_lines(piece[start : start + COLUMN_LINES])
            yield from self._parse_pending(is_last=True)
        except UnusableFile as unusable:
            if unusable.code != "not_text":
                yield from encoding
            yield self._problem(None, unusable.code, str(unusable), column=unusable.column, raw=unusable.raw)
            return
        if self.block.cells:
            yield self._finished_block()
        if not self.header:
            yield from encoding
            yield self._remark("file_empty", "The file is empty, so nothing was loaded from it.")
        elif not self.has_rows:
            yield self._remark("file_without_rows", "The file has a header and no rows, so nothing was loaded from it.")

    def _take_lines(self, lines: list[str]) -> Iterator[Rows | Columns | RowProblem]:
        by_column = self._by_column(lines)
        if by_column is None:
            self.pending = self.pending + lines if self.pending else lines
            yield from self._parse_pending(is_last=False)
        else:
            yield from by_column

    def _begin(self, lines: list[str]) -> list[str]:
        """Read the header off the lines, if it is there; returns what follows it."""
        self.header = read_header(lines, self.line)
        taken = self.header.lines if self.header else len(lines)
        self.line += taken
        self.block.columns = self.header.columns if self.header else []
        return lines[taken:]

    # Lines become columns

    def _by_column(self, piece: list[str]) -> list[Rows | Columns | RowProblem] | None:
        """The piece cut into columns; None where rows may go over several lines, or something else is odd."""
        if not piece or not self.header or self.pending or len(self.header.columns) < 2:
            return None
        together = "".join(piece)
        if "\0" in together or together.startswith("\ufeff") or has_undecoded(together):
            return None
        raw = [text.rstrip("\r\n") for text in piece]
        if not any(raw):
            # Millions of empty lines are what a file has that is to keep us busy.
            self.line += len(piece)
            return []
        odd = odd_lines(raw, together, self.header)
        texts = cut(raw, odd, self.header)
        if texts is None and not odd:
            # The right number of cells in all, but one row has another's.
            odd = odd_lines(raw, "", self.header)
            texts = cut(raw, odd, self.header)
        if texts is None:
            return None
        lines = range(self.line, self.line + len(raw))
        found, gaps, apart = [], {}, ()
        if odd:
            rows = rows_of([piece[place] for place in odd], self.header.delimiter)
            if rows is None:
                return None
            texts, lines, raw, gaps, apart, found = self._patched(texts, lines, raw, dict(zip(odd, rows, strict=True)))
        self.line += len(piece)
        if self.block.cells:
            found.insert(0, self._finished_block())
        if raw:
            self.has_rows = True
            columns, delimiter = self.header.columns, self.header.delimiter
            found.append(Columns(self.name, self.file, columns, texts, lines, raw, gaps, raw, delimiter, apart))
        return found

    def _patched(self, texts, lines, raw, rows: dict[int, list[str] | None]):
        """The columns with the odd rows put in or left out; what they lack, which are odd, what is to be said."""
        problems = [
            self._bad_quote(raw[place], lines[place], is_one_line=True) for place, row in rows.items() if row is None
        ]
        whole = {place: row for place, row in rows.items() if row is not None}
        fitted, at_lines, _, remarks = self._fitted(
            whole.values(), [lines[place] for place in whole], [raw[place] for place in whole]
        )
        places = [line - lines[0] for line in at_lines]
        if places:
            texts = [
                series.scatter(places, [None if cell is ABSENT else cell or None for cell in cells])
                for series, cells in zip(texts, zip(*fitted, strict=True), strict=True)
            ]
        short = {place: row.index(ABSENT) for place, row in zip(places, fitted, strict=True) if row[-1] is ABSENT}
        self.has_rows |= bool(problems)
        dropped = rows.keys() - set(places)
        if dropped:
            keep = [place not in dropped for place in range(len(raw))]
            texts = pl.DataFrame(texts).filter(keep).get_columns()
            new_place = {old: new for new, old in enumerate(compress(range(len(raw)), keep))}
            short = {new_place[place]: cells for place, cells in short.items()}
            places = [new_place[place] for place in places]
            lines, raw = list(compress(lines, keep)), list(compress(raw, keep))
        gaps = {}
        for place, cells in short.items():
            for column in range(cells, len(texts)):
                gaps.setdefault(column, [False] * len(raw))[place] = True
        return texts, lines, raw, gaps, places, problems + remarks

    # Lines become rows

    def _parse_pending(self, is_last: bool) -> Iterator[Rows | Columns | RowProblem]:
        """Parse the pending lines; those of a row that may go on in the next piece stay pending."""
        lines, place = self.pending, 0
        while place < len(lines):
            window = lines[place : place + SPAN_LINES]
            rows, ends, span, fault = parsed(window, self.header.delimiter)
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

    def _take(self, rows, ends, window, line) -> Iterator[Rows | Columns | RowProblem]:
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
                problems += self._too_few_cells(row, line, text)
                if problems and problems[-1].line == line and problems[-1].kind == "error":
                    continue
                row += [ABSENT] * (width - len(row))
            del row[width:]
            good.append((row, line, text))
        self.has_rows |= any(problem.kind == "error" for problem in problems)
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
        width, mark = len(self.header.columns), _named(self.header.delimiter)
        return self._problem(
            line,
            "too_many_cells",
            f"The row has {extra:,} {cells} more than the header has columns ({width:,}). "
            f"Put a value that contains {mark} in quotation marks, or remove what is too much.",
            raw=raw,
        )

    def _too_few_cells(self, row: list[str], line: int, raw: str) -> list[RowProblem]:
        """What is to be said of a row that ends early. Cells that are not there are left as they are in the books."""
        width = len(self.header.columns)
        cells = f"{len(row):,} cell" + ("" if len(row) == 1 else "s")
        if self.open_line and line + raw.count("\n") >= self.open_line:
            message = (
                f"The last line has {cells} of {width:,} and no end: the file was probably cut off. "
                "Export it again, then send it again."
            )
            return [self._problem(line, "line_cut_off", message, raw=raw)]
        if len(row) == 1 and width > 2:
            message = (
                f"The row has {cells}, but the header has {width:,} columns. Remove the line if it is a title or a "
                "total, or fill it in."
            )
            marks = [mark for mark in DELIMITER_NAMES if raw.count(mark) >= width - 1]
            if self.header.delimiter in marks:
                message = (
                    f"The row has {cells}, but the header has {width:,} columns: the whole row stands in quotation "
                    "marks. Remove them, then send the file again."
                )
            elif marks:
                message = (
                    f"The row’s cells seem to be separated by {DELIMITER_NAMES[marks[0]]}, but the header’s by "
                    f"{_named(self.header.delimiter)}. Separate both alike, then send the file again."
                )
            return [self._problem(line, "too_few_cells", message, raw=raw)]
        if self.has_short_rows:
            return []
        self.has_short_rows = True
        remark = self._remark(
            "cells_missing",
            f"From line {line:,} on, rows end before the last column ({len(row):,} of {width:,} cells). What is "
            "not there was left as it is in the books.",
        )
        remark.line = line
        return [remark]

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


def _size(texts) -> int:
    return sum(map(len, texts))


def _named(delimiter: str) -> str:
    return DELIMITER_NAMES.get(delimiter, f"“{delimiter}”")
