"""Workbooks (.xlsx): the first sheet, whose first row is the header."""

import csv
import io
from dataclasses import replace
from tempfile import TemporaryFile
from typing import IO

from syncs.connectors.formats.csv_header import UnusableFile, column_names
from syncs.connectors.formats.xlsx_cells import letters_of
from syncs.connectors.formats.xlsx_parts import DamagedWorkbook, SheetRow, Workbook
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
    Vocabulary,
)

WORKBOOK = "xl/workbook.xml"
# The first bytes of files that Excel wrote before 2007 or with a password.
OLD_OR_LOCKED = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
COPIED_BYTES = 512 * 1024


def read_packed_workbook(
    content: ByteStream, *, name: str, file: str, limits: Limits, vocabulary: Vocabulary
) -> SourceItems:
    """The rows of a workbook that comes as a stream; it is copied, still packed, to a file that can be sought in."""
    with TemporaryFile() as copy:
        while data := content.read(COPIED_BYTES):
            copy.write(data)
        copy.seek(0)
        try:
            if copy.read(len(OLD_OR_LOCKED)) == OLD_OR_LOCKED:
                raise old_or_locked()
            archive = _opened(copy, file, limits)
        except UnusableFile as unusable:
            yield RowProblem(name, file, None, unusable.code, str(unusable))
            return
        yield from read_workbook(archive, name=name, file=file, limits=limits, vocabulary=vocabulary)


def read_workbook(archive: Archive, *, name: str, file: str, limits: Limits, vocabulary: Vocabulary) -> SourceItems:
    """The rows of an opened workbook."""
    return _SheetReader(name, file, limits).read(archive)


def old_or_locked() -> UnusableFile:
    """The problem of a file that begins with OLD_OR_LOCKED."""
    return UnusableFile(
        "workbook_locked",
        "The workbook is locked with a password, or is of a kind from before 2007 (.xls). "
        "Save it as “Excel workbook (.xlsx)” without a password, then send it again.",
    )


def _opened(content: IO[bytes], file: str, limits: Limits) -> Archive:
    try:
        archive = Archive(content, file=file, limits=limits)
    except ConnectorError as reason:
        if reason.code == "zip_damaged":
            raise DamagedWorkbook() from None
        raise
    if archive.member(WORKBOOK) is None:
        raise DamagedWorkbook()
    return archive


class _SheetReader:
    """One sheet being read: its columns, and the block so far."""

    def __init__(self, name: str, file: str, limits: Limits) -> None:
        self.name, self.file, self.limits = name, file, limits
        self.columns: list[str] = []
        self.letters: list[str] = []
        self.block = self._new_block()
        self.size = 0
        self.has_rows = False

    def read(self, archive: Archive) -> SourceItems:
        try:
            workbook = Workbook(archive, self.limits.line_bytes)
            if workbook.others:
                yield self._other_sheets(workbook)
            for row in workbook.rows():
                if not self.columns:
                    self._take_header(row)
                    # The raw lines of its rows are made by `_as_csv`.
                    yield FileHeader(self.name, self.file, tuple(self.columns), ",")
                    continue
                self.has_rows = True
                problem = self._problem_of(row)
                if problem:
                    yield problem
                    continue
                self._add(row)
                if len(self.block) >= BLOCK_ROWS or self.size >= BLOCK_BYTES:
                    yield self.block
                    self.block, self.size = self._new_block(), 0
        except UnusableFile as unusable:
            # Rows may have been yielded already; the file then counts as not read to its end.
            if self.has_rows:
                raise ConnectorError(
                    f"The workbook “{self.file}” is damaged and cannot be read to its end. "
                    "Save it again, then send it again.",
                    code="workbook_damaged",
                    file=self.file,
                ) from None
            yield RowProblem(
                self.name, self.file, None, unusable.code, str(unusable), column=unusable.column, raw=unusable.raw
            )
            return
        if self.block.cells:
            yield self.block
        if not self.columns:
            yield self._remark("file_empty", "The file is empty, so nothing was loaded from it.")
        elif not self.has_rows:
            yield self._remark("file_without_rows", "The file has a header and no rows, so nothing was loaded from it.")

    def _new_block(self) -> Rows:
        return Rows(self.name, self.file, self.columns, letters=self.letters)

    def _take_header(self, row: SheetRow) -> None:
        if row.faults:
            raise UnusableFile("cell_error", f"{self._faults(row)} The header must name the columns.")
        # A column without a name before the last named one is a problem; one after it is not a column.
        width = max(row.cells) + 1
        self.columns = column_names([row.cells.get(place, "") for place in range(width)], row.number)
        self.letters = [letters_of(place) for place in range(len(self.columns))]
        self.block = self._new_block()

    def _add(self, row: SheetRow) -> None:
        raw = _as_csv(row, len(self.columns))
        self.block.cells.append([row.cells.get(place, "") for place in range(len(self.columns))])
        self.block.lines.append(row.number)
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

    def _other_sheets(self, workbook: Workbook) -> RowProblem:
        others = ", ".join(f"“{name}”" for name in workbook.others[:5])
        if len(workbook.others) > 5:
            others += " and others"
        return self._remark(
            "sheets_not_read",
            f"Only the first sheet, “{workbook.sheet}”, was read; {others} not. Send a further sheet as a "
            "workbook of its own, named after its kind of record.",
        )


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
