"""Rejected lines as files to correct and upload again: CSV or XLSX, in a ZIP where there is more than one.

A file holds the lines of one kind that have the same columns, so that on its way back nothing that was absent
becomes empty. It is named after its kind, a further one of that kind the same in a folder of its own.
"""

import csv
import io
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import NamedTuple

import xlsxwriter
from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header

from adsplatform.errors import NotFound, PlatformError
from syncs.models import SyncRequest
from syncs.rejected_rows.formula_guard import MARKS, guarded, guarded_text
from syncs.rejected_rows.reader import Reader, RejectedLine

FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# Each shape is one more pass over the lines of its kind.
MOST_SHAPES = 50
SHEET_LINES, SHEET_CELL = 1_048_575, 32_767
CHUNK = 64 * 1024


class Shape(NamedTuple):
    """What the lines of one file have in common."""

    entity: str
    columns: tuple[str, ...]
    delimiter: str


@dataclass(frozen=True, slots=True)
class Download:
    """A file to send: its name, media type, and content in pieces."""

    name: str
    media_type: str
    chunks: Iterable[bytes]


def download_of(sync_request: SyncRequest, wanted, format: str) -> Download:
    """The lines that the `wanted` details are about; raises PlatformError where they fit no such file."""
    if format not in FORMATS:
        raise PlatformError(f"Lines come as {' or '.join(FORMATS)}, not as “{format}”.", field="format")
    reader = Reader(sync_request)
    shapes = Counter(map(shape_of, reader.lines(wanted)))
    if not shapes:
        raise NotFound("There is no rejected line to download.")
    if len(shapes) > MOST_SHAPES:
        raise PlatformError(
            f"These lines have {len(shapes):,} different sets of columns, and every set needs a file of its own; "
            f"at most {MOST_SHAPES} can be made at once. Narrow the problems first."
        )
    if format == "xlsx" and max(shapes.values()) > SHEET_LINES:
        raise PlatformError(f"A workbook holds at most {SHEET_LINES:,} lines. Download them as CSV.", field="format")
    files, numbers = [], Counter()
    for shape in shapes:
        numbers[shape.entity] += 1
        folder = f"{numbers[shape.entity]}/" if numbers[shape.entity] > 1 else ""
        lines = _lines_of(shape, reader, wanted)
        content = _csv(shape, lines) if format == "csv" else _xlsx(shape, lines)
        files.append((f"{folder}{shape.entity}.{format}", content))
    if len(files) == 1:
        return Download(files[0][0], FORMATS[format], files[0][1])
    return Download("rejected-lines.zip", "application/zip", _zip(files))


def sent(download: Download) -> StreamingHttpResponse:
    """The download as an answer that is sent while it is being made."""
    answer = StreamingHttpResponse(download.chunks, content_type=download.media_type)
    answer["Content-Disposition"] = content_disposition_header(True, download.name)
    return answer


def shape_of(line: RejectedLine) -> Shape:
    # Whatever separated the cells, an upload has to find it out by itself.
    return Shape(line.entity, line.columns, line.delimiter if line.delimiter in (";", "\t", "|") else ",")


def _lines_of(shape: Shape, reader: Reader, wanted) -> Iterator[RejectedLine]:
    for line in reader.lines(wanted.filter(entity=shape.entity)):
        if shape_of(line) == shape:
            yield line


def _cells(line: RejectedLine) -> list[str]:
    columns, codes, messages = (list(dict.fromkeys(filter(None, part))) for part in zip(*line.problems, strict=True))
    if line.cells is None:
        messages.append(f"The line as it was sent: {line.raw}")
    own = line.cells or [""] * len(line.columns)
    return [*own, line.file, str(line.line), "; ".join(columns), "; ".join(codes), " ".join(messages)]


def _csv(shape: Shape, lines: Iterable[RejectedLine]) -> Iterator[bytes]:
    text = io.StringIO(newline="")
    # The mark by which spreadsheets know that it is UTF-8.
    text.write("\ufeff")
    writer = csv.writer(text, delimiter=shape.delimiter)
    writer.writerow(map(guarded, (*shape.columns, *MARKS)))
    for line in lines:
        writer.writerow(map(guarded, _cells(line)))
        if text.tell() > CHUNK:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def _xlsx(shape: Shape, lines: Iterable[RejectedLine]) -> Iterator[bytes]:
    """A workbook can only be sent once it is whole, so it is made on disk, a row at a time."""
    with TemporaryDirectory() as folder:
        path = f"{folder}/lines.xlsx"
        with xlsxwriter.Workbook(path, {"constant_memory": True, "tmpdir": folder}) as workbook:
            sheet = workbook.add_worksheet(shape.entity[:31])
            sheet.freeze_panes(1, 0)
            bold = workbook.add_format({"bold": True})
            for at, name in enumerate((*shape.columns, *MARKS)):
                sheet.write_string(0, at, guarded_text(name)[:SHEET_CELL], bold)
            for row, line in enumerate(lines, start=1):
                for at, cell in enumerate(_cells(line)):
                    if cell:
                        sheet.write_string(row, at, guarded_text(cell)[:SHEET_CELL])
        with open(path, "rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk


def _zip(files: list[tuple[str, Iterator[bytes]]]) -> Iterator[bytes]:
    outlet = _Outlet()
    with zipfile.ZipFile(outlet, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            with archive.open(name, "w", force_zip64=True) as member:
                for chunk in content:
                    member.write(chunk)
                    yield outlet.taken()
    yield outlet.taken()


class _Outlet(io.RawIOBase):
    """Where a ZIP is written to: hands on what it has got."""

    def __init__(self):
        self.held = bytearray()

    def writable(self):
        return True

    def write(self, data):
        self.held += data
        return len(data)

    def taken(self) -> bytes:
        taken, self.held = bytes(self.held), bytearray()
        return taken
