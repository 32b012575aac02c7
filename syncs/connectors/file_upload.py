"""Uploaded files: a ZIP of CSV and JSONL files, or one such file."""

from collections.abc import Iterator
from uuid import UUID

from syncs.connectors import register
from syncs.connectors.archives import Archive, Entry, stem_and_extension
from syncs.connectors.csv_lines import read_csv
from syncs.connectors.json_lines import read_json_lines
from syncs.rows import ApplicationEntry, ConnectorError, RowProblem, Rows, Source

READERS = {
    "csv": read_csv,
    "txt": read_csv,
    "tsv": read_csv,
    "jsonl": read_json_lines,
    "ndjson": read_json_lines,
    "json": read_json_lines,
}
ARCHIVES = {"zip", "gz", "tgz", "tar", "7z", "rar", "bz2", "xz"}


@register
class FileUpload:
    """Reads the files of an upload, line by line."""

    application = ApplicationEntry(
        app_id=UUID("6d0f7a52-3c0e-4d6b-9a53-1f1d6a4be001"),
        connector="file-upload",
        name="File Upload",
        description="Load CSV or JSONL files, alone or together in a ZIP.",
        app_type="Upload",
    )

    def check(self, credentials):
        """There is nothing to reach: the files come with the request."""

    def rows(self, source: Source) -> Iterator[Rows | RowProblem]:
        if source.format == "zip":
            yield from _zip_rows(source)
        else:
            name, _ = stem_and_extension(source.file_name)
            yield from READERS[source.format](
                source.content, name=name, file=source.file_name, limits=source.limits, uncut=source.uncut
            )


def _zip_rows(source: Source) -> Iterator[Rows | RowProblem]:
    archive = Archive(source.content, file=source.file_name, limits=source.limits)
    readable = 0
    for entry in archive.entries():
        problem = _unreadable(entry)
        if problem:
            yield problem
            continue
        readable += 1
        with archive.open(entry) as content:
            yield from READERS[entry.extension](
                content, name=entry.stem, file=entry.name, limits=source.limits, uncut=source.uncut
            )
    if not readable:
        raise ConnectorError(
            f"The file “{source.file_name}” holds no CSV or JSONL file that can be read. "
            "Put at least one into it, then send it again.",
            code="zip_without_files",
            file=source.file_name,
        )


def _unreadable(entry: Entry) -> RowProblem | None:
    """Why an entry cannot be read, if so; the others are."""
    if entry.extension not in READERS:
        what = "is neither CSV nor JSONL, so nothing was loaded from it. Save it as “CSV UTF-8”"
        if entry.extension in ARCHIVES:
            what = "is packed once more, so nothing was loaded from it. Put what it holds straight into the ZIP"
        return RowProblem(
            entry.stem,
            entry.name,
            None,
            "unknown_format",
            f"The file “{entry.name}” {what}, then send it again.",
        )
    if entry.is_encrypted:
        return RowProblem(
            entry.stem,
            entry.name,
            None,
            "encrypted",
            f"The file “{entry.name}” is locked with a password, so nothing was loaded from it. "
            "Make the ZIP without a password, then send it again.",
        )
    if entry.is_unknown_compression:
        return RowProblem(
            entry.stem,
            entry.name,
            None,
            "unknown_compression",
            f"The file “{entry.name}” is compressed in an unusual way, so nothing was loaded from it. "
            "Make the ZIP with the ordinary method (Deflate), then send it again.",
        )
    return None
