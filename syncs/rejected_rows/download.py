"""Rejected rows as files to correct and upload again: CSV or XLSX, in a ZIP where there is more than one.

A file contains the rows of one entity that have the same columns, so that absent columns do not become empty ones when
the file is uploaded. It is named after its entity; further files of the same entity are in numbered folders.
"""

import csv
import io
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

import xlsxwriter
from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header

from adsplatform.errors import NotFound, PlatformError
from adsplatform.formula_guard import escape_csv_cell, escape_workbook_cell
from adsplatform.rest.reads import limited_read
from syncs.models import SyncRequest, SyncResultDetail
from syncs.rejected_rows.added_columns import ADDED_COLUMNS
from syncs.rejected_rows.reader import RejectedRow, RejectedRowReader

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# Each shape takes another pass over the rejected rows of its entity.
MAX_SHAPES = 50
# The limits of a worksheet: rows below its header, and characters in a cell.
MAX_SHEET_ROWS, MAX_SHEET_CELL = 1_048_575, 32_767
CHUNK_BYTES = 64 * 1024
# An upload does not recognise other delimiters by itself.
DELIMITERS = (";", "\t", "|")


class Shape(NamedTuple):
    """The properties that all rows of one file share."""

    entity: str
    columns: tuple[str, ...]
    delimiter: str


@dataclass(frozen=True, slots=True)
class Download:
    """A file to send: its name, media type, and content in chunks."""

    name: str
    media_type: str
    chunks: Iterable[bytes]


def download_of(sync_request: SyncRequest, wanted: QuerySet[SyncResultDetail], format: str) -> Download:
    """The rejected rows that the `wanted` details are about, as `csv` or `xlsx`.

    Raises NotFound where there is none, and PlatformError where they do not fit into files of that format.
    """
    if format not in FORMATS:
        raise PlatformError(f"Lines come as {' or '.join(FORMATS)}, not as “{format}”.", field="format")
    reader = RejectedRowReader(sync_request)
    with limited_read():
        shapes = Counter(map(shape_of, reader.rows(wanted)))
    if not shapes:
        raise NotFound("There is no rejected line to download.")
    if len(shapes) > MAX_SHAPES:
        raise PlatformError(
            f"These lines have {len(shapes):,} different sets of columns, and every set needs a file of its own; "
            f"at most {MAX_SHAPES} can be made at once. Narrow the problems first."
        )
    if format == "xlsx" and max(shapes.values()) > MAX_SHEET_ROWS:
        raise PlatformError(f"A workbook holds at most {MAX_SHEET_ROWS:,} lines. Download them as CSV.", field="format")
    files: list[tuple[str, Iterator[bytes]]] = []
    numbers: Counter[str] = Counter()
    for shape in shapes:
        numbers[shape.entity] += 1
        folder = f"{numbers[shape.entity]}/" if numbers[shape.entity] > 1 else ""
        rows = _rows_of_shape(shape, reader, wanted)
        content = _csv(shape, rows) if format == "csv" else _xlsx(shape, rows)
        files.append((f"{folder}{shape.entity}.{format}", content))
    if len(files) == 1:
        return Download(files[0][0], FORMATS[format], files[0][1])
    return Download("rejected-lines.zip", "application/zip", _zip(files))


def streaming_response(download: Download) -> StreamingHttpResponse:
    """The download as a response that is sent while it is being made."""
    response = StreamingHttpResponse(download.chunks, content_type=download.media_type)
    response["Content-Disposition"] = content_disposition_header(True, download.name)
    return response


def shape_of(row: RejectedRow) -> Shape:
    """The shape of the file that the row belongs to."""
    return Shape(row.entity, row.columns, row.delimiter if row.delimiter in DELIMITERS else ",")


def _rows_of_shape(
    shape: Shape, reader: RejectedRowReader, wanted: QuerySet[SyncResultDetail]
) -> Iterator[RejectedRow]:
    for row in reader.rows(wanted.filter(entity=shape.entity)):
        if shape_of(row) == shape:
            yield row


def _cells(row: RejectedRow) -> list[str]:
    """The row's own cells, then those of the added columns."""
    columns, codes, messages = (list(dict.fromkeys(filter(None, part))) for part in zip(*row.problems, strict=True))
    if row.cells is None:
        messages.append(f"The line as it was sent: {row.raw}")
    own = row.cells or [""] * len(row.columns)
    return [*own, row.file, str(row.line), "; ".join(columns), "; ".join(codes), " ".join(messages)]


def _csv(shape: Shape, rows: Iterable[RejectedRow]) -> Iterator[bytes]:
    text = io.StringIO(newline="")
    # The byte order mark by which spreadsheets recognise UTF-8.
    text.write("\ufeff")
    writer = csv.writer(text, delimiter=shape.delimiter)
    writer.writerow(map(escape_csv_cell, (*shape.columns, *ADDED_COLUMNS)))
    for row in rows:
        writer.writerow(map(escape_csv_cell, _cells(row)))
        if text.tell() > CHUNK_BYTES:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def _xlsx(shape: Shape, rows: Iterable[RejectedRow]) -> Iterator[bytes]:
    """A workbook can only be sent once it is complete, so it is written to a temporary file, row by row."""
    with TemporaryDirectory() as folder:
        path = f"{folder}/lines.xlsx"
        with xlsxwriter.Workbook(path, {"constant_memory": True, "tmpdir": folder}) as workbook:
            sheet = workbook.add_worksheet(shape.entity[:31])
            sheet.freeze_panes(1, 0)
            bold = workbook.add_format({"bold": True})
            for at, name in enumerate((*shape.columns, *ADDED_COLUMNS)):
                sheet.write_string(0, at, escape_workbook_cell(name)[:MAX_SHEET_CELL], bold)
            for number, row in enumerate(rows, start=1):
                for at, cell in enumerate(_cells(row)):
                    if cell:
                        sheet.write_string(number, at, escape_workbook_cell(cell)[:MAX_SHEET_CELL])
        with open(path, "rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk


def _zip(files: list[tuple[str, Iterator[bytes]]]) -> Iterator[bytes]:
    written = _WrittenBytes()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            with archive.open(name, "w", force_zip64=True) as member:
                for chunk in content:
                    member.write(chunk)
                    yield written.take()
    yield written.take()


class _WrittenBytes(io.RawIOBase):
    """A file to write to, from which the content written so far can be taken."""

    def __init__(self) -> None:
        self._data = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: "ReadableBuffer") -> int:
        self._data += data
        return memoryview(data).nbytes

    def take(self) -> bytes:
        """The content written since the last call."""
        taken, self._data = bytes(self._data), bytearray()
        return taken
