"""The temporary table of one entity: its staged rows, their counts, and facts about them."""

from collections.abc import Collection, Sequence

import polars as pl
from psycopg import sql

from adsplatform.records.checks import escape_for_copy
from adsplatform.records.specification import Entity
from syncs.loading.staging.columnar_blocks import Block, CheckedRows
from syncs.loading.staging.copy_thread import CopyThread
from syncs.loading.staging.duplicate_keys import KeyHashes
from syncs.loading.staging.new_ids import new_ids
from syncs.loading.staging.problem_log import identifiers, storable_name
from syncs.loading.staging.session_tables import SessionTables
from syncs.loading.staging.small_inputs import ANALYZED_FROM

# Rows wait until this much can be copied by one statement.
COPIED_FROM_BYTES = 1_000_000


class StageTable:
    """The staged rows of one entity. Counts include rows that never get here because they need not be merged."""

    def __init__(self, entity: Entity, copy_thread: CopyThread) -> None:
        self.entity = entity
        self.lines_read = 0
        self.rejected = 0
        # Unchanged rows: they are in the books already.
        self.unchanged_count = 0
        # Rows that direct insert has inserted, which only happens if the books had no record of the entity.
        self.inserted_count = 0
        # Columns that some row has, and those that every row has.
        self.ever: set[str] = set()
        self.always: set[str] = set()
        self._has_blocks = False
        # The sets of columns that rows have, as a bit per column, with the number by which a row refers to its set.
        self.column_patterns: dict[str, int] = {}
        # None if the keys of some rows cannot be compared by their text.
        self._keys: KeyHashes | None = KeyHashes()
        self._copy_thread = copy_thread
        # Rows that wait to be copied into the same columns.
        self._waiting: list[pl.DataFrame] = []
        self._waiting_columns: tuple[str, ...] = ()

    @property
    def table(self) -> sql.Identifier:
        return sql.Identifier(self._named("stage"))

    @property
    def plan(self) -> sql.Identifier:
        return sql.Identifier(self._named("plan"))

    def filled_plan(self, tables: SessionTables, references: Sequence[str]) -> sql.Composed:
        """The head of the statement that makes the plan by a SELECT, with these columns of references."""
        return tables.filled(self._copy_thread.cursor, self._named("plan"), identifiers(references))

    def _named(self, kind: str) -> str:
        return f"{kind}_{self.entity.model._meta.model_name}"

    def create(self, tables: SessionTables) -> None:
        """Have the temporary table."""
        self._copy_thread.wait()
        columns = sql.SQL(", ").join(
            sql.SQL("{} {}").format(sql.Identifier(column.name), sql.SQL(column.sql_type))
            for column in self.entity.columns.values()
        )
        of_row = "_seq bigint, _id uuid, _file text, _line bigint, _pattern integer, _hash uuid, {}"
        tables.make(self._copy_thread.cursor, self._named("stage"), sql.SQL(of_row).format(columns))

    def close(self) -> None:
        """Close the files that are outside the database."""
        if self._keys is not None:
            self._keys.close()

    # Rows.

    def note_columns(self, block: Block) -> None:
        """Record which columns the rows of a block have."""
        some = {column.name for column in block.columns}
        every = some - block.gaps.keys()
        self.ever |= some
        self.always = self.always & every if self._has_blocks else every
        self._has_blocks = True

    def note_keys(self, rows: pl.DataFrame) -> None:
        """Record the keys of rows that are not unchanged."""
        if self._keys is None:
            return
        key = self.entity.key
        if key and all(name in rows.columns and self.entity.columns[name].type == "text" for name in key):
            self._keys.add(rows.select(key).hash_rows().to_numpy())
        else:
            self._keys.close()
            self._keys = None

    def may_repeat(self) -> bool:
        """Whether two rows that are not unchanged may have the same key."""
        return self._keys is None or self._keys.may_repeat()

    def add(self, file: str, rows: CheckedRows, numbers: range) -> None:
        """Stage rows; `numbers` are their numbers among all staged rows of the sync."""
        for pattern in set(rows.column_patterns) - self.column_patterns.keys():
            self.column_patterns[pattern] = len(self.column_patterns)
        count = len(rows)
        heads = {
            "_seq": pl.int_range(numbers.start, numbers.stop, eager=True),
            "_id": new_ids(count),
            "_file": pl.repeat(escape_for_copy(storable_name(file)), count, eager=True),
            "_line": pl.Series(rows.lines),
            "_pattern": pl.Series([self.column_patterns[pattern] for pattern in rows.column_patterns]),
            "_hash": pl.Series(rows.row_hashes or [None] * count, dtype=pl.Binary).bin.encode("hex"),
        }
        columns = (*heads, *rows.frame.columns)
        if columns != self._waiting_columns:
            self.flush()
            self._waiting_columns = columns
        # The cells are one column, because they are joined for COPY already.
        cells = pl.Series(rows.copy_lines, dtype=pl.Binary).cast(pl.String)
        self._waiting.append(pl.DataFrame({**heads, "": cells}))
        if sum(frame.estimated_size() for frame in self._waiting) >= COPIED_FROM_BYTES:
            self.flush()

    def flush(self) -> None:
        """Copy the rows that wait."""
        if self._waiting:
            statement = sql.SQL("COPY {} ({}) FROM STDIN (NULL '')").format(
                self.table, identifiers(self._waiting_columns)
            )
            waiting, self._waiting = self._waiting, []
            self._copy_thread.add(statement, pl.concat(waiting))

    def analyze(self) -> None:
        """Collect the planner's statistics: the size of the table, and the columns that it is joined by."""
        if self.lines_read < ANALYZED_FROM:
            return
        named_by = [lookup.column for reference in self.entity.references for lookup in reference.lookups]
        joined = dict.fromkeys(name for name in [*self.entity.key, *named_by] if name in self.entity.columns)
        columns = identifiers(["_seq", "_id", *joined])
        self._copy_thread.cursor.execute(sql.SQL("ANALYZE {} ({})").format(self.table, columns))

    # Facts about the rows.

    def has(self, *columns: str) -> bool:
        """Whether some row has any of the columns."""
        return bool(self.ever.intersection(columns))

    def patterns_with(self, columns: Collection[str]) -> list[int]:
        """The numbers of the column patterns that have any of the columns."""
        at = [place for place, name in enumerate(self.entity.columns) if name in columns]
        return [
            number for pattern, number in self.column_patterns.items() if any(pattern[place] == "1" for place in at)
        ]
