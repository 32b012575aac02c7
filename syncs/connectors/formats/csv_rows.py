"""The rows of a CSV file, from the lines after its header.

Where every line is one row, polars splits many lines at once. Elsewhere the csv module parses a window of lines at a
time. In addition, this module keeps the source text and the line number of each row.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import compress

import polars as pl

from syncs.connectors.formats.csv_extents import (
    SPAN_LINES,
    OpenRow,
    cells_between_blanks,
    has_blank_before_quote,
    row_lines,
    with_plain_blanks,
)
from syncs.connectors.formats.csv_fitting import RowFitter
from syncs.connectors.formats.csv_header import Header
from syncs.connectors.formats.csv_problems import CsvProblems
from syncs.connectors.formats.csv_split import (
    ParsedRows,
    first_cells,
    irregular_lines,
    parse_each,
    parse_rows,
    split_lines,
)
from syncs.connectors.formats.header_search import KindNames
from syncs.connectors.formats.text_lines import LongLine, has_undecoded
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

# How many lines are split into columns at a time.
COLUMN_LINES = 10_000


class CsvRows:
    """Turns lines into rows; keeps the lines of an incomplete row, and the rows of a block that is not full."""

    def __init__(
        self,
        name: str,
        file: str,
        header: Header,
        first_line: int,
        line_bytes: int,
        names: KindNames,
        *,
        keeps_single_cells: bool = False,
    ) -> None:
        self.name, self.file, self.header = name, file, header
        self.line_bytes = line_bytes
        self._problems = CsvProblems(name, file, header, line_bytes)
        self._fitter = RowFitter(self._problems, header, names)
        self._fitter.keeps_single_cells = keeps_single_cells
        self._width = len(header.columns)
        self._pending: list[str] = []
        self._line = first_line  # of the first pending line
        self._block, self._block_size = Rows(name, file, header.columns), 0
        # Whether blanks before quotation marks were found, so that they are read past.
        self._skips_blanks = False
        # A row that is too long, or never ends, while its lines are passed over.
        self._open: OpenRow | None = None
        # The lines from one on that names other columns than the header.
        self._other: OpenRow | None = None

    @property
    def has_rows(self) -> bool:
        """Whether there was a row, if only one that was left out."""
        return self._fitter.has_rows

    def take_lines(self, lines: list[str]) -> SourceItems:
        """Take in the next complete lines of the file."""
        if lines and not lines[-1].endswith(("\n", "\r")):
            self._fitter.open_line = self._line + len(self._pending) + len(lines) - 1
        for start in range(0, len(lines), COLUMN_LINES):
            yield from self._take_part(lines[start : start + COLUMN_LINES])

    def take_long_line(self, found: LongLine) -> SourceItems:
        """Take in a line over the limit, of which only the beginning is given."""
        self._fitter.has_rows = True
        if self._pending:
            # They are a row that goes on in this line.
            self._open = OpenRow(self._line, self._pending, self.header.delimiter)
            self._line += len(self._pending)
            self._pending = []
        self._line += 1
        if self._other:
            self._other.add([found.start])
        elif self._open:
            self._open.take_long_line(found.start, found.quotes)
            yield from self._close()
        elif found.quotes % 2:
            # It ends inside quotation marks.
            self._open = OpenRow(self._line - 1, [found.start], self.header.delimiter)
        else:
            yield self._problems.line_too_long(self._line - 1, found.start)

    def finish(self) -> SourceItems:
        """The rows that are left at the end of the file."""
        yield from self._parse_pending(is_last=True)
        if self._fitter.short_rows.count:
            yield self._problems.cells_missing(self._fitter.short_rows)
        if self._open:
            self._fitter.has_rows = True
            yield self._problems.never_closed(self._open)
        if self._block.cells:
            yield self._finished_block()
        repeated = self._fitter.repeated
        if self._other and self._other.filled_count > 1:
            self._fitter.has_rows = True
            yield self._problems.other_header(self._other)
        elif self._other:
            # No row follows it.
            repeated.append(self._other.line)
        if repeated:
            yield self._problems.header_repeated(repeated)

    def _take_part(self, lines: list[str]) -> SourceItems:
        if self._open:
            count = self._open.take(lines)
            self._line += count
            lines = lines[count:]
            yield from self._close()
        if self._other:
            self._other.add(lines)
        elif by_column := self._split_by_column(lines):
            yield from by_column
        else:
            self._pending = self._pending + lines if self._pending else lines
            yield from self._parse_pending(is_last=False)

    def _close(self) -> SourceItems:
        """The problem of a row over the limit, once its end is found."""
        if self._open and self._open.is_closed:
            found, self._open = self._open, None
            self._fitter.has_rows = True
            yield self._problems.row_too_long(found.line, found.line_count, found.start)

    # Lines become columns

    def _split_by_column(self, lines: list[str]) -> Iterable[SourceItem] | None:
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
            return iter(())
        irregular = irregular_lines(raw, together, self.header)
        texts = split_lines(raw, irregular, self.header)
        if texts is None and not irregular:
            # The total number of cells is right, but some rows have too many and others too few.
            irregular = irregular_lines(raw, "", self.header)
            texts = split_lines(raw, irregular, self.header)
        if texts is None:
            return None
        rows: dict[int, list[str] | None] = {}
        if irregular:
            readable = self._readable([lines[at] for at in irregular])
            parsed = parse_each(readable, self.header.delimiter, skips_blanks=self._skips_blanks)
            if parsed is None:
                return None
            rows = dict(zip(irregular, parsed, strict=True))
        headers, blanks = self._fitter.find_no_rows(first_cells(texts), raw, rows)
        if headers:
            return self._split_at(lines, headers)
        return self._by_column(raw, texts, rows, blanks)

    def _by_column(
        self, raw: list[str], texts: Sequence[pl.Series], rows: Mapping[int, list[str] | None], blanks: Collection[int]
    ) -> Iterable[SourceItem]:
        """The block of the lines, with the `rows` of irregular ones put in, and without those that are blank."""
        block = Columns(
            self.name,
            self.file,
            self.header.columns,
            texts,
            range(self._line, self._line + len(raw)),
            raw,
            delimited=raw,
            delimiter=self.header.delimiter,
        )
        problems: list[RowProblem] = []
        if rows or blanks:
            block, problems = self._with_irregular(block, texts, rows, blanks)
        self._line += len(raw)
        found: list[SourceItem] = [self._finished_block()] if self._block.cells else []
        found += problems
        if len(block):
            self._fitter.has_rows = True
            found.append(block)
        return found or iter(())

    def _split_at(self, lines: list[str], headers: list[int]) -> SourceItems:
        """The rows between lines that look like a header."""
        start = 0
        for position in headers:
            yield from self._take_part(lines[start:position])
            line = self._readable([lines[position]])
            [row] = parse_rows(line, self.header.delimiter, skips_blanks=self._skips_blanks).rows
            if not self._fitter.is_repeated(row):
                self._other = OpenRow(self._line, lines[position:], self.header.delimiter)
                return
            self._fitter.repeated.append(self._line)
            self._line += 1
            start = position + 1
        yield from self._take_part(lines[start:])

    def _with_irregular(
        self,
        block: Columns,
        texts: Sequence[pl.Series],
        rows: Mapping[int, list[str] | None],
        blanks: Collection[int],
    ) -> tuple[Columns, list[RowProblem]]:
        """The block with its irregular rows, given by position, put in or left out; and the problems of these."""
        problems = [
            self._problems.stray_quote(block.lines[position], block.raw[position])
            for position, row in rows.items()
            if row is None
        ]
        self._fitter.has_rows |= bool(problems)
        parsed = {position: row for position, row in rows.items() if row is not None}
        fitted = self._fitter.fit(
            parsed.values(),
            [block.lines[position] for position in parsed],
            [block.raw[position] for position in parsed],
        )
        positions = [line - block.lines[0] for line in fitted.lines]
        gaps: dict[int, list[bool]] = {}
        raw = block.raw
        if positions:
            texts = [
                series.scatter(positions, [None if cell is ABSENT else cell or None for cell in cells])
                for series, cells in zip(texts, zip(*fitted.rows, strict=True), strict=True)
            ]
            raw = list(raw)
            for position, row, text in zip(positions, fitted.rows, fitted.raw, strict=True):
                raw[position] = text
                if row[-1] is ABSENT:
                    for column in range(row.index(ABSENT), self._width):
                        gaps.setdefault(column, [False] * len(block))[position] = True
        block = replace(block, cells=texts, raw=raw, delimited=raw, gaps=gaps, not_delimited=positions)
        left_out = (rows.keys() - set(positions)) | set(blanks)
        return _without(block, texts, left_out) if left_out else block, problems + fitted.problems

    # Lines become rows

    def _parse_pending(self, is_last: bool) -> SourceItems:
        """Parse the pending lines; those of a row that may go on in the next lines stay pending."""
        lines, position, delimiter = self._pending, 0, self.header.delimiter
        while position < len(lines) and not self._other:
            window = lines[position : position + SPAN_LINES]
            readable = self._readable(window)
            parsed = parse_rows(readable, delimiter, skips_blanks=self._skips_blanks)
            if parsed.rows:
                yield from self._take_rows(parsed, window, self._line + position)
                position += parsed.ends[-1]
            elif count := row_lines(readable, delimiter, skips_blanks=self._skips_blanks):
                yield from self._take_faulty(window[:count], self._line + position)
                position += count
            elif is_last or len(window) >= SPAN_LINES or _size(window) > self.line_bytes:
                self._open = OpenRow(self._line + position, window, delimiter)
                position += len(window)
                position += self._open.take(lines[position:])
                yield from self._close()
            else:
                break
        if self._other:
            self._other.add(lines[position:])
            position = len(lines)
        self._pending, self._line = lines[position:], self._line + position

    def _readable(self, lines: list[str]) -> list[str]:
        """The lines of whole rows as the csv module can read them; notices blanks before their quotation marks."""
        delimiter = self.header.delimiter
        self._skips_blanks = self._skips_blanks or has_blank_before_quote("".join(lines), delimiter)
        return with_plain_blanks(lines, delimiter) if self._skips_blanks else lines

    def _take_faulty(self, lines: list[str], line: int) -> SourceItems:
        """The row of some lines that is not valid CSV."""
        text = "".join(lines)
        cells = cells_between_blanks(text, self.header.delimiter)
        if cells is not None:
            yield from self._take_rows(ParsedRows([cells], [len(lines)]), lines, line)
            return
        self._fitter.has_rows = True
        raw = text.rstrip("\r\n")
        if len(lines) == 1:
            yield self._problems.stray_quote(line, raw)
        else:
            yield self._problems.rows_swallowed(line, len(lines), raw)

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
        if self._fitter.may_need_fitting(parsed.rows, raw):
            all_lines, all_raw = lines, raw
            rows, lines, raw, problems = self._fitter.fit(parsed.rows, lines, raw)
            yield from problems
            if other := self._fitter.other_header:
                unread = "\n".join(all_raw[all_lines.index(other) :])
                self._other = OpenRow(other, unread.splitlines(keepends=True), self.header.delimiter)
        if not rows:
            return
        self._fitter.has_rows = True
        self._block.cells += rows
        self._block.lines += lines
        self._block.raw += raw
        self._block_size += _size(raw)
        while len(self._block) >= BLOCK_ROWS or self._block_size >= BLOCK_BYTES:
            yield self._finished_block()

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


def _without(block: Columns, texts: Sequence[pl.Series], left_out: Collection[int]) -> Columns:
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
