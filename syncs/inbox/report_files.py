"""Reports as files: CSV, sent while it is written, and XLSX."""

import csv
import io
from collections.abc import Iterable, Iterator
from decimal import Decimal
from tempfile import TemporaryDirectory

import xlsxwriter

from adsplatform.errors import PlatformError
from adsplatform.formula_guard import escape_csv_cell
from syncs.inbox.report_sheets import Sheet, SheetCell, SheetRow
from syncs.rejected_rows.download import CHUNK_BYTES, FORMATS, Download

# A workbook's numbers have no more significant digits; an amount with more is written as a text, so that none is lost.
DIGITS_OF_A_WORKBOOK = 15


def file_of(sheet: Sheet, name: str, format: str) -> Download:
    """The report as `csv` or `xlsx`; raises PlatformError for another format."""
    if format not in FORMATS:
        raise PlatformError(f"Reports come as {' or '.join(FORMATS)}, not as “{format[:20]}”.", field="format")
    chunks = _csv(sheet) if format == "csv" else _xlsx(sheet, name)
    return Download(f"{name}.{format}", FORMATS[format], chunks)


def _csv(sheet: Sheet) -> Iterator[bytes]:
    text = io.StringIO(newline="")
    # The byte order mark by which spreadsheets recognise UTF-8.
    text.write("\ufeff")
    writer = csv.writer(text)
    writer.writerow(map(escape_csv_cell, (sheet.of_rows, *sheet.headings)))
    for row in sheet.rows:
        writer.writerow([escape_csv_cell(row.label), *map(_written, row.cells)])
        if text.tell() > CHUNK_BYTES:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def _written(cell: SheetCell) -> str:
    match cell.value:
        case None:
            return ""
        case Decimal():
            return f"{cell.value:f}"
        case int():
            return str(cell.value)
    return escape_csv_cell(cell.value)


def _xlsx(sheet: Sheet, name: str) -> Iterator[bytes]:
    """A workbook can only be sent once it is complete, so it is written to a temporary file, row by row."""
    with TemporaryDirectory() as folder:
        path = f"{folder}/report.xlsx"
        with xlsxwriter.Workbook(path, {"constant_memory": True, "tmpdir": folder}) as workbook:
            page = workbook.add_worksheet(name[:31])
            page.freeze_panes(1, 1)
            page.set_column(0, 0, 40)
            page.set_column(1, len(sheet.headings), 16)
            bold = workbook.add_format({"bold": True})
            for at, heading in enumerate((sheet.of_rows, *sheet.headings)):
                page.write_string(0, at, heading, bold)
            _write_rows(page, sheet.rows, workbook)
        with open(path, "rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk


def _write_rows(page: xlsxwriter.worksheet.Worksheet, rows: Iterable[SheetRow], workbook: xlsxwriter.Workbook) -> None:
    styles = {
        (is_sum, level): (
            workbook.add_format({"bold": is_sum, "indent": level}),
            workbook.add_format({"bold": is_sum, "num_format": "#,##0.00######"}),
        )
        for is_sum in (False, True)
        for level in range(5)
    }
    for number, row in enumerate(rows, start=1):
        of_label, of_figures = styles[row.is_sum, row.level]
        page.write_string(number, 0, row.label, of_label)
        for at, cell in enumerate(row.cells, start=1):
            if isinstance(cell.value, str):
                page.write_string(number, at, cell.value)
            elif isinstance(cell.value, Decimal) and len(cell.value.as_tuple().digits) > DIGITS_OF_A_WORKBOOK:
                page.write_string(number, at, f"{cell.value:f}")
            elif cell.value is not None:
                page.write_number(number, at, cell.value, of_figures if isinstance(cell.value, Decimal) else None)
