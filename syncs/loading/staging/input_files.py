"""The files of an input: which kind of record each holds, and how its columns map onto that entity's."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from adsplatform.formula_guard import unescape_cell
from adsplatform.records.checks import quoted
from adsplatform.records.specification import Column, Entity, entities, entity_in, entity_named, names_of_entities
from syncs.connectors.protocol import Columns, FileHeader, Rows
from syncs.loading.staging.header_mapping import column_named, map_columns, missing_key, nearest
from syncs.loading.staging.problem_log import Problem, ProblemLog, storable_name
from syncs.loading.staging.row_hashes import RowHasher, row_hasher_for
from syncs.loading.staging.tables import StageTable
from syncs.rejected_rows.added_columns import is_download

# The most headers in the cache: JSON may have a different one in each block.
MOST_HEADERS = 1_000
# Of a file of which no line can be loaded, so many are listed: whoever sent more corrects the file, not its lines.
MOST_LINES_LISTED = 10_000


@dataclass(frozen=True)
class InputFile:
    """One header of a file. `staged` is None where no entity has the file's name."""

    name: str
    staged: StageTable | None = None
    columns: tuple[Column | None, ...] = ()
    # Why all rows are rejected, if they are: the header or a key column is missing.
    fault: Problem | None = None
    # Whether it is a download of rejected rows, which has some cells escaped.
    is_download: bool = False
    # None where equal rows may mean different things.
    hasher: RowHasher | None = None


class InputFiles:
    """All files read so far. A file's problems are logged when its header is first used."""

    def __init__(self, problem_log: ProblemLog, staged_for: Callable[[Entity], StageTable]) -> None:
        self.problem_log, self.staged_for = problem_log, staged_for
        # The number of rejected rows of files that belong to no entity, by file name.
        self.unknown: dict[str, int] = {}
        # By entity, the first part of the input that was not read; an empty name stands for any entity.
        self.unread: dict[str, str] = {}
        # By entity and file.
        self.heads: dict[tuple[str, str], FileHeader] = {}
        # The letters of a sheet's columns, by file and wire name.
        self.letters: dict[tuple[str, str], str] = {}
        # The number of lines read of each file, by entity (or the file's name) and file.
        self.line_counts: Counter[tuple[str, str]] = Counter()
        # The file's own names of columns, by entity, file and wire name, where they are others.
        self.origins: dict[tuple[str, str, str], str] = {}
        self._by_header: dict[tuple[str, str, tuple[str, ...]], InputFile] = {}

    def add_head(self, head: FileHeader) -> None:
        """Store how the lines of a file can be read again one by one."""
        if entity := entity_named(head.name):
            self.heads[entity.name, storable_name(head.file)] = head
        else:
            # It may have no rows, and must not go unnoticed.
            self._add_unknown(head.name, head.file, head.columns)

    def reject_unknown(self, file: str, count: int) -> None:
        """Count rows of a file that belongs to no entity; they may be about records of any."""
        self.unknown[file] = self.unknown.get(file, 0) + count
        self.unread.setdefault("", file)

    def of(self, block: Rows | Columns) -> InputFile:
        """The file of a block."""
        header = (block.name, block.file, tuple(block.columns))
        if header not in self._by_header:
            if len(self._by_header) > MOST_HEADERS:
                self._by_header.clear()
            self._by_header[header] = self._read_header(block)
        return self._by_header[header]

    def _read_header(self, block: Rows | Columns) -> InputFile:
        entity = entity_named(block.name)
        name = storable_name(block.file)
        if entity is None:
            self._add_unknown(block.name, block.file)
            return InputFile(name)
        has_escapes = is_download(block.columns)
        columns, remarks = map_columns(
            entity, block.file, list(map(unescape_cell, block.columns)) if has_escapes else block.columns
        )
        problems = [
            Problem(
                entity=entity.name,
                kind=remark.kind,
                file=block.file,
                column=remark.column,
                code=remark.code,
                message=remark.message,
            )
            for remark in remarks
        ]
        for problem in problems:
            self.problem_log.add_for_file(problem)
        for column, letters in zip(columns, block.letters, strict=False):
            if column and letters:
                self.letters[block.file, column.wire] = letters
        for column, origin in zip(columns, block.origins, strict=False):
            if column and origin and origin != column.wire:
                self.origins[entity.name, name, column.wire] = origin
        return InputFile(
            name,
            self.staged_for(entity),
            columns,
            fault=next((problem for problem in problems if problem.kind == "error"), None),
            is_download=has_escapes,
            hasher=row_hasher_for(entity, columns),
        )

    def _add_unknown(self, name: str, file: str, columns: Sequence[str] = ()) -> None:
        """Log that a file's name is that of no kind of record; with a header, whether its columns are those of one."""
        reason = f"{quoted(name)} is not a kind of record, so none of its lines were loaded. {_advice_on_name(name)}"
        if columns and not any(_has_columns_of(entity, columns) for entity in entities().values()):
            # Another name would not help.
            reason = (
                f"{quoted(name)} is not a kind of record, and its columns are not those of one, so none of its lines "
                "were loaded. Upload it in the Inbox, where it is asked how it is written, or send an import profile "
                "for it."
            )
        self.unread.setdefault("", storable_name(file))
        self.problem_log.add_for_file(
            Problem(
                entity=storable_name(file),
                file=file,
                column=name if file != name else "",
                code="unknown_file",
                message=reason,
            )
        )


def _advice_on_name(name: str) -> str:
    entity = entity_in(name)
    hint = f"Did you mean “{entity.model.BATCH_KEY}”? " if entity else nearest(name, names_of_entities())
    return f"{hint}Name it after one: {', '.join(names_of_entities())}."


def _has_columns_of(entity: Entity, names: Sequence[str]) -> bool:
    """Whether a header has the key of a kind of record, and half of its columns are the kind's."""
    known = [column.name for name in names if (column := column_named(entity, name))]
    return len(known) * 2 >= len(names) and not missing_key(entity, known)
