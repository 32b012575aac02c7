"""Tables as files for a spreadsheet, CSV or XLSX, written while they are read.

Amounts are exact: a number that a spreadsheet could not hold with all its digits is a text there.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import chain
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import xlsxwriter

from adsplatform.errors import PlatformError
from adsplatform.formula_guard import escape_csv_cell, escape_workbook_cell
from syncs.rejected_rows.download import CHUNK_BYTES, FORMATS, MAX_SHEET_CELL, MAX_SHEET_ROWS, Download

Value = str | int | bool | float | Decimal | date | datetime | UUID | None

# A workbook's numbers are floats: more digits would be rounded.
MOST_DIGITS = 15
NUMBER, DAY, MOMENT = "#,##0.00######", "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"


def table_file(name: str, header: Sequence[str], rows: Iterable[Sequence[Value]], format: str, count: int) -> Download:
    """The table as a file called `name`; raises PlatformError for an unknown format, or too many rows for it."""
    if format not in FORMATS:
        raise PlatformError(f"A list comes as {' or '.join(FORMATS)}, not as “{format}”.", field="format")
    if format == "xlsx" and count > MAX_SHEET_ROWS:
        raise PlatformError(
            f"A workbook holds at most {MAX_SHEET_ROWS:,} rows, and these are {count:,}. Narrow the list, or take CSV.",
            field="format",
        )
    if format == "csv":
        chunks = csv_chunks(chain([header], (map(_csv_cell, row) for row in rows)))
    else:
        chunks = workbook_chunks(lambda workbook: _fill(workbook, header, rows))
    return Download(f"{name}.{format}", FORMATS[format], chunks)


def csv_chunks(rows: Iterable[Iterable[str]]) -> Iterator[bytes]:
    """Rows of finished cells as CSV, in parts that can be sent while the rows are read."""
    text = io.StringIO(newline="")
    # The byte order mark by which spreadsheets recognise UTF-8.
    text.write("\ufeff")
    writer = csv.writer(text)
    for row in rows:
        writer.writerow(row)
        if text.tell() > CHUNK_BYTES:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def _csv_cell(value: Value) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case Decimal():
            return plain(value)
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        case date():
            return value.isoformat()
    return escape_csv_cell(str(value))


def plain(number: Decimal) -> str:
    """All digits of a number, without the zeros at its end and without an exponent."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def workbook_chunks(fill: Callable[[Any], None]) -> Iterator[bytes]:
    """The workbook that `fill` writes, row by row.

    It can only be sent once it is complete, so it is written to a temporary file.
    """
    with TemporaryDirectory() as folder:
        path = f"{folder}/table.xlsx"
        options = {"constant_memory": True, "tmpdir": folder, "remove_timezone": True}
        with xlsxwriter.Workbook(path, options) as workbook:
            fill(workbook)
        with open(path, "rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk


def _fill(workbook: Any, header: Sequence[str], rows: Iterable[Sequence[Value]]) -> None:
    sheet = workbook.add_worksheet()
    sheet.freeze_panes(1, 1)
    bold = workbook.add_format({"bold": True})
    for at, title in enumerate(header):
        sheet.set_column(at, at, max(12, len(title) + 2))
        sheet.write_string(0, at, title, bold)
    write = _cell_writer(workbook, sheet)
    for number, row in enumerate(rows, start=1):
        for at, value in enumerate(row):
            write(number, at, value)


def _cell_writer(workbook: Any, sheet: Any) -> Callable[[int, int, Value], None]:
    styles = {style: workbook.add_format({"num_format": style}) for style in (NUMBER, DAY, MOMENT)}

    def write(row: int, at: int, value: Value) -> None:
        match value:
            case None | "":
                return
            case bool():
                sheet.write_boolean(row, at, value)
            case Decimal() if len(plain(value).strip("-0").replace(".", "")) <= MOST_DIGITS:
                # As it is: of a float, 16 digits are written, 9267.78 as 9267.780000000001.
                sheet.write_number(row, at, Decimal(plain(value)), styles[NUMBER])
            case Decimal():
                sheet.write_string(row, at, plain(value))
            case int() | float() if abs(value) < 10**MOST_DIGITS:
                sheet.write_number(row, at, Decimal(repr(value)))
            case datetime():
                sheet.write_datetime(row, at, value.astimezone(UTC), styles[MOMENT])
            case date() if value.year >= 1900:
                sheet.write_datetime(row, at, value, styles[DAY])
            case _:
                sheet.write_string(row, at, escape_workbook_cell(str(value))[:MAX_SHEET_CELL])

    return write
