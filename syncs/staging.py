"""Rows, checked and typed, COPYed beside the real tables.

Everything is kept in temporary tables of this session: a killed worker leaves nothing behind, and no reader
ever sees a row before the merge commits it. Memory is bounded by the block, not by the input.
"""

import os
import time
from dataclasses import dataclass, field
from itertools import compress

from psycopg import sql
from psycopg.pq import TransactionStatus

from adsplatform.records.checks import NULL, ColumnCheck, as_text, escaped, printable, shown
from adsplatform.records.specification import Column, Entity, entity_named, names_of_entities
from syncs.columns import REMARKS_TOLD, mapped, missing_key, nearest
from syncs.crash_points import passing
from syncs.guarding import is_download, unguarded
from syncs.rows import ABSENT, FileHead, RowProblem, Rows

# The most characters kept of a value and of a raw line in a problem.
VALUE_KEPT, RAW_KEPT = 1_000, 20_000
NAME_KEPT = 255
PROBLEM_COLUMNS = (
    "entity", "kind", "erp_key", "file", "line", "column", "value", "code", "message", "raw_line",
)  # fmt: skip
PROBLEMS_FLUSHED_AT = 2_000
# Unknown texts told of a column of a file.
TEXTS_TOLD = 20


@dataclass
class Staged:
    """One kind of record in the stage: its temporary table, and what is known of its lines."""

    entity: Entity
    lines_read: int = 0
    rejected: int = 0
    # Columns that some line has, and those that every line has.
    ever: set[str] = field(default_factory=set)
    always: set[str] | None = None

    @property
    def table(self) -> sql.Identifier:
        return sql.Identifier(f"stage_{self.entity.model._meta.model_name}")

    @property
    def plan(self) -> sql.Identifier:
        return sql.Identifier(f"plan_{self.entity.model._meta.model_name}")

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
    # A download of rejected lines, in which some cells carry a guard.
    is_download: bool = False


class Stage:
    """Takes rows in, one block at a time; knows afterwards what there is to merge."""

    def __init__(self, cursor):
        self.cursor = cursor
        self.staged: dict[str, Staged] = {}
        # Lines of files that belong to no entity, by file name: all of them rejected.
        self.unknown_files: dict[str, int] = {}
        # Kinds of record of which a file could not be read; an empty name stands for any kind.
        self.unread: set[str] = set()
        self.errors = 0
        # By entity and file.
        self.heads: dict[tuple[str, str], FileHead] = {}
        self._files: dict[tuple, _File] = {}
        self._told: dict[tuple, set[str]] = {}
        self._assumed: dict[str, dict[str, None]] = {}
        self._checks: dict[tuple[str, str], ColumnCheck] = {}
        self._problems: list[tuple] = []
        self._sequence = 0
        # The unknown texts told of, by file and column.
        self._unknown_texts: dict[tuple[str, str], set[str]] = {}
        # The letters of a sheet's columns, by file and column.
        self.letters: dict[tuple[str, str], str] = {}

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

    def add(self, block: Rows | RowProblem | FileHead):
        """Take in a block of rows, a line that could not be read, or what is to be known of a file."""
        if isinstance(block, RowProblem):
            self._add_problem(block)
        elif isinstance(block, FileHead):
            if entity := entity_named(block.name):
                self.heads[entity.name, _name(block.file)] = block
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

    def flush(self):
        """COPY the problems held in memory."""
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
            staged = self.staged[entity.name] = Staged(entity)
            columns = sql.SQL(", ").join(
                sql.SQL("{} {}").format(sql.Identifier(column.name), sql.SQL(column.sql_type))
                for column in entity.columns.values()
            )
            self.cursor.execute(
                sql.SQL(
                    "CREATE TEMP TABLE {} (_seq bigint, _id uuid, _file text, _line bigint, _have bit varying, "
                    "_raw text, {})"
                ).format(staged.table, columns)
            )
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
        columns, texts, gaps = self._columns(block, file)
        self._remark_on_unknown_texts(block, staged, columns, texts)
        have = self._have(staged, columns, gaps, len(block))
        checked, faults = self._check(columns, texts, gaps, staged)
        self._note_assumed(staged.entity, block.file, columns, checked)
        keep = None
        if faults:
            self._reject(block, staged, columns, texts, faults)
            keep = [at not in faults for at in range(len(block))]
            staged.rejected += len(faults)
        self._copy(block, staged, columns, checked, have, keep)

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
                f"{nearest(block.name, names_of_entities())}Name it after one: {', '.join(names_of_entities())}.",
            )  # fmt: skip
            self.unread.add("")
            return _File(None, name, ())
        downloaded = is_download(block.columns)
        names = list(map(unguarded, block.columns)) if downloaded else block.columns
        columns, remarks = mapped(entity, block.file, names)
        for remark in remarks:
            self._tell(block.file, entity.name, remark.code, remark.message, column=remark.column, kind=remark.kind)
        for column, letters in zip(columns, block.letters, strict=False):
            if column:
                self.letters[block.file, column.wire] = letters
        is_unusable = any(remark.kind == "error" for remark in remarks)
        return _File(self.staged_for(entity), name, columns, rejected_whole=is_unusable, is_download=downloaded)

    def _remark_on_unknown_texts(self, block, staged, columns, texts):
        """Say of texts by which records are told apart, once a file and text, that they are not known."""
        for column, cells in zip(columns, texts, strict=True):
            if not column.known_texts:
                continue
            known = {text.casefold() for text in column.known_texts}
            told = self._unknown_texts.setdefault((block.file, column.wire), set())
            for text in sorted(set(cells) - told):
                if not text.strip() or text.casefold() in known or len(told) >= TEXTS_TOLD:
                    continue
                told.add(text)
                at = cells.index(text)
                self._hold(
                    staged.entity.name, "warning", "", block.file, block.lines[at], column.wire, text, "unknown_text",
                    f"{column.wire}: {shown(text)} is none of the texts known here ({', '.join(column.known_texts)}). "
                    "Lines that have it load all the same.", block.raw[at],
                )  # fmt: skip

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
            if file.is_download:
                cells = list(map(unguarded, cells))
            columns.append(column)
            texts.append(cells)
        return columns, texts, gaps

    @staticmethod
    def _have(staged: Staged, columns, gaps, count: int) -> list[str]:
        """A bit a column for each line: whether the line has it."""
        present = {column.name for column in columns}
        whole = present - gaps.keys()
        staged.ever |= present
        staged.always = whole if staged.always is None else staged.always & whole
        names = list(staged.entity.columns)
        if not gaps:
            return ["".join("1" if name in whole else "0" for name in names)] * count
        marks = (
            ["0" if gap else "1" for gap in gaps[name]] if name in gaps else ["01"[name in whole]] * count
            for name in names
        )
        return list(map("".join, zip(*marks, strict=True)))

    def _note_assumed(self, entity, file, columns, checked):
        """Remember which columns the file leaves out, or empty, for which something is assumed."""
        given = {column.name: texts for column, texts in zip(columns, checked, strict=True)}
        for column in entity.columns.values():
            if column.assumed is None:
                continue
            texts = given.get(column.name)
            if column.assumed.product_of:
                # Where there is no amount, nothing is assumed for it.
                amounts = given.get(column.assumed.product_of[0], [])
                found = amounts.count(NULL) < len(amounts)
                if found and texts:
                    found = NULL in texts and any(map(_is_missing, texts, amounts))
            else:
                found = texts is None or NULL in texts
            if found:
                self._assumed.setdefault(file, {})[column.wire] = None

    def _check(self, columns, texts, gaps, staged):
        """COPY texts by column, and the faults of each faulty line by its position in the block."""
        checked, faults = [], {}
        for column, cells in zip(columns, texts, strict=True):
            key = (staged.entity.name, column.name)
            check = self._checks.get(key) or self._checks.setdefault(key, ColumnCheck(column))
            values, at_fault = check.check(cells)
            gap = gaps.get(column.name)
            for at in at_fault:
                if gap and gap[at] and column.name not in staged.entity.key:
                    # A column that a line lacks is not an empty one; the merge looks where it matters.
                    values[at] = NULL
                else:
                    faults.setdefault(at, []).append((column, values[at]))
            checked.append(values)
        return checked, faults

    def _reject(self, block, staged, columns, texts, faults):
        names = [column.name for column in columns]
        keys = texts[names.index("erp_key")] if "erp_key" in names else None
        for at in sorted(faults):
            for column, fault in faults[at]:
                cell = texts[names.index(column.name)][at]
                self._hold(
                    staged.entity.name, "error", keys[at] if keys else "", block.file, block.lines[at], column.wire,
                    cell, fault.code, fault.message, block.raw[at],
                )  # fmt: skip

    def _copy(self, block, staged, columns, checked, have, keep):
        count = len(block)
        texts = [
            map(str, range(self._sequence, self._sequence + count)),
            _ids(count),
            [escaped(_name(block.file))] * count,
            map(str, block.lines),
            have,
            _raw(block.raw),
            *checked,
        ]
        self._sequence += count
        lines = zip(*texts, strict=True)
        if keep is not None:
            lines = compress(lines, keep)
        data = "\n".join(map("\t".join, lines))
        if not data:
            return
        names = ["_seq", "_id", "_file", "_line", "_have", "_raw", *(column.name for column in columns)]
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(staged.table, _identifiers(names))
        with self.cursor.copy(statement) as copy:
            copy.write(data.encode() + b"\n")
            passing("copying")


def check_line(entity: Entity, values: dict[str, str]) -> list[tuple[str, str, str]]:
    """(column, code, sentence) of all that is wrong with a line by itself, by the checks of a sync."""
    columns = {}
    for name, text in values.items():
        if column := entity.by_wire_name.get(name.strip().lower()):
            columns.setdefault(column.name, (column, text))
    found = []
    if missing := missing_key(entity, columns):
        found.append((missing, "required_missing", f"{missing} is missing, but every {entity.singular} needs it."))
    for column, text in columns.values():
        checked, at_fault = ColumnCheck(column).check([text])
        found += [(column.wire, checked[at].code, checked[at].message) for at in at_fault]
    return found


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


def _raw(lines: list[str]) -> list[str]:
    together = "\0".join(lines)
    if together.isascii() and not any(mark in together for mark in "\\\t\n\r") and max(map(len, lines)) <= RAW_KEPT:
        if together.count("\0") == len(lines) - 1:
            return lines
    return [escaped(printable(line[:RAW_KEPT])) for line in lines]


def _is_missing(text, amount) -> bool:
    return text == NULL and amount != NULL


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
