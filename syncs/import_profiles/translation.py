"""Turns the rows of files that are read by a profile into rows of our kinds and columns.

It stands between a connector and staging: what the connector yields passes through, and the rows of a file that was
recognised by a layout come out as records. A cell that contradicts the profile ends the reading.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from adsplatform.records.specification import entity_named
from syncs.connectors.protocol import (
    AllKeys,
    Bookmark,
    Cell,
    Columns,
    Deleted,
    FileHeader,
    RowProblem,
    Rows,
    SourceItem,
    SourceItems,
)
from syncs.import_profiles.field_values import NamesFinder
from syncs.import_profiles.held_blocks import HeldBlocks
from syncs.import_profiles.interleaved_files import InterleavedFiles
from syncs.import_profiles.profile import ColumnSource, FirstSource, ImportProfile, Source
from syncs.import_profiles.profiled_file import ProfiledFile


class CompanyNames(NamesFinder, Protocol):
    """Finds companies by their names, also among those that this input brings."""

    def note(self, block: Rows | Columns) -> None:
        """Take in rows of companies of this input."""


class Translator:
    """Translates what a connector yields."""

    def __init__(
        self,
        profiles: Mapping[str, ImportProfile],
        companies: CompanyNames | None = None,
        *,
        has_more_companies: bool = False,
        unescape: Callable[[str], str] = str,
    ) -> None:
        """`profiles` by the identifier that layouts have. `unescape` undoes the escapes of a download's cells.

        `has_more_companies` says that companies may come after rows that name them, so that these rows have to wait.
        """
        self.profiles, self.companies, self.has_more_companies = profiles, companies, has_more_companies
        self.unescape = unescape
        self._file: ProfiledFile | None = None
        self._interleaved = InterleavedFiles()
        # What is yielded at the end of the input, and the kinds of record in it: later rows of these kinds wait too,
        # because of two rows with one key the last one counts.
        self._waiting: list[ProfiledFile | HeldBlocks] = []
        self._waiting_kinds: set[str] = set()

    def items(self, items: Iterable[SourceItem]) -> SourceItems:
        """What the connector yields, with the rows of profiled files as our records."""
        for item in items:
            for translated in self._translate(item):
                self._note_companies(translated)
                yield translated
        yield from self._finish_file()
        for profiled in self._interleaved.profiled:
            yield from self._finish(profiled)
        for file in self._waiting:
            yield from file.finish()
        yield from self._interleaved.complete_kinds()

    def _translate(self, item: SourceItem) -> SourceItems:
        if isinstance(item, FileHeader):
            yield from self._begin(item)
        elif isinstance(item, AllKeys) and self._interleaved.is_complete(item):
            pass
        elif isinstance(item, Bookmark | Deleted | AllKeys) or (file := self._file_called(item.file)) is None:
            if not self._holds_back(item):
                yield item
        elif isinstance(item, RowProblem):
            file.check_unread_line(item)
            item.name, *also = file.kinds
            if item.kind == "error":
                item.also = tuple(also)
            yield item
        else:
            yield from file.take(self._unescaped(item) if file.is_escaped else item)

    def _begin(self, header: FileHeader) -> SourceItems:
        yield from self._finish_file()
        file = None
        if header.layout is None:
            yield header
        else:
            file = ProfiledFile(self.profiles[header.layout.profile], header, self.companies, self._waits)
            yield from file.headers()
        if not header.is_interleaved:
            self._file = file
        elif earlier := self._interleaved.begin(header, file):
            # From here on, the same file has other columns.
            yield from self._finish(earlier)

    def _file_called(self, name: str) -> ProfiledFile | None:
        """The file of that name whose rows are to be translated."""
        if self._file is not None and self._file.header.file == name:
            return self._file
        return self._interleaved.called(name)

    def _holds_back(self, item: SourceItem) -> bool:
        """Hold back rows that would overtake earlier ones of their kind, which wait; whether these are such rows."""
        entity = entity_named(item.name) if isinstance(item, Rows | Columns) and self._waiting else None
        if entity is None or entity.name not in self._waiting_kinds or not isinstance(item, Rows | Columns):
            return False
        held = self._waiting[-1]
        if not isinstance(held, HeldBlocks):
            held = HeldBlocks()
            self._waiting.append(held)
        held.add(item)
        self._note_companies(item)
        return True

    def _unescaped(self, block: Rows | Columns) -> Rows:
        """The rows of a download, or of a list, as they were before they were escaped."""
        columns = block.cells if isinstance(block, Columns) else zip(*block.cells, strict=True)
        cells = [[self.unescape(cell) if isinstance(cell, str) else cell for cell in column] for column in columns]
        rows: list[Sequence[Cell]] = list(zip(*cells, strict=True))
        return Rows(
            block.name, block.file, block.columns, rows, list(block.lines), list(block.raw), letters=block.letters
        )

    def _waits(self, profile: ImportProfile) -> bool:
        """Whether the rows of a file wait: for companies that may still come, or because earlier rows do."""
        if not self._waiting_kinds.isdisjoint(profile.kinds):
            return True
        names_any = any(refers_by_name(source) for rule in profile.records for source in rule.fields.values())
        return names_any and (self.has_more_companies or "Company" in profile.kinds)

    def _finish_file(self) -> SourceItems:
        file, self._file = self._file, None
        if file is None:
            return
        yield from self._finish(file)

    def _finish(self, file: ProfiledFile) -> SourceItems:
        yield from file.remarks()
        if file.waits:
            self._waiting.append(file)
            self._waiting_kinds.update(file.kinds)
        else:
            yield from file.finish()

    def _note_companies(self, item: SourceItem) -> None:
        if self.companies and isinstance(item, Rows | Columns):
            entity = entity_named(item.name)
            if entity and entity.name == "Company":
                self.companies.note(item)


def refers_by_name(source: Source) -> bool:
    """Whether a source names a company otherwise than by its key."""
    if isinstance(source, FirstSource):
        return any(map(refers_by_name, source.first))
    return isinstance(source, ColumnSource) and bool(source.by)
