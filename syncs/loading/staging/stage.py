"""Rows, checked and typed, COPYed beside the real tables.

Everything is kept in temporary tables of this session: a killed worker leaves nothing behind, and no reader
ever sees a row before the merge commits it. Memory is bounded by the block, not by the input.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import compress

import numpy as np
import polars as pl
from psycopg import sql
from psycopg.pq import TransactionStatus

from adsplatform.records.checks import escape_for_copy
from adsplatform.records.specification import Column, Entity, entity_named, names_of_entities
from syncs.connectors.protocol import Columns, FileHead, RowProblem, Rows
from syncs.loading.staging.amounts import TALLY_TABLE, FileTotals
from syncs.loading.staging.block_problems import BlockProblems
from syncs.loading.staging.columnar_blocks import (
    Block,
    ColumnChecks,
    Lines,
    column_patterns_of,
    content_lines,
    to_columnar,
)
from syncs.loading.staging.copy_thread import CopyThread
from syncs.loading.staging.header_mapping import mapped, nearest
from syncs.loading.staging.problem_log import Problem, ProblemLog, identifiers, storable_name
from syncs.loading.staging.raw_line_store import RawLineStore
from syncs.loading.staging.row_hashes import RowHasher, row_hasher_for
from syncs.loading.staging.tables import StageTable
from syncs.loading.staging.unchanged_rows import UnchangedRows
from syncs.rejected_rows.formula_guard import is_download, unescape_cell

# Little that is left of blocks is copied together, once it is so much: PostgreSQL is not to be kept from the rest.
COPIED_FROM_BYTES = 1_000_000
# Of how many lines the text is read again at once.
RAW_AT_ONCE = 10_000


@dataclass
class _File:
    """How one file's columns map onto an entity's."""

    staged: StageTable | None
    name: str
    columns: tuple[Column | None, ...]
    # Lines of a file whose kind, or whose key column, is unknown are rejected whole.
    rejected_whole: bool = False
    # A download of rejected lines, in which some cells carry a guard.
    is_download: bool = False
    # None where equal rows may mean different things.
    hasher: RowHasher | None = None


class Stage:
    """Takes rows in, one block at a time; knows afterwards what there is to merge."""

    def __init__(self, cursor, skip_known_of=None):
        self.cursor = cursor
        self.copy_thread = CopyThread(cursor)
        self.problem_log = ProblemLog(self.copy_thread)
        self.block_problems = BlockProblems(self.problem_log)
        self.unchanged_rows = UnchangedRows(self.copy_thread, skip_known_of)
        # Makes records of lines at once where it can, and says of which; see `syncs.ahead`.
        self.insert_directly: Callable[[StageTable, Lines], np.ndarray | None] | None = None
        self.staged: dict[str, StageTable] = {}
        # Lines of files that belong to no entity, by file name: all of them rejected.
        self.unknown_files: dict[str, int] = {}
        # Kinds of record of which a file could not be read; an empty name stands for any kind.
        self.unread: set[str] = set()
        # By entity and file.
        self.heads: dict[tuple[str, str], FileHead] = {}
        self._files: dict[tuple, _File] = {}
        self._screens = ColumnChecks()
        # How many lines have come into the stage, which is also the next one's number.
        self._sequence = 0
        # Lines to be copied by one statement, and which that is.
        self._held: list[pl.DataFrame] = []
        self._held_for: tuple[StageTable, tuple[str, ...]] | None = None
        # The letters of a sheet's columns, by file and column.
        self.letters: dict[tuple[str, str], str] = {}
        self.totals = FileTotals()

    def __enter__(self):
        self._clear()
        # More than that goes to files, page by page. Takes effect once a session, before its first temporary table.
        self.cursor.execute("SET temp_buffers = '128MB'")
        self.raw = RawLineStore()
        self.problem_log.make_tables()
        self.cursor.execute(TALLY_TABLE)
        return self

    def __exit__(self, *exception):
        self.copy_thread.give_up()
        self.raw.close()
        for staged in self.staged.values():
            if staged.keys is not None:
                staged.keys.close()
        if not self.cursor.connection.closed and not _in_failed_transaction(self.cursor):
            self._clear()

    def _clear(self):
        """Drop this session's temporary tables, also those that a sync stopped half-way left in it."""
        self.cursor.execute("SELECT relname FROM pg_class WHERE relnamespace = pg_my_temp_schema() AND relkind = 'r'")
        if tables := [sql.Identifier("pg_temp", name) for (name,) in self.cursor.fetchall()]:
            self.cursor.execute(sql.SQL("DROP TABLE {}").format(sql.SQL(", ").join(tables)))

    @property
    def lines_read(self) -> int:
        return sum(staged.lines_read for staged in self.staged.values()) + sum(self.unknown_files.values())

    @property
    def rejected(self) -> int:
        return sum(staged.rejected for staged in self.staged.values()) + sum(self.unknown_files.values())

    def rejected_by_entity(self) -> dict[str, int]:
        return {name: staged.rejected for name, staged in self.staged.items()}

    def restore_rejected(self, rejected: dict[str, int]):
        for name, count in rejected.items():
            self.staged[name].rejected = count

    def add(self, block: Rows | Columns | RowProblem | FileHead):
        """Take in a block of rows, a line that could not be read, or what is to be known of a file."""
        if isinstance(block, RowProblem):
            self._add_problem(block)
        elif isinstance(block, FileHead):
            if entity := entity_named(block.name):
                self.heads[entity.name, storable_name(block.file)] = block
        elif len(block):
            self._add_rows(block)

    def finish(self):
        """Write what is still held, say what was assumed, and let the planner know the tables' sizes."""
        self.block_problems.add_assumed()
        self._copy_held()
        self.problem_log.flush()
        for staged in self.staged.values():
            named_by = [lookup.column for reference in staged.entity.references for lookup in reference.lookups]
            joined = dict.fromkeys(name for name in [*staged.entity.key, *named_by] if name in staged.entity.columns)
            columns = identifiers(["_seq", "_id", *joined])
            self.cursor.execute(sql.SQL("ANALYZE {} ({})").format(staged.table, columns))

    def staged_for(self, entity: Entity) -> StageTable:
        """The entity's place in the stage, made at first need."""
        if entity.name not in self.staged:
            self.copy_thread.wait()
            staged = self.staged[entity.name] = StageTable(entity)
            columns = sql.SQL(", ").join(
                sql.SQL("{} {}").format(sql.Identifier(column.name), sql.SQL(column.sql_type))
                for column in entity.columns.values()
            )
            self.cursor.execute(
                sql.SQL(
                    "CREATE TEMP TABLE {} (_seq bigint, _id uuid, _file text, _line bigint, _form integer, "
                    "_hash uuid, {})"
                ).format(staged.table, columns)
            )
        return self.staged[entity.name]

    # One line, or one file, that cannot be loaded.

    def _add_problem(self, problem: RowProblem):
        entity = entity_named(problem.name)
        name = entity.name if entity else storable_name(problem.file or problem.name)
        if problem.kind == "error" and problem.line is None:
            self.unread.add(name if entity else "")
        elif problem.kind == "error":
            if entity:
                staged = self.staged_for(entity)
                staged.lines_read += 1
                staged.rejected += 1
            else:
                self.unknown_files[name] = self.unknown_files.get(name, 0) + 1
        self.problem_log.add(
            Problem(
                entity=name,
                kind=problem.kind,
                file=problem.file,
                line=problem.line,
                column=problem.column,
                value=problem.value,
                code=problem.code,
                message=problem.message,
                raw_line=problem.raw,
            )
        )

    # A block of rows.

    def _add_rows(self, found: Rows | Columns):
        file = self._file(found)
        if file.staged is None:
            self.unknown_files[file.name] = self.unknown_files.get(file.name, 0) + len(found)
            return
        staged = file.staged
        staged.lines_read += len(found)
        if file.rejected_whole:
            staged.rejected += len(found)
            return
        block = to_columnar(found, staged.entity, file.columns, unguard=file.is_download)
        self.block_problems.add_unknown_texts(block)
        self._note_columns(staged, block)
        block = self._without_known(file, block)
        if not len(block):
            return
        checked, faults, apart = self._screens.check(block)
        self.block_problems.note_assumed(block, checked, faults)
        checked = self._screens.with_defaults(staged.entity, checked, apart)
        good = Lines(block.lines, block.raw, column_patterns_of(block), checked, content_lines(block, checked, apart))
        is_good = np.ones(len(block), bool)
        if faults:
            self.block_problems.add_faults(block, faults)
            staged.rejected += len(faults)
            is_good[list(faults)] = False
            good = good.only(is_good)
        if file.hasher:
            good.row_hashes = file.hasher.of_rows(good.frame, good.values, good.marks)
        known = self.unchanged_rows.find(staged.entity, good.row_hashes)
        if known is not None:
            staged.unchanged_count += int(known.sum())
            good = None if known.all() else good.only(~known)
        direct_insert = None
        if good:
            self._note_keys(staged, good.frame)
            direct_insert = self.insert_directly and self.insert_directly(staged, good)
        # Of a kind of which some lines are known, none becomes a record at once.
        self.totals.add(staged.entity, checked, is_good, direct_insert if known is None else known)
        if direct_insert is not None:
            good = None if direct_insert.all() else good.only(~direct_insert)
        if good:
            self._copy(block.file, staged, good)

    def _file(self, block: Rows) -> _File:
        """The file's columns, worked out and remarked on at its first block."""
        key = (block.name, block.file, tuple(block.columns))
        if key not in self._files:
            if len(self._files) > 1_000:
                self._files.clear()
            self._files[key] = self._new_file(block)
        return self._files[key]

    def _new_file(self, block: Rows) -> _File:
        entity = entity_named(block.name)
        name = storable_name(block.file)
        if entity is None:
            self.problem_log.add_for_file(
                Problem(
                    entity=name,
                    file=block.file,
                    column=block.name if block.file != block.name else "",
                    code="unknown_file",
                    message=f"“{block.name}” is not a kind of record, so none of its lines were loaded. "
                    f"{nearest(block.name, names_of_entities())}Name it after one: {', '.join(names_of_entities())}.",
                )
            )
            self.unread.add("")
            return _File(None, name, ())
        downloaded = is_download(block.columns)
        names = list(map(unescape_cell, block.columns)) if downloaded else block.columns
        columns, remarks = mapped(entity, block.file, names)
        for remark in remarks:
            self.problem_log.add_for_file(
                Problem(
                    entity=entity.name,
                    kind=remark.kind,
                    file=block.file,
                    column=remark.column,
                    code=remark.code,
                    message=remark.message,
                )
            )
        for column, letters in zip(columns, block.letters, strict=False):
            if column:
                self.letters[block.file, column.wire] = letters
        is_unusable = any(remark.kind == "error" for remark in remarks)
        return _File(
            self.staged_for(entity), name, columns, rejected_whole=is_unusable, is_download=downloaded,
            hasher=row_hasher_for(entity, columns),
        )  # fmt: skip

    @staticmethod
    def _note_columns(staged: StageTable, block: Block):
        present = {column.name for column in block.columns}
        whole = present - block.gaps.keys()
        staged.ever |= present
        staged.always = whole if staged.always is None else staged.always & whole

    def _without_known(self, file: _File, block: Block) -> Block:
        """The block without those lines that are in the books just as they stand, whose cells need no look."""
        entity = block.entity
        if not file.hasher or not block.is_as_copied or not self.unchanged_rows.may_include(entity):
            return block
        is_known = self._known_as_they_stand(block, file.hasher)
        if not is_known.any():
            return block
        known = block if is_known.all() else block.only(is_known)
        cells = pl.DataFrame({column.name: cells for column, cells in zip(known.columns, known.cells, strict=True)})
        self.block_problems.note_assumed(known, cells, {})
        self.totals.add(entity, cells, np.ones(len(known), bool), np.ones(len(known), bool))
        file.staged.unchanged_count += len(known)
        return block.only(~is_known)

    def _known_as_they_stand(self, block: Block, hasher: RowHasher) -> np.ndarray:
        is_known, may_be = np.zeros(len(block), bool), np.ones(len(block), bool)
        may_be[list(block.apart)] = False
        lines = list(compress(block.as_copied, may_be))
        row_hashes = hasher.of_lines(lines, [column.name for column in block.columns])
        found = self.unchanged_rows.find(block.entity, row_hashes)
        if found is not None:
            is_known[may_be] = found
        return is_known

    def _copy(self, file: str, staged: StageTable, lines: Lines):
        count = len(lines)
        numbers = range(self._sequence, self._sequence + count)
        self._sequence += count
        for form in set(lines.marks) - staged.forms.keys():
            staged.forms[form] = len(staged.forms)
        self.raw.add(numbers, lines.raw)
        heads = {
            "_seq": pl.int_range(numbers.start, numbers.stop, eager=True),
            "_id": new_ids(count),
            "_file": pl.repeat(escape_for_copy(storable_name(file)), count, eager=True),
            "_line": lines.places,
            "_form": [staged.forms[form] for form in lines.marks],
            "_hash": pl.Series(lines.row_hashes or [None] * count, dtype=pl.Binary).bin.encode("hex"),
        }
        values = pl.Series(lines.values, dtype=pl.Binary).cast(pl.String)
        copied_for = staged, (*heads, *lines.frame.columns)
        if copied_for != self._held_for:
            self._copy_held()
        self._held_for = copied_for
        self._held.append(pl.DataFrame({**heads, "": values}))
        if sum(held.estimated_size() for held in self._held) >= COPIED_FROM_BYTES:
            self._copy_held()

    def _copy_held(self):
        if not self._held:
            return
        staged, columns = self._held_for
        statement = sql.SQL("COPY {} ({}) FROM STDIN (NULL '')").format(staged.table, identifiers(columns))
        held, self._held = self._held, []
        self.copy_thread.add(statement, pl.concat(held))

    @staticmethod
    def _note_keys(staged: StageTable, checked: pl.DataFrame):
        if staged.keys is None:
            return
        key = staged.entity.key
        is_text = key and all(name in checked.columns and staged.entity.columns[name].type == "text" for name in key)
        if is_text:
            staged.keys.add(checked.select(key).hash_rows().to_numpy())
        else:
            staged.keys.close()
            staged.keys = None

    def put_raw(self):
        """Give the problems of staged lines the text of their lines, in the table `raw_line`."""
        self.cursor.execute("CREATE TEMP TABLE raw_line (seq bigint, raw text) ON COMMIT DROP")
        self.cursor.execute("CREATE INDEX ON staged_problem (seq) WHERE seq IS NOT NULL")
        last = -1
        while numbers := self._told_after(last):
            last = numbers[-1]
            with self.cursor.copy("COPY raw_line FROM STDIN") as copy:
                for line in self.raw.of(numbers):
                    copy.write_row(line)
        self.cursor.execute("ANALYZE raw_line")

    def _told_after(self, number: int) -> list[int]:
        """The next staged lines of which there is a problem to tell, not too many at once."""
        self.cursor.execute(
            "SELECT DISTINCT seq FROM staged_problem WHERE seq > %s ORDER BY seq LIMIT %s", [number, RAW_AT_ONCE]
        )
        return [found for (found,) in self.cursor.fetchall()]


def new_ids(count: int) -> pl.Series:
    """Time-ordered UUIDs (version 7) as text, ascending within the block."""
    milliseconds = f"{time.time_ns() // 1_000_000:012x}"
    random = os.urandom(9).hex()
    # The last twelve digits are decimal, which hexadecimal ones may be, so that they can be counted as a column.
    start = int(random[:12], 16) % 10**12 // 2
    head = f"{milliseconds[:8]}-{milliseconds[8:]}-7{random[12:15]}-{'89ab'[start & 3]}{random[15:18]}-"
    return head + pl.int_range(start, start + count, eager=True).cast(pl.String).str.zfill(12)


def _in_failed_transaction(cursor) -> bool:
    return cursor.connection.info.transaction_status == TransactionStatus.INERROR
