"""Rows, checked and typed, COPYed beside the real tables.

Everything is kept in temporary tables of this session: a killed worker leaves nothing behind, and no reader
ever sees a row before the merge commits it. Memory is bounded by the block, not by the input.
"""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from itertools import compress

import polars as pl
from psycopg import sql
from psycopg.pq import TransactionStatus

from adsplatform.records.checks import NULL, Fault, as_text, escaped, printable
from adsplatform.records.screening import ColumnScreen
from adsplatform.records.specification import Column, Entity, entity_named, names_of_entities
from syncs.columns import REMARKS_TOLD, mapped
from syncs.copying import Copying
from syncs.known import KnownLines, hashes_of, seed_of
from syncs.rows import ABSENT, RowProblem, Rows, TextRows

# The most characters kept of a value and of a raw line in a problem.
VALUE_KEPT, RAW_KEPT = 1_000, 20_000
NAME_KEPT = 255
PROBLEM_COLUMNS = (
    "entity", "kind", "erp_key", "file", "line", "column", "value", "code", "message", "raw_line",
)  # fmt: skip
PROBLEMS_FLUSHED_AT = 2_000


@dataclass
class Staged:
    """One kind of record in the stage: its temporary table, and what is known of its lines."""

    entity: Entity
    lines_read: int = 0
    rejected: int = 0
    # Columns that some line has, and those that every line has.
    ever: set[str] = field(default_factory=set)
    # Lines that are in the books already, and only their hashes in the stage.
    known_lines: int = 0
    always: set[str] | None = None

    @property
    def table(self) -> sql.Identifier:
        return sql.Identifier(f"stage_{self.entity.model._meta.model_name}")

    @property
    def plan(self) -> sql.Identifier:
        return sql.Identifier(f"plan_{self.entity.model._meta.model_name}")

    @property
    def known(self) -> sql.Identifier:
        return sql.Identifier(f"known_{self.entity.model._meta.model_name}")

    @property
    def staged_lines(self) -> int:
        return self.lines_read - self.rejected

    def position(self, column: str) -> int:
        """Where the column stands in the `_have` bits of a line."""
        return list(self.entity.columns).index(column)

    def has(self, *columns: str) -> bool:
        return bool(self.ever.intersection(columns))


@dataclass
class _File:
    """How one file's columns map onto an entity's."""

    staged: Staged | None
    name: str
    columns: tuple[Column | None, ...]
    # Lines of a file whose kind, or whose key column, is unknown are rejected whole.
    rejected_whole: bool = False
    # What the hashes of its lines begin with, where they have one.
    seed: int | None = None


class Stage:
    """Takes rows in, one block at a time; knows afterwards what there is to merge."""

    def __init__(self, cursor, skip_known_of=None):
        self.cursor = cursor
        self.copying = Copying(cursor)
        self.known = KnownLines(self.copying, skip_known_of)
        self.staged: dict[str, Staged] = {}
        # Lines of files that belong to no entity, by file name: all of them rejected.
        self.unknown_files: dict[str, int] = {}
        # Kinds of record of which a file could not be read; an empty name stands for any kind.
        self.unread: set[str] = set()
        self.errors = 0
        self._files: dict[tuple, _File] = {}
        self._told: dict[tuple, set[str]] = {}
        self._assumed: dict[str, dict[str, None]] = {}
        self._checks: dict[tuple[str, str], ColumnScreen] = {}
        self._problems: list[tuple] = []
        self._sequence = 0

    def __enter__(self):
        self._clear()
        self.cursor.execute(
            """
            CREATE TEMP TABLE staged_problem (
                id bigint GENERATED ALWAYS AS IDENTITY, entity text, kind text, erp_key text, file text, line bigint,
                "column" text, value text, code text, message text, raw_line text
            )
            """
        )
        return self

    def __exit__(self, *exception):
        self.copying.give_up()
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

    def add(self, block: Rows | TextRows | RowProblem):
        """Take in a block of rows, or a line that could not be read."""
        if isinstance(block, RowProblem):
            self._add_problem(block)
        elif isinstance(block, TextRows):
            self._add_text(block)
        elif len(block):
            self._add_rows(block)

    def finish(self):
        """Write what is still held, say what was assumed, and let the planner know the tables' sizes."""
        for file, columns in self._assumed.items():
            self._tell(
                file, "", "value_assumed",
                f"{file} leaves out {_listed(list(columns))}. For new records, and where a cell is empty, a rate of "
                "1, and amounts times the rate, were assumed. Add the values if that is not right.",
                kind="warning",
            )  # fmt: skip
        self.flush()
        for staged in self.staged.values():
            self.cursor.execute(sql.SQL("ANALYZE {}").format(staged.table))
            if staged.known_lines:
                self.cursor.execute(sql.SQL("ANALYZE {}").format(staged.known))

    def flush(self):
        """COPY the problems held in memory."""
        self.copying.wait()
        if not self._problems:
            return
        with self.cursor.copy(
            sql.SQL("COPY staged_problem ({}) FROM STDIN").format(_identifiers(PROBLEM_COLUMNS))
        ) as copy:
            for problem in self._problems:
                copy.write_row(problem)
        self._problems.clear()

    def staged_for(self, entity: Entity) -> Staged:
        """The entity's place in the stage, made at first need."""
        if entity.name not in self.staged:
            self.copying.wait()
            staged = self.staged[entity.name] = Staged(entity)
            columns = sql.SQL(", ").join(
                sql.SQL("{} {}").format(sql.Identifier(column.name), sql.SQL(column.sql_type))
                for column in entity.columns.values()
            )
            self.cursor.execute(
                sql.SQL(
                    "CREATE TEMP TABLE {} (_seq bigint, _id uuid, _file text, _line bigint, _have bit varying, "
                    "_raw text, _hash uuid, {})"
                ).format(staged.table, columns)
            )
            self.cursor.execute(sql.SQL("CREATE TEMP TABLE {} (hash uuid)").format(staged.known))
        return self.staged[entity.name]

    def note(self, file: str, code: str, message: str):
        """Keep why the whole sync failed."""
        self._tell(file, file, code, message, kind="error")

    # One line, or one file, that cannot be loaded.

    def _add_problem(self, problem: RowProblem):
        entity = entity_named(problem.name)
        name = entity.name if entity else _name(problem.file or problem.name)
        if problem.kind == "error" and problem.line is None:
            self.unread.add(name if entity else "")
        elif problem.kind == "error":
            if entity:
                staged = self.staged_for(entity)
                staged.lines_read += 1
                staged.rejected += 1
            else:
                self.unknown_files[name] = self.unknown_files.get(name, 0) + 1
        self._hold(
            name, problem.kind, "", problem.file, problem.line, problem.column, problem.value, problem.code,
            problem.message, problem.raw,
        )  # fmt: skip

    def _tell(self, file, entity, code, message, *, column="", kind):
        """Say something about a file once, and not too much of one kind."""
        told = self._told.setdefault((file, entity, code), set())
        if column in told or len(told) >= REMARKS_TOLD:
            return
        told.add(column)
        if len(told) == REMARKS_TOLD:
            message += f" There are more of these in {file}, which are not listed."
        self._hold(entity, kind, "", file, None, column, "", code, message, "")

    def _hold(self, entity, kind, erp_key, file, line, column, value, code, message, raw):
        if kind == "error":
            self.errors += 1
        self._problems.append(
            (_name(entity), kind, _name(erp_key), _name(file), line, _name(column), printable(value[:VALUE_KEPT]),
             code, printable(message), printable(raw[:RAW_KEPT]))
        )  # fmt: skip
        if len(self._problems) >= PROBLEMS_FLUSHED_AT:
            self.flush()

    # A block of rows.

    def _add_rows(self, block: Rows):
        file = self._file(block)
        if file.staged is None:
            self.unknown_files[file.name] = self.unknown_files.get(file.name, 0) + len(block)
            return
        staged = file.staged
        staged.lines_read += len(block)
        if file.rejected_whole:
            staged.rejected += len(block)
            return
        rest, hashes, known = self._without_known(block, file)
        self._stage_known(block, file, known)
        if not len(rest):
            return
        columns, texts, gaps = self._columns(rest, file)
        is_plain = not any(map(_has_special, texts)) and not _has_special(rest.raw)
        # A line that lacks a column is remarked on, and so never skipped.
        hashes = None if gaps else hashes
        self._take(_Cut(block.file, staged, columns, texts, gaps, rest.lines, rest.raw.__getitem__, hashes, is_plain))

    def _add_text(self, block: TextRows):
        file = self._file(block)
        if not file.staged or file.rejected_whole:
            return self._add_again(block)
        rest, hashes, known = self._without_known(block, file)
        cells = _cut(rest) if len(rest) else []
        if cells is None:
            return self._add_again(block)
        file.staged.lines_read += len(block)
        self._stage_known(block, file, known)
        if not len(rest):
            return
        columns = [column for column in file.columns if column]
        cells = [cells[at] for at, column in enumerate(file.columns) if column]
        self._take(
            _Cut(
                block.file, file.staged, columns, cells, {}, rest.lines, lambda at: rest.raw[at].decode(), hashes, True
            )
        )

    def _without_known(self, block: Rows | TextRows, file: _File):
        """The block without the lines that are in the books already, its hashes, and those of the others."""
        if file.seed is None or not block.form:
            return block, None, []
        raw = [line if isinstance(line, bytes) else line.encode("utf-8", "surrogatepass") for line in block.raw]
        hashes = hashes_of(raw, file.seed)
        found = None if self._may_be_assumed(block, file) else self.known.among(file.staged.entity, hashes)
        if found is None:
            return block, hashes, []
        rest = (~found).nonzero()[0].tolist()
        return block.only(rest), [hashes[at] for at in rest], list(compress(hashes, found))

    def _may_be_assumed(self, block: Rows | TextRows, file: _File) -> bool:
        """Whether the block may be the first to show that something is assumed for a column the file leaves out."""
        there = {column.name for column in file.columns if column}
        told = self._assumed.get(block.file, {})
        return any(
            column.assumed and column.name not in there and column.wire not in told
            and (not column.assumed.product_of or column.assumed.product_of[0] in there)
            for column in file.staged.entity.columns.values()
        )  # fmt: skip

    def _stage_known(self, block: Rows | TextRows, file: _File, hashes: list[bytes]):
        if not hashes:
            return
        staged = file.staged
        staged.known_lines += len(hashes)
        data = b"\n".join(value.hex().encode() for value in hashes) + b"\n"
        self.copying.add(sql.SQL("COPY {} (hash) FROM STDIN").format(staged.known), data)

    def _add_again(self, block: TextRows):
        for rows in block.exactly():
            self.add(rows)

    def _take(self, cut: "_Cut"):
        """Check a block that is cut into columns; stage the good lines, keep the problems of the others."""
        have = self._have(cut.staged, cut.columns, cut.gaps, len(cut.lines))
        checked, faults = self._check(cut)
        assumed = self._note_assumed(cut, checked, faults)
        if cut.hashes and assumed is not None and assumed.any():
            cut.hashes = [None if skip else value for value, skip in zip(cut.hashes, assumed, strict=True)]
        if faults:
            self._reject(cut, faults)
            cut.staged.rejected += len(faults)
        self._copy(cut, checked, have, faults)

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
        name = _name(block.file)
        if entity is None:
            self._tell(
                block.file, name, "unknown_file", column=block.name if block.file != block.name else "",
                kind="error",
                message=f"“{block.name}” is not a kind of record, so none of its lines were loaded. "
                f"Name it after one: {', '.join(names_of_entities())}.",
            )  # fmt: skip
            self.unread.add("")
            return _File(None, name, ())
        columns, remarks = mapped(entity, block.file, block.columns)
        for remark in remarks:
            self._tell(block.file, entity.name, remark.code, remark.message, column=remark.column, kind=remark.kind)
        is_keyless = any(remark.kind == "error" for remark in remarks)
        seed = seed_of(entity, block.columns, columns, block.form) if block.form else None
        return _File(self.staged_for(entity), name, columns, rejected_whole=is_keyless, seed=seed)

    def _columns(self, block: Rows, file: _File):
        """The block turned on its side: its known columns, their cells as text, and where lines lack which."""
        columns, texts, gaps, key = [], [], {}, file.staged.entity.key
        for column, cells in zip(file.columns, zip(*block.cells, strict=True), strict=True):
            if column is None:
                continue
            kinds = set(map(type, cells))
            if type(ABSENT) in kinds:
                gap = [cell is ABSENT for cell in cells]
                if all(gap) and column.name not in key:
                    continue
                gaps[column.name] = gap
                cells = ["" if cell is ABSENT else as_text(cell) for cell in cells]
            elif kinds != {str}:
                cells = list(map(as_text, cells))
            columns.append(column)
            texts.append(cells)
        return columns, texts, gaps

    @staticmethod
    def _have(staged: Staged, columns, gaps, count: int) -> list[str] | str:
        """A bit a column for each line: whether the line has it."""
        present = {column.name for column in columns}
        whole = present - gaps.keys()
        staged.ever |= present
        staged.always = whole if staged.always is None else staged.always & whole
        names = list(staged.entity.columns)
        if not gaps:
            return "".join("1" if name in whole else "0" for name in names)
        marks = (
            ["0" if gap else "1" for gap in gaps[name]] if name in gaps else ["01"[name in whole]] * count
            for name in names
        )
        return list(map("".join, zip(*marks, strict=True)))

    def _note_assumed(self, cut: "_Cut", checked: list[pl.Series], faults) -> pl.Series | None:
        """Remember which columns the file leaves out, or empty, for which something is assumed.

        Returns the lines where a cell is empty for which something may be assumed: they are never skipped.
        """
        empty, lines = {}, None
        for column, cells in zip(cut.columns, checked, strict=True):
            faulty = [at for at, found in faults.items() if any(one is column for one, _ in found)]
            is_empty = cells.is_null()
            empty[column.name] = is_empty.scatter(faulty, False) if faulty else is_empty
        for column in cut.staged.entity.columns.values():
            if column.assumed is None:
                continue
            found = empty.get(column.name)
            if found is not None:
                lines = found if lines is None else lines | found
            if column.assumed.product_of:
                # Where there is no amount, nothing is assumed for it.
                no_amount = empty.get(column.assumed.product_of[0])
                if no_amount is None:
                    continue
                found = ~no_amount if found is None else found & ~no_amount
            if found is None or found.any():
                self._assumed.setdefault(cut.file, {})[column.wire] = None
        return lines

    def _check(self, cut: "_Cut"):
        """COPY texts by column, and the faults of each faulty line by its position in the block."""
        checked, faults = [], {}
        for column, cells in zip(cut.columns, cut.cells, strict=True):
            key = (cut.staged.entity.name, column.name)
            screen = self._checks.get(key) or self._checks.setdefault(key, ColumnScreen(column))
            values, at_fault = screen.check(cells, is_plain=cut.is_plain)
            gap = cut.gaps.get(column.name)
            for at, fault in at_fault.items():
                # A column that a line lacks is not an empty one; the merge looks where it matters.
                if not (gap and gap[at]) or column.name in cut.staged.entity.key:
                    faults.setdefault(at, []).append((column, fault))
            checked.append(values)
        return checked, faults

    def _reject(self, cut: "_Cut", faults: dict[int, list[tuple[Column, Fault]]]):
        cells = {column.name: cells for column, cells in zip(cut.columns, cut.cells, strict=True)}
        keys = cells.get("erp_key")
        for at in sorted(faults):
            for column, fault in faults[at]:
                self._hold(
                    cut.staged.entity.name, "error", (keys[at] or "") if keys is not None else "", cut.file,
                    cut.lines[at], column.wire, cells[column.name][at] or "", fault.code, fault.message, cut.raw(at),
                )  # fmt: skip

    def _copy(self, cut: "_Cut", checked: list[pl.Series], have: list[str] | str, faults):
        count = len(cut.lines)
        if len(faults) == count:
            return
        raw = [cut.raw(at)[:RAW_KEPT] for at in range(count)]
        if not cut.is_plain:
            raw = [escaped(printable(line)) for line in raw]
        names = ["_seq", "_id", "_file", "_line", "_have", "_raw", "_hash", *(column.name for column in cut.columns)]
        table = pl.DataFrame(
            [
                pl.int_range(self._sequence, self._sequence + count, eager=True),
                pl.Series(_ids(count)),
                _repeated(escaped(_name(cut.file)), count),
                pl.Series(cut.lines, dtype=pl.Int64),
                _repeated(have, count) if isinstance(have, str) else pl.Series(have),
                pl.Series(raw),
                pl.Series(
                    [value and value.hex() for value in cut.hashes] if cut.hashes else [None] * count, dtype=pl.String
                ),
                *checked,
            ],
            schema=names,
        )
        self._sequence += count
        if faults:
            table = table.filter(~pl.int_range(count, eager=True).is_in(list(faults)))
        data = BytesIO()
        table.write_csv(data, include_header=False, separator="\t", null_value=NULL, quote_style="never")
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(cut.staged.table, _identifiers(names))
        self.copying.add(statement, data.getvalue())


@dataclass
class _Cut:
    """A block of rows cut into columns: what their cells hold as text, and which lines lack which."""

    file: str
    staged: Staged
    columns: list[Column]
    cells: list[pl.Series | list[str]]
    gaps: dict[str, list[bool]]
    lines: Sequence[int]
    raw: Callable[[int], str]
    hashes: list[bytes | None] | None
    # Nothing in it would COPY take for something else.
    is_plain: bool


def _cut(block: TextRows) -> pl.DataFrame | None:
    """The block's cells as columns; None where a row has more or fewer of them than there are columns."""
    schema = {str(at): pl.String for at in range(len(block.columns))}
    try:
        return pl.read_csv(
            b"\n".join(block.raw), has_header=False, schema=schema, separator=block.delimiter, quote_char=None
        ).get_columns()
    except pl.exceptions.PolarsError:
        return None


class Pace:
    """Lets something happen now and then during a long loop."""

    def __init__(self, seconds: float):
        self.seconds = seconds
        self.last = time.monotonic()

    def due(self) -> bool:
        now = time.monotonic()
        if now - self.last < self.seconds:
            return False
        self.last = now
        return True


def _has_special(texts: Sequence[str]) -> bool:
    """Whether a text holds what COPY would take for something else."""
    together = "".join(texts)
    return not together.isascii() or any(mark in together for mark in "\\\t\n\r\0")


def _repeated(text: str, count: int) -> pl.Series:
    return pl.repeat(text, count, dtype=pl.String, eager=True)


def _name(text: str) -> str:
    """A name as the books keep it: every character storable, and not too many."""
    return printable(text[:NAME_KEPT])[:NAME_KEPT]


def _ids(count: int) -> list[str]:
    """Time-ordered UUIDs (version 7) as text, ascending within the block."""
    milliseconds = f"{time.time_ns() // 1_000_000:012x}"
    random = os.urandom(9).hex()
    start = int(random[:12], 16) >> 1
    head = f"{milliseconds[:8]}-{milliseconds[8:]}-7{random[12:15]}-{'89ab'[start & 3]}{random[15:18]}"
    return [f"{head}-{number:012x}" for number in range(start, start + count)]


def _in_failed_transaction(cursor) -> bool:
    return cursor.connection.info.transaction_status == TransactionStatus.INERROR


def _identifiers(names) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
