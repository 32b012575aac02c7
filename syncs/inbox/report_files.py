"""Reports as files: CSV, sent while it is written, and XLSX."""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal

import xlsxwriter

from adsplatform.errors import PlatformError
from adsplatform.formula_guard import escape_csv_cell
from syncs.inbox.report_sheets import Sheet, SheetCell, SheetRow
from syncs.presentation.table_files import MOST_DIGITS, csv_chunks, workbook_chunks
from syncs.rejected_rows.download import FORMATS, Download


def file_of(sheet: Sheet, name: str, format: str) -> Download:
    """The report as `csv` or `xlsx`; raises PlatformError for another format."""
    if format not in FORMATS:
        raise PlatformError(f"Reports come as {' or '.join(FORMATS)}, not as “{format[:20]}”.", field="format")
    chunks = csv_chunks(_texts(sheet)) if format == "csv" else workbook_chunks(lambda book: _fill(book, sheet, name))
    return Download(f"{name}.{format}", FORMATS[format], chunks)


def _texts(sheet: Sheet) -> Iterator[list[str]]:
    yield [escape_csv_cell(heading) for heading in (sheet.of_rows, *sheet.headings)]
    for row in sheet.rows:
        yield [escape_csv_cell(row.label), *map(_written, row.cells)]


def _written(cell: SheetCell) -> str:
    match cell.value:
        case None:
            return ""
        case Decimal():
            return f"{cell.value:f}"
        case int() | date():
            return str(cell.value)
    return escape_csv_cell(cell.value)


def _fill(workbook: xlsxwriter.Workbook, sheet: Sheet, name: str) -> None:
    page = workbook.add_worksheet(name[:31])
    page.freeze_panes(1, 1)
    page.set_column(0, 0, 40)
    page.set_column(1, len(sheet.headings), 16)
    bold = workbook.add_format({"bold": True})
    for at, heading in enumerate((sheet.of_rows, *sheet.headings)):
        page.write_string(0, at, heading, bold)
    _write_rows(page, sheet.rows, workbook)


def _write_rows(page: xlsxwriter.worksheet.Worksheet, rows: Iterable[SheetRow], workbook: xlsxwriter.Workbook) -> None:
    styles = {
        (is_sum, level): (
            workbook.add_format({"bold": is_sum, "indent": level}),
            workbook.add_format({"bold": is_sum, "num_format": "#,##0.00######"}),
        )
        for is_sum in (False, True)
        for level in range(5)
    }
    days = workbook.add_format({"num_format": "yyyy-mm-dd"})
    for number, row in enumerate(rows, start=1):
        of_label, of_figures = styles[row.is_sum, row.level]
        page.write_string(number, 0, row.label, of_label)
        for at, cell in enumerate(row.cells, start=1):
            if isinstance(cell.value, str):
                page.write_string(number, at, cell.value)
            elif isinstance(cell.value, date):
                page.write_datetime(number, at, cell.value, days)
            elif isinstance(cell.value, Decimal) and len(cell.value.as_tuple().digits) > MOST_DIGITS:
                page.write_string(number, at, f"{cell.value:f}")
            elif cell.value is not None:
                page.write_number(number, at, cell.value, of_figures if isinstance(cell.value, Decimal) else None)
