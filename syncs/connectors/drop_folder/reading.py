"""Reads a file of a drop folder as an upload is read."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import IO

from syncs.connectors.drop_folder.remote import FileChanged, RemoteFile, RemoteFolder
from syncs.connectors.file_upload import SNIFFED_BYTES, FileUpload, format_of
from syncs.connectors.formats.zip_archive import stem_and_extension
from syncs.connectors.protocol import Columns, ConnectorError, FileHeader, RowProblem, Rows, Source, SourceItem


@dataclass(slots=True)
class Reading:
    """The reading of one file; afterwards it is known how that went."""

    folder: RemoteFolder
    file: RemoteFile
    # Gone, or changed while it was read: it was not read at all.
    is_missed: bool = False
    has_rows: bool = False
    has_errors: bool = False

    @property
    def is_unread(self) -> bool:
        """Whether nothing could be read from it."""
        return self.has_errors and not self.has_rows

    def items(self, source: Source) -> Iterator[SourceItem]:
        """What is in the file, under the file's own name; all of it is brought here before anything is read."""
        if self.file.size > source.limits.unpacked_bytes:
            yield self._problem(
                "file_too_large",
                f"“{self.file.name}” has {self.file.size:,} bytes, more than the {source.limits.unpacked_bytes:,} that "
                "are read of one file, so nothing was loaded from it. Split it into several.",
            )
            return
        with tempfile.TemporaryFile() as content:
            try:
                self.folder.fetch(self.file, content)
            except FileChanged:
                self.is_missed = True
                yield waiting(self.file, "changed while it was read, or is gone", source)
                return
            yield from map(self._as_ours, self._read(content, source))

    def _read(self, content: IO[bytes], source: Source) -> Iterator[SourceItem]:
        content.seek(0)
        start = content.read(SNIFFED_BYTES)
        content.seek(0)
        format = format_of(self.file.name, start)
        upload = replace(source, content=content, file_name=self.file.name, format=format)
        try:
            yield from FileUpload().rows(upload)
        except ConnectorError as error:
            # The other files can be read all the same.
            yield self._problem(error.code, str(error))

    def _as_ours(self, item: SourceItem) -> SourceItem:
        """The item; if it is of a file in a ZIP, with the name of the ZIP before its own."""
        match item:
            case Rows() | Columns():
                self.has_rows = self.has_rows or bool(len(item))
                item.file = self._name_of(item.file)
            case RowProblem():
                self.has_errors = self.has_errors or item.kind == "error"
                item.file = self._name_of(item.file)
            case FileHeader():
                return replace(item, file=self._name_of(item.file))
        return item

    def _name_of(self, file: str) -> str:
        return file if file.startswith(self.file.name) else f"{self.file.name}/{file}"

    def _problem(self, code: str, message: str) -> RowProblem:
        self.has_errors = True
        return RowProblem(stem_and_extension(self.file.name)[0], self.file.name, None, code, message)


def waiting(file: RemoteFile, why: str, source: Source) -> RowProblem:
    """The remark about a file that is not read yet."""
    name, _ = stem_and_extension(file.name)
    return RowProblem(
        name,
        file.name,
        None,
        "file_waits",
        f"“{file.name}” {why}, so nothing was loaded from it yet. The next sync looks again.",
        kind="warning",
        leaves_unread=source.full,
    )
