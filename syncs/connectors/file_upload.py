"""Uploaded files: a ZIP of CSV, JSONL and XLSX files, or one such file."""

import zipfile
from typing import Protocol
from uuid import UUID

from syncs.connectors import register
from syncs.connectors.formats.corrected_lines import read_corrected_lines
from syncs.connectors.formats.csv_layout import PeekedStream, read_csv_by_layout
from syncs.connectors.formats.csv_reader import read_csv
from syncs.connectors.formats.file_kinds import kind_of
from syncs.connectors.formats.jsonl_reader import read_json_lines
from syncs.connectors.formats.layouts import recognise_text
from syncs.connectors.formats.source_file import SourceFile
from syncs.connectors.formats.xlsx_package import is_workbook
from syncs.connectors.formats.xlsx_reader import (
    OLD_OR_LOCKED,
    old_or_locked,
    read_packed_workbook,
    read_workbook,
    rest_of,
)
from syncs.connectors.formats.zip_archive import Archive, Entry, stem_and_extension
from syncs.connectors.protocol import (
    ApplicationEntry,
    ByteStream,
    Connector,
    ConnectorError,
    RowProblem,
    Source,
    SourceItems,
)


class Reader(Protocol):
    """Reads a file of one format."""

    def __call__(self, content: ByteStream, file: SourceFile) -> SourceItems: ...


WORKBOOKS = {"xlsx", "xlsm"}
OTHER_SHEETS = {"xls", "xlsb", "ods", "numbers"}
# What may be wrong with all files of a ZIP at once, by the code of the problem.
COMMON_CAUSES = {
    "encrypted": (
        "locked with a password, so nothing was loaded{}. Make the ZIP without a password, then send it again."
    ),
    "unknown_compression": (
        "compressed in an unusual way, so nothing was loaded{}. Make the ZIP with the ordinary method (Deflate), then "
        "send it again."
    ),
}
# How much of a file is read to see what it seems to be.
SNIFFED_BYTES = 1_000
ARCHIVES = {"zip", "gz", "tgz", "tar", "7z", "rar", "bz2", "xz"}


@register
class FileUpload(Connector):
    """Reads the files of an upload."""

    application = ApplicationEntry(
        app_id=UUID("6d0f7a52-3c0e-4d6b-9a53-1f1d6a4be001"),
        connector="file-upload",
        name="File Upload",
        description="Load CSV, JSONL or Excel (XLSX) files, alone or together in a ZIP.",
        app_type="Upload",
        group="Files",
    )
    reads_files = True

    def rows(self, source: Source) -> SourceItems:
        if source.format == "zip":
            yield from _zip_rows(source)
        elif source.format == "mended":
            yield from read_corrected_lines(source.upload, source.layouts)
        else:
            stem, _ = stem_and_extension(source.file_name)
            yield from READERS[source.format](source.upload, SourceFile.of(source, stem, source.file_name))


def format_of(file_name: str, start: bytes) -> str:
    """The `format` of a source: ZIP by the first bytes, others by the end of the name.

    Anything else will fail as an unreadable ZIP.
    """
    ending = file_name.lower().rpartition(".")[2]
    if start.startswith(b"PK"):
        return "zip"
    if ending in ("jsonl", "ndjson", "json"):
        return "jsonl"
    if ending in ("csv", "txt", "tsv"):
        return "csv"
    return "zip"


def _read_text(content: ByteStream, file: SourceFile) -> SourceItems:
    """The rows of a CSV file, read by a layout if it is recognised by one."""
    if file.layouts:
        content = PeekedStream(content)
        if recognised := recognise_text(content.head, file):
            yield from read_csv_by_layout(content, recognised, file)
            return
    yield from read_csv(content, file)


READERS: dict[str, Reader] = {
    "csv": _read_text,
    "txt": _read_text,
    "tsv": _read_text,
    "jsonl": read_json_lines,
    "ndjson": read_json_lines,
    "json": read_json_lines,
    "xlsx": read_packed_workbook,
    "xlsm": read_packed_workbook,
}


def _zip_rows(source: Source) -> SourceItems:
    """The rows of a ZIP, or of a workbook, which is a ZIP too."""
    content = source.upload
    if content.read(len(OLD_OR_LOCKED)) == OLD_OR_LOCKED:
        reason = old_or_locked()
        raise ConnectorError(str(reason), code=reason.code, file=source.file_name)
    content.seek(0)
    stem, extension = stem_and_extension(source.file_name)
    file = SourceFile.of(source, stem, source.file_name)
    if extension in WORKBOOKS:
        yield from read_packed_workbook(content, file)
        return
    is_zip = extension == "zip" or zipfile.is_zipfile(content)
    content.seek(0)
    # Without an ending, only a damaged ZIP begins like one.
    is_zip = is_zip or (not extension and content.read(2) == b"PK")
    content.seek(0)
    if extension in OTHER_SHEETS or not is_zip:
        what = _what_else(stem, extension, kind_of(content.read(SNIFFED_BYTES).decode(errors="replace")), alone=True)
        raise ConnectorError(
            f"The file “{file.name}” {what}, then send it again.", code="unknown_format", file=file.name
        )
    archive = Archive(content, file=file.name, limits=source.limits)
    if is_workbook(archive):
        yield from read_workbook(archive, file)
        return
    if archive.has_unlisted_content():
        yield RowProblem(
            stem,
            file.name,
            None,
            "zip_unlisted",
            f"The file “{file.name}” holds something that its list of files does not name, such as another ZIP "
            "in front of it; nothing was loaded from that. Make the ZIP again, with all files in it.",
        )
    entries = archive.entries()
    problems = [_unreadable(entry) for entry in entries]
    if all(problems):
        yield from _nothing_readable(file.name, [problem for problem in problems if problem])
    for entry, problem in zip(entries, problems, strict=True):
        if problem:
            yield problem
            continue
        with archive.open(entry) as unpacked:
            rest = rest_of(source.limits, archive.unpacked)
            yield from READERS[entry.extension](unpacked, SourceFile.of(source, entry.stem, entry.name, rest))


def _nothing_readable(file: str, problems: list[RowProblem]) -> SourceItems:
    """Raise the error of a ZIP without a file that can be read; a cause that all files share is told once."""
    codes = {problem.code for problem in problems}
    if len(codes) == 1 and (cause := COMMON_CAUSES.get(*codes)):
        these = f"All {len(problems):,} files in “{file}” are" if len(problems) > 1 else f"The only file in “{file}” is"
        raise ConnectorError(f"{these} {cause.format('')}", code=codes.pop(), file=file)
    yield from problems
    raise ConnectorError(
        f"The file “{file}” holds no CSV, JSONL or XLSX file that can be read. Put at least one into it, then send it "
        "again.",
        code="zip_without_files",
        file=file,
    )


def _what_else(stem: str, extension: str, seems: str = "", *, alone: bool = False) -> str:
    """A sentence that says what a file of another kind is, and what to do with it; `seems` is what it looks like."""
    if extension in OTHER_SHEETS:
        return "is a workbook of another kind than XLSX, so nothing was loaded from it. Save it as “Excel workbook”"
    if extension in ARCHIVES and alone:
        return "is packed in another way than ZIP, so nothing was loaded from it. Pack what it holds as ZIP"
    if extension in ARCHIVES:
        return "is packed once more, so nothing was loaded from it. Put what it holds straight into the ZIP"
    if not extension and not stem.startswith(".") and seems in ("", "JSON"):
        format, ending = ("JSON lines", "jsonl") if seems else ("CSV", "csv")
        return (
            "has no ending that says what kind of file it is, so nothing was loaded from it. If it is "
            f"{format}, name it {stem}.{ending}"
        )
    return "is neither CSV, JSONL nor XLSX, so nothing was loaded from it. Save it as “CSV UTF-8”"


def _unreadable(entry: Entry) -> RowProblem | None:
    """Why an entry cannot be read; None if it can."""
    if entry.extension not in READERS:
        code, reason = "unknown_format", f"{_what_else(entry.stem, entry.extension)}, then send it again."
    elif entry.is_encrypted:
        code = "encrypted"
        reason = f"is {COMMON_CAUSES[code].format(' from it')}"
    elif entry.is_unknown_compression:
        code = "unknown_compression"
        reason = f"is {COMMON_CAUSES[code].format(' from it')}"
    else:
        return None
    return RowProblem(entry.stem, entry.name, None, code, f"The file “{entry.name}” {reason}")
