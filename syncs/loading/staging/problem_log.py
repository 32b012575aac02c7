"""What is told of lines and files while they are staged: why a line was left out, and what was assumed of a file.

It is kept in two tables of the session. Where much comes together, the thread that copies puts it there.
"""

from collections import deque

import polars as pl
from psycopg import sql

from adsplatform.records.checks import Fault, printable, quoted
from adsplatform.records.specification import Column
from syncs.loading.staging.columnar_blocks import Block
from syncs.loading.staging.copy_thread import CopyThread
from syncs.loading.staging.header_mapping import REMARKS_TOLD
from syncs.models.results import RAW_KEPT

# The most characters kept of a value, and of a name, in a problem.
VALUE_KEPT, NAME_KEPT = 1_000, 255
PROBLEM_COLUMNS = (
    "entity", "kind", "erp_key", "file", "line", "column", "value", "code", "message", "raw_line",
)  # fmt: skip
FAULTY_COLUMNS = ("entity", "column", "value", "erp_key", "file", "line", "raw_line")
# How many problems are copied together, and how many more may come meanwhile.
PROBLEMS_COPIED_AT = 2_000
# Unknown texts told of a column of a file.
TEXTS_TOLD = 20


class ProblemLog:
    """Holds what there is to tell until it is copied into the tables `staged_problem` and `faulty_reference`."""

    def __init__(self, copy_thread: CopyThread):
        self.copy_thread, self.cursor = copy_thread, copy_thread.cursor
        self.errors = 0
        # What rejected lines refer to, by entity and column: those that are in the table `faulty_reference`.
        self.faulty_references: set[tuple[str, str]] = set()
        self._faulty: deque[tuple] = deque()
        self._problems: deque[tuple] = deque()
        self._told: dict[tuple, set[str]] = {}
        self._assumed: dict[str, dict[str, None]] = {}
        # The unknown texts told of, by file and column.
        self._unknown_texts: dict[tuple[str, str], set[str]] = {}

    def make_tables(self):
        """Make the tables in which it is told."""
        self.cursor.execute(
            """
            CREATE TEMP TABLE staged_problem (
                id bigint GENERATED ALWAYS AS IDENTITY, entity text, kind text, erp_key text, file text, line bigint,
                "column" text, value text, code text, message text, raw_line text, seq bigint
            );
            CREATE TEMP TABLE faulty_reference (
                entity text, "column" text, value text, erp_key text, file text, line bigint, raw_line text
            )
            """
        )

    def tell(self, file, entity, code, message, *, column="", kind):
        """Say something about a file once, and not too much of one kind."""
        told = self._told.setdefault((file, entity, code), set())
        if column in told or len(told) >= REMARKS_TOLD:
            return
        told.add(column)
        if len(told) == REMARKS_TOLD:
            message += f" There are more of these in {file}, which are not listed."
        self.hold(entity, kind, "", file, None, column, "", code, message, "")

    def hold(self, entity, kind, erp_key, file, line, column, value, code, message, raw):
        """Say something about a line, or about a file where there is none."""
        if kind == "error":
            self.errors += 1
        self._problems.append(
            (name_kept(entity), kind, name_kept(erp_key), name_kept(file), line, name_kept(column),
             printable(value[:VALUE_KEPT]), code, printable(message), printable(raw[:RAW_KEPT]))
        )  # fmt: skip
        if len(self._problems) >= 2 * PROBLEMS_COPIED_AT:
            self.flush()
        elif len(self._problems) == PROBLEMS_COPIED_AT:
            self.copy_thread.then(self._copy_problems)

    def tell_assumed(self):
        """Say of each file what was assumed."""
        for file, columns in self._assumed.items():
            if not columns:
                continue
            self.tell(
                file, "", "value_assumed",
                f"{file} leaves out {_listed(list(columns))}. For new records, and where a cell is empty, a rate of "
                "1, and amounts times the rate, were assumed. Add the values if that is not right.",
                kind="warning",
            )  # fmt: skip

    def tell_unknown_texts(self, block: Block):
        """Say of texts by which records are told apart, once a file and text, that they are not known."""
        for column, cells in zip(block.columns, block.cells, strict=True):
            if not column.known_texts:
                continue
            known = {text.casefold() for text in column.known_texts}
            told = self._unknown_texts.setdefault((block.file, column.wire), set())
            texts = set(cells.unique().drop_nulls() if isinstance(cells, pl.Series) else cells)
            # An object is a problem of its own.
            texts -= {*block.texts(column, block.nested.get(column.name, []))}
            for text in sorted(texts - told):
                if not text.strip() or text.casefold() in known or len(told) >= TEXTS_TOLD:
                    continue
                told.add(text)
                at = list(cells).index(text)
                self.hold(
                    block.entity.name, "warning", "", block.file, block.lines[at], column.wire, text, "unknown_text",
                    f"{column.wire}: {quoted(text)} is none of the texts known here ({', '.join(column.known_texts)}). "
                    "Lines that have it load all the same.", block.raw[at],
                )  # fmt: skip

    def note_assumed(self, block: Block, checked: pl.DataFrame, faults: dict[int, list[tuple[Column, Fault]]]):
        """Remember which columns the file leaves out, or empty, for which something is assumed."""
        told = self._assumed.setdefault(block.file, {})
        faulty = {(column.name, at) for at, found in faults.items() for column, _ in found}

        def empty(name):
            if name not in checked.columns:
                return None
            cells = checked[name].is_null()
            for at in [at for of, at in faulty if of == name]:
                cells[at] = False
            return cells

        for column in block.entity.columns.values():
            if column.assumed is None or column.wire in told:
                continue
            is_assumed = empty(column.name)
            if column.assumed.product_of:
                # Where there is no amount, nothing is assumed for it.
                no_amount = empty(column.assumed.product_of[0])
                if no_amount is None:
                    continue
                is_assumed = ~no_amount if is_assumed is None else is_assumed & ~no_amount
            if is_assumed is None or is_assumed.any():
                told[column.wire] = None

    def tell_faults(self, block: Block, faults: dict[int, list[tuple[Column, Fault]]]):
        """Say all that is wrong with lines, and keep what else they refer to, which is to be looked at later."""
        key = block.entity.columns.get("erp_key")
        key = key if key in block.columns else None
        lookups = [lookup for reference in block.entity.references for lookup in reference.lookups if not lookup.when]
        named_by = {lookup.column for lookup in lookups if lookup.target_column != "id"}
        by_own_key = {lookup.column for lookup in lookups
                      if (lookup.target, lookup.target_column) == (block.entity.name, "erp_key")}  # fmt: skip
        naming = [column for column in block.columns if column.name in named_by]
        places = sorted(faults)
        # By column, for to ask for one cell at a time is dear.
        at_issue = [*naming, *([key] if key else []), *(column for found in faults.values() for column, _ in found)]
        texts = {column.name: column for column in at_issue}
        texts = {name: dict(zip(places, block.texts(column, places), strict=True)) for name, column in texts.items()}
        for at in places:
            erp_key = texts[key.name][at] if key else ""
            for column, fault in faults[at]:
                self.hold(
                    block.entity.name, "error", erp_key, block.file, block.lines[at], column.wire,
                    texts[column.name][at], fault.code, fault.message, block.raw[at],
                )  # fmt: skip
            at_fault = {column.name for column, _ in faults[at]}
            for column in naming:
                value = texts[column.name][at]
                names_itself = column.name in by_own_key and value == erp_key
                if value and not names_itself and column.name not in at_fault:
                    self.faulty_references.add((block.entity.name, column.name))
                    self._faulty.append(
                        (block.entity.name, column.name, value, name_kept(erp_key), name_kept(block.file),
                         block.lines[at], printable(block.raw[at][:RAW_KEPT]))
                    )  # fmt: skip

    def flush(self):
        """COPY the problems held in memory, once all before them has been copied."""
        self.copy_thread.wait()
        with self.cursor.db.wrap_database_errors:
            self._copy_problems()

    def _copy_problems(self):
        self._copy_held("staged_problem", PROBLEM_COLUMNS, self._problems)
        self._copy_held("faulty_reference", FAULTY_COLUMNS, self._faulty)

    def _copy_held(self, table: str, columns: tuple[str, ...], held: deque[tuple]):
        # More may be added meanwhile.
        rows = [held.popleft() for _ in range(len(held))]
        if not rows:
            return
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), identifiers(columns))
        try:
            with self.cursor.copy(statement) as copy:
                for row in rows:
                    copy.write_row(row)
        except BaseException:
            held.extendleft(reversed(rows))
            raise


def name_kept(text: str) -> str:
    """A name as the books keep it: every character storable, and not too many."""
    return printable(text[:NAME_KEPT])[:NAME_KEPT]


def identifiers(names) -> sql.Composed:
    """Names of columns as a statement has them, with commas between."""
    return sql.SQL(", ").join(map(sql.Identifier, names))


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
