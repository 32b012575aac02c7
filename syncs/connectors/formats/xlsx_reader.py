"""Workbooks (.xlsx): the sheets that hold records, each below the names of its columns."""

import csv
import io
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from tempfile import TemporaryFile
from typing import IO

from syncs.connectors.formats.csv_header import UnusableFile, column_names, columns_without_names
from syncs.connectors.formats.header_search import SEARCHED_LINES, KindNames, locate_header
from syncs.connectors.formats.layouts import rows_above_header
from syncs.connectors.formats.source_file import SourceFile
from syncs.connectors.formats.xlsx_cells import letters_of
from syncs.connectors.formats.xlsx_choice import SHEET_NAME_LENGTH, SheetChoice, SheetToRead, texts_of
from syncs.connectors.formats.xlsx_layout import LayoutSheet, other_sheets, places_of, recognise_sheets
from syncs.connectors.formats.xlsx_package import DamagedWorkbook
from syncs.connectors.formats.xlsx_remarks import remarks_on_cells
from syncs.connectors.formats.xlsx_sheet import SheetRow, SplitRow
from syncs.connectors.formats.xlsx_workbook import Workbook
from syncs.connectors.formats.zip_archive import Archive
from syncs.connectors.protocol import (
    BLOCK_BYTES,
    BLOCK_ROWS,
    ByteStream,
    ConnectorError,
    FileHeader,
    Limits,
    RowProblem,
    Rows,
    SourceItems,
)

# The first bytes of files that Excel wrote before 2007 or with a password.
OLD_OR_LOCKED = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
COPIED_BYTES = 512 * 1024
# How much of a title is quoted.
TITLE_LENGTH = 80


def read_packed_workbook(content: ByteStream, file: SourceFile) -> SourceItems:
    """The rows of a workbook that comes as a stream; it is copied, still packed, to a file that can be sought in."""
    with TemporaryFile() as copy:
        while data := content.read(COPIED_BYTES):
            copy.write(data)
        copy.seek(0)
        try:
            if copy.read(len(OLD_OR_LOCKED)) == OLD_OR_LOCKED:
                raise old_or_locked()
            archive = _opened(copy, file)
        except UnusableFile as unusable:
            yield RowProblem(file.stem, file.name, None, unusable.code, str(unusable))
            return
        yield from read_workbook(archive, file)


def read_workbook(archive: Archive, file: SourceFile) -> SourceItems:
    """The rows of an opened workbook, by a layout if one of its sheets is recognised by one."""
    return _WorkbookReader(file).read(archive)


def old_or_locked() -> UnusableFile:
    """The problem of a file that begins with OLD_OR_LOCKED."""
    return UnusableFile(
        "workbook_locked",
        "The workbook is locked with a password, or is of a kind from before 2007 (.xls). "
        "Save it as “Excel workbook (.xlsx)” without a password, then send it again.",
    )


def _opened(content: IO[bytes], file: SourceFile) -> Archive:
    try:
        archive = Archive(content, file=file.name, limits=file.limits)
    except ConnectorError as reason:
        if reason.code == "zip_damaged":
            raise DamagedWorkbook() from None
        raise
    return archive


class _WorkbookReader:
    """One workbook being read, sheet by sheet."""

    def __init__(self, file: SourceFile) -> None:
        self.file = file

    def read(self, archive: Archive) -> SourceItems:
        file = self.file
        try:
            with Workbook(archive, file.limits.line_bytes) as workbook:
                if found := recognise_sheets(workbook, file):
                    yield from self._read_by_layout(workbook, found)
                    return
                choice = SheetChoice(workbook, file)
                yield from choice.problems
                if not choice.chosen and not choice.problems:
                    yield RowProblem(
                        file.stem,
                        file.name,
                        None,
                        "file_empty",
                        "The file is empty, so nothing was loaded from it.",
                        kind="warning",
                    )
                for sheet in choice.chosen:
                    yield from self._read_sheet(_SheetReader(workbook, sheet, file))
        except UnusableFile as unusable:
            yield _as_problem(unusable, file.stem, file.name)

    def _read_by_layout(self, workbook: Workbook, found: Sequence[LayoutSheet]) -> SourceItems:
        file = self.file
        yield from other_sheets(workbook, found, file.name)
        for one, place in zip(found, places_of(found, file.name), strict=True):
            reader = _SheetReader(workbook, SheetToRead(one.sheet, file.stem, place), file)
            yield from self._read_sheet(reader, one)

    def _read_sheet(self, reader: "_SheetReader", found: LayoutSheet | None = None) -> SourceItems:
        """The rows of one sheet; if it cannot be used, that is a problem of it alone."""
        try:
            yield from reader.read_by_layout(found) if found else reader.read()
        except UnusableFile as unusable:
            if not reader.has_rows:
                yield _as_problem(unusable, reader.name, reader.file)
                return
            # Rows may have been yielded already; the file then counts as not read to its end.
            reason = str(unusable)
            if isinstance(unusable, DamagedWorkbook):
                reason = (
                    f"The workbook “{self.file.name}” is damaged and cannot be read to its end. Save it again, then "
                    "send it again."
                )
            raise ConnectorError(reason, code=unusable.code, file=self.file.name) from None


def _as_problem(unusable: UnusableFile, name: str, file: str) -> RowProblem:
    return RowProblem(name, file, None, unusable.code, str(unusable), column=unusable.column, raw=unusable.raw)


class _SheetReader:
    """One sheet being read: its columns, and the block so far."""

    def __init__(self, workbook: Workbook, chosen: SheetToRead, file: SourceFile) -> None:
        self.workbook, self.chosen, self.limits, self.vocabulary = workbook, chosen, file.limits, file.vocabulary
        self.name, self.file = chosen.name, chosen.file
        self.columns: list[str] = []
        self.letters: list[str] = []
        self.types: Sequence[str] = ()
        self.header_row = 0
        self.above: list[SheetRow] = []
        self.has_wide_titles = False
        self.block = self._new_block()
        self.size = 0
        self.has_rows = False

    def read(self) -> SourceItems:
        rows_above = self._take_header()
        # The raw lines of its rows are made by `_as_csv`.
        yield FileHeader(self.name, self.file, tuple(self.columns), ",")
        if self.above:
            yield self._rows_above()
        texts = [place for place, type in enumerate(self.types) if type == "text"]
        loaded = [place for place, type in enumerate(self.types) if type]
        rows = self.workbook.rows(self.chosen.sheet, texts=texts, loaded=loaded)
        yield from self._read_rows(islice(rows, rows_above, None))

    def read_by_layout(self, found: LayoutSheet) -> SourceItems:
        """The rows below the header that was recognised."""
        self.columns, self.header_row = list(found.columns), found.header_row
        self.letters = [letters_of(column) for column in range(len(self.columns))]
        self.types = ["" if place in found.exact else "text" for place in range(len(self.columns))]
        self.block = self._new_block()
        yield FileHeader(self.name, self.file, found.columns, ",", layout=found.layout, is_download=found.is_download)
        if (above := found.layout.header[0] - 1) and not found.is_download:
            yield self._remark("lines_left_out", rows_above_header(above))
        texts = [place for place, type in enumerate(self.types) if type]
        loaded = range(len(self.columns))
        rows = self.workbook.rows(self.chosen.sheet, texts=texts, loaded=loaded, notes_decimals=True)
        if commas := frozenset(found.decimal_commas):
            rows = _with_decimal_commas(rows, commas)
        # Rows of the header may come again after others in a sheet that is out of order.
        yield from self._read_rows(row for row in rows if row.number > self.header_row)

    def _read_rows(self, rows: Iterable[SheetRow]) -> SourceItems:
        for row in rows:
            if row.number <= self.header_row:
                raise SplitRow(row.number)
            self.has_rows = True
            if problem := self._problem_of(row):
                yield problem
                continue
            self._add(row)
            if len(self.block) >= BLOCK_ROWS or self.size >= BLOCK_BYTES:
                yield self.block
                self.block, self.size = self._new_block(), 0
        if self.block.cells:
            yield self.block
        if not self.has_rows:
            yield self._without_rows()
        yield from remarks_on_cells(self.workbook, self.name, self.file, self.columns, self.types, self.header_row)

    def _new_block(self) -> Rows:
        return Rows(self.name, self.file, self.columns, letters=self.letters)

    def _take_header(self) -> int:
        """Read the names of the columns; the number of rows that stand above the first one with values."""
        kind, is_header = self.vocabulary.kind_named(self.name), True
        first_rows = self.workbook.first_rows(self.chosen.sheet, SEARCHED_LINES)
        place = locate_header([texts_of(row) for row in first_rows], KindNames(kind, self.vocabulary))
        position = place.position if place else 0
        row = first_rows[position]
        if place and place.is_below_rows:
            raise UnusableFile(
                "header_misplaced",
                f"The names of the columns stand in row {row.number:,}, below rows that look like records, so nothing "
                "was loaded. Move them into the first row.",
                raw=_as_csv(row, 0),
            )
        if row.faults:
            raise UnusableFile("cell_error", f"{self._faults(row)} The header must name the columns.")
        if kind and place is None:
            self.columns, is_header = columns_without_names(texts_of(row), row.number)
        else:
            # A column without a name before the last named one is a problem; one after it is not a column.
            self.columns = column_names(texts_of(row), row.number)
        self.letters = [letters_of(column) for column in range(len(self.columns))]
        self.types = self.vocabulary.known_columns(kind, self.columns)
        if place:
            self.above = [first_rows[title] for title in place.titles]
            self.has_wide_titles = place.has_wide_titles
        self.header_row = row.number if is_header else 0
        self.block = self._new_block()
        return position + is_header

    def _rows_above(self) -> RowProblem:
        numbers = ", ".join(str(row.number) for row in self.above[:10]) + (
            " and others" if len(self.above) > 10 else ""
        )
        text = " ".join(text for text in texts_of(self.above[0]) if text.strip())[:TITLE_LENGTH]
        rows, stand = ("Row", "stands") if len(self.above) == 1 else ("Rows", "stand")
        problem = self._remark(
            "lines_above_header",
            f"{rows} {numbers} (“{text}”) {stand} above the names of the columns, which are in row {self.header_row}. "
            "The sheet was read from there on.",
        )
        problem.line, problem.raw = self.above[0].number, _as_csv(self.above[0], 0)
        # A row with several cells might be one of records.
        problem.leaves_unread = self.has_wide_titles
        return problem

    def _without_rows(self) -> RowProblem:
        if self.vocabulary.kinds() and not any(self.types):
            return RowProblem(
                self.name,
                self.file,
                None,
                "header_missing",
                f"The sheet “{self.chosen.sheet.name[:SHEET_NAME_LENGTH]}” has one row, which names no known column, "
                "so nothing was loaded from it. Send the sheet that holds the records, with the names of their columns "
                "in its first row.",
                raw=",".join(self.columns)[:TITLE_LENGTH],
            )
        return self._remark("file_without_rows", "The file has a header and no rows, so nothing was loaded from it.")

    def _add(self, row: SheetRow) -> None:
        raw = _as_csv(row, len(self.columns))
        self.block.cells.append([row.cells.get(place, "") for place in range(len(self.columns))])
        self.block.lines.append(row.number)
        self.block.numbers.update((row.number, place) for place in row.numbers)
        self.block.raw.append(raw)
        self.size += len(raw)

    def _problem_of(self, row: SheetRow) -> RowProblem | None:
        width = len(self.columns)
        row.faults = [fault for fault in row.faults if fault[0] < width]
        if row.size > self.limits.line_bytes:
            return self._problem(
                row,
                "line_too_long",
                f"The row is longer than {self.limits.line_bytes:,} bytes, the most that one row may have. Shorten it.",
            )
        if row.twice:
            place = row.twice[0]
            return self._problem(
                row,
                "cell_error",
                f"Cell {letters_of(place)}{row.number} stands in the sheet twice, with different values. Open the "
                "workbook in your spreadsheet program, save it, then send it again.",
            )
        if row.faults:
            place, error = row.faults[0]
            problem = self._problem(row, "cell_error", self._faults(row))
            problem.column, problem.value = self.columns[place], error
            return problem
        over = [place for place in sorted(row.cells) if place >= width and row.cells[place].strip()]
        if over:
            return self._problem(
                row,
                "too_many_cells",
                f"{_cells(over, row.number)} filled in, but the header names no column there. "
                "Name the column, or remove what is too much.",
            )
        return None

    def _faults(self, row: SheetRow) -> str:
        errors = [f"cell {letters_of(place)}{row.number} shows “{error}”" for place, error in row.faults if error]
        empty = [letters_of(place) + str(row.number) for place, error in row.faults if not error]
        said = []
        if errors:
            said.append(f"{'; '.join(errors[:20])}. Correct the formula, then save the workbook again.")
        if empty:
            said.append(
                f"cell {', '.join(empty[:20])} holds a formula without its result. Open the workbook in your "
                "spreadsheet program, save it, then send it again."
            )
        return " ".join(sentence[0].upper() + sentence[1:] for sentence in said)

    def _problem(self, row: SheetRow, code: str, message: str) -> RowProblem:
        raw = _as_csv(row, len(self.columns))
        return RowProblem(self.name, self.file, row.number, code, message, raw=raw)

    def _remark(self, code: str, message: str) -> RowProblem:
        return RowProblem(self.name, self.file, None, code, message, kind="warning")


def _with_decimal_commas(rows: Iterable[SheetRow], places: Collection[int]) -> Iterator[SheetRow]:
    """The rows with the numbers of these columns written like the texts there, as which they are stored and read."""
    for row in rows:
        for place in row.numbers:
            if place in places:
                row.cells[place] = row.cells[place].replace(".", ",")
        yield row


def rest_of(limits: Limits, used: int) -> Limits:
    """The number of bytes that an upload may still unpack to."""
    return replace(limits, unpacked_bytes=max(0, limits.unpacked_bytes - used))


def _cells(places: list[int], row: int) -> str:
    named = [f"{letters_of(place)}{row}" for place in places[:10]]
    if len(places) > 10:
        named.append("others")
    return f"Cell {named[0]} is" if len(named) == 1 else f"Cells {', '.join(named[:-1])} and {named[-1]} are"


def _as_csv(row: SheetRow, width: int) -> str:
    """The row as a line of CSV, including the errors that cells display."""
    texts = row.cells | dict(row.faults)
    width = max([width - 1, *texts]) + 1
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([texts.get(place, "") for place in range(width)])
    return line.getvalue()
