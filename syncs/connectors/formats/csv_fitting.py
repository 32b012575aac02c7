"""Rows of CSV brought to the header's width; what is no row, or cannot be one, becomes a problem or is passed over."""

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import polars as pl

from syncs.connectors.formats.csv_extents import EXCERPT
from syncs.connectors.formats.csv_header import Header
from syncs.connectors.formats.csv_problems import CsvProblems, ShortRows
from syncs.connectors.formats.csv_split import parse_rows
from syncs.connectors.formats.header_search import KindNames, clean_name
from syncs.connectors.protocol import ABSENT, Cell, RowProblem

# A key that begins with a character before this one, or not before the next, may be blank.
FIRST_VISIBLE, FIRST_NOT_ASCII = "!", "\x7f"


class FittedRows(NamedTuple):
    """Rows with exactly one cell for each column, their lines, and the problems of rows that were left out."""

    rows: Sequence[Sequence[Cell]]
    lines: Sequence[int]
    raw: Sequence[str]
    problems: list[RowProblem]


class RowFitter:
    """Fits the rows of one file."""

    def __init__(self, problems: CsvProblems, header: Header, names: KindNames) -> None:
        self.header, self.names = header, names
        self.width = len(header.columns)
        # Whether there was a row, if only one that was left out.
        self.has_rows = False
        # Whether a row may have just one cell: a title or a total, which the layout of the file knows.
        self.keeps_single_cells = False
        # The number of the last line of the file, if it has no line end.
        self.open_line: int | None = None
        # The lines at which the header stands once more, and the first one that names other columns.
        self.repeated: list[int] = []
        self.other_header: int | None = None
        self._problems = problems
        self._first_name = header.columns[0]
        # What names no known column may be a row itself, and any row may be equal to it.
        self._is_header_known = not names or names.count(header.columns) > 0
        self._folded_columns = [name.casefold() for name in header.columns]
        self.short_rows = ShortRows()
        self._has_rows_in_quotes = False

    def fit(self, rows: Iterable[list[str]], lines: Iterable[int], raw: Iterable[str]) -> FittedRows:
        """Fit rows, up to the first that names other columns.

        One without values is dropped, one with too many is a problem.
        """
        fitted: list[tuple[Sequence[Cell], int, str]] = []
        problems: list[RowProblem] = []
        for row, line, text in zip(rows, lines, raw, strict=True):
            if not any(map(str.strip, row)):
                continue
            if self._looks_like_header(row):
                if not self.is_repeated(row):
                    self.other_header = line
                    break
                self.repeated.append(line)
                continue
            found, remark = self._fit(row, line, text)
            if remark:
                problems.append(remark)
            if found:
                fitted.append((found[0], line, found[1]))
        self.has_rows |= any(problem.kind == "error" for problem in problems)
        if not fitted:
            return FittedRows([], [], [], problems)
        fitted_rows, at_lines, texts = zip(*fitted, strict=True)
        return FittedRows(fitted_rows, at_lines, texts, problems)

    def find_no_rows(
        self, first: pl.Series, raw: list[str], rows: Mapping[int, list[str] | None]
    ) -> tuple[list[int], list[int]]:
        """The positions of lines that look like a header, and of those that are blank.

        `first` is the first column, in which lines are missing that were parsed one by one into `rows`.
        """
        headers = [at for at, row in rows.items() if row and self._looks_like_header(row)]
        smallest, largest = first.min(), first.max()
        if (
            first.null_count() > len(rows)
            or (isinstance(smallest, str) and smallest < FIRST_VISIBLE)
            or (isinstance(largest, str) and largest >= FIRST_NOT_ASCII)
        ):
            is_suspect = first.is_null() | first.str.ends_with(self._first_name) | (first.str.strip_chars() == "")
        else:
            is_suspect = first == self._first_name
        blanks = []
        for at in is_suspect.arg_true().to_list() if is_suspect.any() else ():
            if at in rows:
                continue
            if not raw[at].replace(self.header.delimiter, "").strip():
                blanks.append(at)
            elif self._looks_like_header(raw[at].split(self.header.delimiter)):
                headers.append(at)
        return sorted(headers), blanks

    def _looks_like_header(self, row: Sequence[str]) -> bool:
        """Whether a row names columns instead of having values: the same as the header, or others of the kind."""
        if not self._is_header_known or not row[0].endswith(self._first_name):
            return False
        return self.is_repeated(row) or self.names.is_header(row)

    def is_repeated(self, row: Sequence[str]) -> bool:
        """Whether a row is the header once more."""
        names = [clean_name(cell).casefold() for cell in row]
        return names[: self.width] == self._folded_columns and not any(names[self.width :])

    def may_need_fitting(self, rows: list[list[str]], raw: Sequence[str]) -> bool:
        """Whether any row has another width than the header, may be blank or a header, or is too long."""
        if set(map(len, rows)) != {self.width}:
            return True
        first_cells = [row[0] for row in rows]
        if min(first_cells) < FIRST_VISIBLE or max(first_cells) >= FIRST_NOT_ASCII or self._first_name in first_cells:
            return True
        return max(map(len, raw)) > self._problems.line_bytes

    def _fit(self, row: list[str], line: int, text: str) -> tuple[tuple[Sequence[Cell], str] | None, RowProblem | None]:
        """The cells and the text of a row, None if it is left out; and its problem or a remark."""
        if len(text) > self._problems.line_bytes:
            return None, self._problems.row_too_long(line, text.count("\n") + 1, text[:EXCERPT])
        remark = None
        if len(row) == 1 < self.width and (inner := self._row_in_quotes(row[0], text)):
            row, text = inner, row[0]
            if not self._has_rows_in_quotes:
                self._has_rows_in_quotes = True
                remark = self._problems.rows_in_quotes(line)
        if len(row) > self.width:
            if any(row[self.width :]):
                return None, self._problems.too_many_cells(len(row) - self.width, line, text)
            return (row[: self.width], text), remark
        if len(row) < self.width:
            problem = self._problem_of_short_row(row, line, text)
            if problem and problem.kind == "error":
                return None, problem
            return ([*row, *[ABSENT] * (self.width - len(row))], text), problem or remark
        return (row, text), remark

    def _row_in_quotes(self, cell: str, text: str) -> list[str] | None:
        """The cells of a row that stands in quotation marks as a whole; None if it does not."""
        if not text.lstrip().startswith('"') or self.header.delimiter not in cell:
            return None
        parsed = parse_rows(io.StringIO(cell, newline="").readlines(), self.header.delimiter)
        if parsed.has_fault or len(parsed.rows) != 1:
            return None
        is_whole = len(parsed.rows[0]) == self.width > 2
        return parsed.rows[0] if is_whole or self.header.is_in_quotes else None

    def _problem_of_short_row(self, row: list[str], line: int, raw: str) -> RowProblem | None:
        """The problem of a row that ends early, or a remark. The columns of absent cells keep their values."""
        if len(row) == 1 and self.keeps_single_cells:
            return None
        line_count = raw.count("\n")
        if self.open_line and line + line_count >= self.open_line:
            return self._problems.line_cut_off(len(row), line, raw)
        delimiters = self.width - 1
        if line_count and any(text.count(self.header.delimiter) >= delimiters for text in raw.split("\n")[1:]):
            # Within the quotation marks stands what would be a whole row.
            return self._problems.rows_swallowed(line, line_count + 1, raw)
        if other := self._problems.other_delimiter(line, raw):
            return other
        if len(row) == 1 and self.width > 2:
            return self._problems.only_one_cell(line, raw)
        self.short_rows.add(line, len(row))
        return None
