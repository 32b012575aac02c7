"""The stage: checked and typed rows, copied into temporary tables.

All of it is in temporary tables of this session: a killed worker leaves nothing behind, and nobody sees a row before
the merge commits it. Memory is bounded by the block, not by the input.
"""

from collections.abc import Iterable
from dataclasses import replace
from itertools import islice
from types import TracebackType
from typing import Self
from uuid import UUID

from django.db.backends.utils import CursorWrapper
from psycopg.pq import TransactionStatus

from adsplatform.records.specification import Entity, entity_named
from syncs.connectors.protocol import (
    AllKeys,
    Bookmark,
    Columns,
    Deleted,
    FileHeader,
    RowProblem,
    Rows,
    SourceItem,
)
from syncs.loading.staging.amounts import TALLY_COLUMNS, FileTotals
from syncs.loading.staging.assumed_values import AssumedValues
from syncs.loading.staging.block_problems import BlockProblems
from syncs.loading.staging.bookmarks import Bookmarks
from syncs.loading.staging.column_styles import ColumnStyles
from syncs.loading.staging.columnar_blocks import to_columnar
from syncs.loading.staging.copy_thread import CopyThread
from syncs.loading.staging.gone_keys import GoneKeys
from syncs.loading.staging.input_files import MOST_LINES_LISTED, InputFiles
from syncs.loading.staging.problem_log import Problem, ProblemLog, storable_name
from syncs.loading.staging.raw_line_store import RawLineStore
from syncs.loading.staging.row_splitter import RowSplitter
from syncs.loading.staging.session_tables import SessionTables
from syncs.loading.staging.tables import StageTable
from syncs.loading.staging.unchanged_rows import UnchangedRows


class Stage:
    """Receives the blocks of an input one by one; afterwards it contains the rows to merge."""

    def __init__(
        self,
        cursor: CursorWrapper,
        skip_unchanged_of: UUID | None = None,
        styles: ColumnStyles | None = None,
        tables: SessionTables | None = None,
        *,
        from_files: bool = True,
    ) -> None:
        """`skip_unchanged_of` is the enrollment of which unchanged rows are skipped.

        `styles` is what earlier readings of the input have shown of its columns; `tables` are the session's, which stay
        for the next sync; `from_files` is whether the input is files.
        """
        self.cursor = cursor
        self.tables = tables or SessionTables()
        # Whether the session's tables may stay; set when the sync has been carried out and committed.
        self.may_leave_tables = False
        self.styles = styles or ColumnStyles()
        self.styles.begin()
        self.copy_thread = CopyThread(cursor)
        self.problem_log = ProblemLog(self.copy_thread)
        self.files = InputFiles(self.problem_log, self.staged_for)
        self.totals = FileTotals()
        self.unchanged_rows = UnchangedRows(self.copy_thread, skip_unchanged_of)
        self._block_problems = BlockProblems(self.problem_log, from_files=from_files)
        self.assumed = AssumedValues()
        self.bookmarks = Bookmarks()
        self.gone = GoneKeys(self.copy_thread)
        self.splitter = RowSplitter(self._block_problems, self.unchanged_rows, self.totals, self.styles, self.assumed)
        # By the name of the entity.
        self.staged: dict[str, StageTable] = {}
        # By entity, how many rows were rejected before the merge.
        self.rejected_while_reading: dict[str, int] = {}
        self._raw_lines = RawLineStore()
        self._next_number = 0

    def __enter__(self) -> Self:
        self.tables.begin(self.cursor)
        self.problem_log.make_tables(self.tables)
        self.tables.make(self.cursor, "amount_tally", TALLY_COLUMNS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.copy_thread.give_up()
        self._raw_lines.close()
        for staged in self.staged.values():
            staged.close()
        session = self.cursor.connection
        if not session.closed and session.info.transaction_status != TransactionStatus.INERROR:
            # Connectors alone say that records are gone; what is made for that does not stay.
            may_stay = kind is None and self.may_leave_tables and not self.gone.has_tables
            self.tables.end(self.cursor, rows=self.lines_read if may_stay else None)

    @property
    def lines_read(self) -> int:
        return sum(staged.lines_read for staged in self.staged.values()) + sum(self.files.unknown.values())

    @property
    def rejected(self) -> int:
        return sum(staged.rejected for staged in self.staged.values()) + sum(self.files.unknown.values())

    def rejected_by_entity(self) -> dict[str, int]:
        return {name: staged.rejected for name, staged in self.staged.items()}

    def restore_rejected(self, rejected: dict[str, int]) -> None:
        for name, count in rejected.items():
            self.staged[name].rejected = count

    def add(self, found: SourceItem) -> None:
        """Add what a connector yields."""
        if isinstance(found, RowProblem):
            self._add_problem(found)
        elif isinstance(found, FileHeader):
            self.files.add_head(found)
        elif isinstance(found, Bookmark):
            self.bookmarks.add(found)
        elif isinstance(found, Deleted | AllKeys):
            self.gone.add(found, self._next_number)
        elif len(found):
            self._add_rows(found)

    def finish(self) -> None:
        """Write all waiting rows, and collect the planner's statistics of the tables."""
        self.rejected_while_reading = self.rejected_by_entity()
        self._block_problems.remarks.add_all()
        for staged in self.staged.values():
            staged.flush()
        self.problem_log.flush()
        for staged in self.staged.values():
            staged.analyze()

    def staged_for(self, entity: Entity) -> StageTable:
        """The table of an entity, created when first needed."""
        if entity.name not in self.staged:
            self.staged[entity.name] = StageTable(entity, self.copy_thread)
            self.staged[entity.name].create(self.tables)
        return self.staged[entity.name]

    def write_raw_lines(self) -> None:
        """Create the table `raw_line`, with the raw lines of all staged rows that have a problem."""
        self._raw_lines.write_for_problems(self.cursor)

    def _add_problem(self, problem: RowProblem) -> None:
        """Log a problem of a line or file that could not be read."""
        entity = entity_named(problem.name)
        name = entity.name if entity else storable_name(problem.file or problem.name)
        if problem.kind == "error" and problem.line is not None and not problem.is_further:
            self.files.line_counts[name, storable_name(problem.file)] += problem.row_count
        for kind in problem.also:
            self.files.unread.setdefault(kind, storable_name(problem.file))
        if problem.leaves_unread or (problem.kind == "error" and problem.line is None):
            self.files.unread.setdefault(name if entity else "", storable_name(problem.file or problem.name))
        elif problem.is_further:
            pass  # the line is counted already
        elif problem.kind == "error" and entity:
            staged = self.staged_for(entity)
            staged.lines_read += problem.row_count
            staged.rejected += problem.row_count
        elif problem.kind == "error":
            self.files.reject_unknown(name, problem.row_count)
        told = Problem(
            entity=name,
            kind=problem.kind,
            erp_key=problem.erp_key,
            file=problem.file,
            line=problem.line,
            column=problem.column,
            value=problem.value,
            code=problem.code,
            message=problem.message,
            raw_line=problem.raw,
        )
        if entity and problem.lines:
            self._add_lines(replace(told, line=None), problem.lines)
        else:
            self.problem_log.add(told)

    def _add_lines(self, cause: Problem, lines: Iterable[tuple[int, str]]) -> None:
        """Log a problem that concerns lines, and after it each of them."""
        self.problem_log.add(cause)
        for line, raw in lines:
            self.problem_log.add(replace(cause, line=line, raw_line=raw))

    def _add_rows(self, found: Rows | Columns) -> None:
        file = self.files.of(found)
        staged = file.staged
        if staged is None:
            self.files.reject_unknown(file.name, len(found))
            return
        staged.lines_read += len(found)
        before = self.files.line_counts[staged.entity.name, file.name]
        self.files.line_counts[staged.entity.name, file.name] += len(found)
        if file.fault:
            staged.rejected += len(found)
            for line, raw in islice(zip(found.lines, found.raw, strict=True), max(0, MOST_LINES_LISTED - before)):
                self.problem_log.add(replace(file.fault, line=line, raw_line=raw))
            return
        block = to_columnar(found, staged.entity, file.columns, is_download=file.is_download)
        self._block_problems.add_unknown_texts(block)
        staged.note_columns(block)
        if rows := self.splitter.rows_to_stage(staged, block, file.hasher):
            numbers = range(self._next_number, self._next_number + len(rows))
            self._next_number = numbers.stop
            self._raw_lines.add(numbers, rows.raw)
            staged.add(block.file, rows, numbers)
