"""The problems of a sync, in a temporary table: why rows were left out, and remarks on files.

Problems wait in memory until there are many of them; then the COPY thread writes them to the table.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import NamedTuple

from django.db.backends.utils import CursorWrapper
from psycopg import sql

from adsplatform.records.checks import printable
from adsplatform.visible_text import sentence
from syncs.loading.staging.copy_thread import CopyThread
from syncs.loading.staging.header_mapping import REMARKS_LISTED
from syncs.loading.staging.session_tables import SessionTables
from syncs.models.results import RAW_LENGTH

# The most characters stored of a value, and of a name, in a problem.
VALUE_LENGTH, NAME_LENGTH = 1_000, 255
# How many problems are copied together. The same number may follow before that COPY is waited for.
PROBLEMS_COPIED_AT = 2_000


# Not frozen: a file may have a million problems, and a frozen object takes longer to make.
@dataclass(slots=True, kw_only=True)
class Problem:
    """One problem of a row, or of a file if `line` is None. Its fields are the columns of `staged_problem`."""

    entity: str
    kind: str = "error"
    erp_key: str = ""
    file: str = ""
    line: int | None = None
    column: str = ""
    value: str = ""
    code: str
    message: str
    raw_line: str = ""
    # The number of a staged row, whose raw line is added when the results are written.
    seq: int | None = None


PROBLEM_COLUMNS = tuple(field.name for field in fields(Problem))


class RejectedReference(NamedTuple):
    """A record that a rejected row refers to. Its fields are the columns of `rejected_reference`."""

    entity: str
    column: str
    value: str
    erp_key: str
    file: str
    line: int
    raw_line: str


class ProblemLog:
    """Collects problems and writes them to the table `staged_problem`."""

    def __init__(self, copy_thread: CopyThread) -> None:
        self.copy_thread, self.cursor = copy_thread, copy_thread.cursor
        # The number of errors, including those that the merge finds.
        self.errors = 0
        # Whether there may be any problem, including what the merge finds, and any but warnings about files.
        self.has_any = self.has_others_than_remarks = False
        # The (entity, column) pairs that occur in the table `rejected_reference`.
        self.rejected_references: set[tuple[str, str]] = set()
        self._problems = _Queue("staged_problem", PROBLEM_COLUMNS)
        self._references = _Queue("rejected_reference", RejectedReference._fields)
        self._columns_listed: dict[tuple[str, str, str], set[str]] = {}

    def make_tables(self, tables: SessionTables) -> None:
        """Have the temporary tables that problems are written to."""
        self._problems.make_table(self.cursor, tables, "id bigint GENERATED ALWAYS AS IDENTITY")
        self._references.make_table(self.cursor, tables)

    def add(self, problem: Problem) -> None:
        """Log a problem."""
        self.has_any = True
        self.has_others_than_remarks |= problem.kind != "warning" or problem.line is not None
        if problem.kind == "error":
            self.errors += 1
        self._problems.rows.append(_storable(problem))
        if len(self._problems.rows) >= 2 * PROBLEMS_COPIED_AT:
            self.flush()
        elif len(self._problems.rows) == PROBLEMS_COPIED_AT:
            self.copy_thread.then(self._copy)

    def add_for_file(self, problem: Problem) -> None:
        """Log a problem of a file, once per column, and no more than REMARKS_LISTED of one code."""
        listed = self._columns_listed.setdefault((problem.file, problem.entity, problem.code), set())
        if problem.column in listed or len(listed) >= REMARKS_LISTED:
            return
        listed.add(problem.column)
        if len(listed) == REMARKS_LISTED:
            more = f" There are more of these in {problem.file}, which are not listed."
            problem = replace(problem, message=problem.message + more)
        self.add(problem)

    def add_reference(self, reference: RejectedReference) -> None:
        """Log a reference of a rejected row: the merge checks whether its target exists."""
        self.rejected_references.add((reference.entity, reference.column))
        entity, column, value, erp_key, file, line, raw_line = reference
        storable_line = printable(raw_line[:RAW_LENGTH])
        self._references.rows.append(
            (entity, column, value, storable_name(erp_key), storable_name(file), line, storable_line)
        )

    def flush(self) -> None:
        """Write all problems that wait, after the rows that were to be copied before them."""
        self.copy_thread.wait()
        with self.cursor.db.wrap_database_errors:
            self._copy()

    def _copy(self) -> None:
        self._problems.copy(self.cursor)
        self._references.copy(self.cursor)


class _Queue:
    """Rows that wait to be copied into a temporary table."""

    def __init__(self, table: str, columns: Sequence[str]) -> None:
        self.name, self.table, self.columns = table, sql.Identifier(table), columns
        self.rows: deque[tuple[str | int | None, ...]] = deque()

    def make_table(self, cursor: CursorWrapper, tables: SessionTables, *more: str) -> None:
        types = {name: "bigint" if name in ("line", "seq") else "text" for name in self.columns}
        columns = [sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(type)) for name, type in types.items()]
        columns += [sql.SQL("{}").format(sql.SQL(column)) for column in more]
        tables.make(cursor, self.name, sql.SQL(", ").join(columns))

    def copy(self, cursor: CursorWrapper) -> None:
        # Others may be appended at the same time, by another thread.
        rows = [self.rows.popleft() for _ in range(len(self.rows))]
        if not rows:
            return
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(self.table, identifiers(self.columns))
        try:
            with cursor.copy(statement) as copy:
                for row in rows:
                    copy.write_row(row)
        except BaseException:
            self.rows.extendleft(reversed(rows))
            raise


def _storable(problem: Problem) -> tuple[str | int | None, ...]:
    """The problem as a row of its table: every character valid, no text too long."""
    return (
        storable_name(problem.entity),
        problem.kind,
        storable_name(problem.erp_key),
        storable_name(problem.file),
        problem.line,
        storable_name(problem.column),
        printable(problem.value[:VALUE_LENGTH]),
        problem.code,
        printable(sentence(problem.message)),
        printable(problem.raw_line[:RAW_LENGTH]),
        problem.seq,
    )


def insert_problems(last_column: str = "seq") -> sql.Composed:
    """The head of an INSERT … SELECT of problems, which selects the columns in their order.

    The last one is either the number of the staged row (`seq`) or its raw line (`raw_line`).
    """
    return sql.SQL("INSERT INTO staged_problem ({})").format(identifiers((*PROBLEM_COLUMNS[:-2], last_column)))


def storable_name(text: str) -> str:
    """A name as the database can store it: no more than NAME_LENGTH characters, all of them valid."""
    return printable(text[:NAME_LENGTH])[:NAME_LENGTH]


def identifiers(names: Iterable[str]) -> sql.Composed:
    """The names of columns, separated by commas."""
    return sql.SQL(", ").join(map(sql.Identifier, names))
