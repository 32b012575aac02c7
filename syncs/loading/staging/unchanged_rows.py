"""Rows that are in the books already, recognised by their row hash, so that they are not staged again.

A record stores the hash of the row that it was last written from (`Record.row_hash`). A row with that hash would change
nothing: every write of a record also writes its hash, and the hash covers the columns of the row, their values and the
rules by which a row becomes a record. If the books have changed since the hashes were read, or two rows are about one
record, the source is read again without skipping any row.
"""

from collections.abc import Iterator, Sequence
from itertools import compress
from uuid import UUID

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg import sql

from adsplatform.records.specification import Entity
from syncs.loading.staging import hash_index
from syncs.loading.staging.columnar_blocks import Block
from syncs.loading.staging.copy_thread import CopyThread
from syncs.loading.staging.hash_index import HashIndex
from syncs.loading.staging.row_hashes import CONTENT_BYTES, RowHasher


class UnchangedRows:
    """Finds the rows that one enrollment's records were last written from; none if `app_enrollment_id` is None."""

    def __init__(self, copy_thread: CopyThread, app_enrollment_id: UUID | None) -> None:
        self.copy_thread, self.app_enrollment_id = copy_thread, app_enrollment_id
        self._indexes: dict[str, HashIndex] = {}
        # Whether two rows matched the same record. Only the merge can decide which of them counts.
        self.has_duplicates = False

    def may_include(self, entity: Entity) -> bool:
        """Whether any row of the entity may be unchanged."""
        if self.app_enrollment_id is None:
            return False
        if entity.name not in self._indexes:
            self._indexes[entity.name] = HashIndex(self._read(entity))
        return self._indexes[entity.name].count > 0

    def find(self, entity: Entity, row_hashes: Sequence[bytes]) -> NDArray[np.bool_] | None:
        """For each row, whether it is unchanged; None if none is."""
        if not row_hashes or not self.may_include(entity):
            return None
        is_unchanged, is_repeated = self._indexes[entity.name].match(row_hashes)
        self.has_duplicates |= is_repeated
        return is_unchanged if is_unchanged.any() else None

    def split_block(
        self, block: Block, hasher: RowHasher, is_excepted: NDArray[np.bool_] | None = None
    ) -> tuple[Block, Block | None]:
        """The other rows and the unchanged ones, before any cell is checked.

        It only finds rows whose text is also their line of COPY, which holds for most rows if anything is unchanged.
        `is_excepted` are rows that have to be checked in any case.
        """
        if not block.is_ready_to_copy or not self.may_include(block.entity):
            return block, None
        is_delimited = np.ones(len(block), bool)
        is_delimited[list(block.not_delimited)] = False
        if is_excepted is not None:
            is_delimited &= ~is_excepted
        lines = list(compress(block.delimited_lines, is_delimited))
        found = self.find(block.entity, hasher.of_lines(lines, [column.name for column in block.columns]))
        if found is None:
            return block, None
        is_unchanged = np.zeros(len(block), bool)
        is_unchanged[is_delimited] = found
        return block.filter(~is_unchanged), block if is_unchanged.all() else block.filter(is_unchanged)

    def has_matched_any(self, entity: Entity, row_hashes: sql.Composable) -> bool:
        """Whether an unchanged row has one of the row hashes that a query selects as `row_hash`."""
        index = self._indexes.get(entity.name)
        if index is None:
            return False
        # All of them are fetched, so that the connection is free afterwards.
        has_matched = [index.has_matched(part) for part in self._parts(row_hashes)]
        return any(has_matched)

    def unmatched(self, entity: Entity) -> sql.Composable:
        """A condition: no unchanged row is about the record `r`. It uses a temporary table that lasts until commit."""
        if entity.name not in self._indexes:
            return sql.SQL("true")
        table, cursor = sql.Identifier(f"unmatched_{entity.model._meta.model_name}"), self.copy_thread.cursor
        cursor.execute(sql.SQL("CREATE TEMP TABLE {} (content bytea) ON COMMIT DROP").format(table))
        with cursor.copy(sql.SQL("COPY {} FROM STDIN").format(table)) as copy:
            for content in self._indexes[entity.name].unmatched():
                copy.write_row([content])
        cursor.execute(sql.SQL("ANALYZE {}").format(table))
        return sql.SQL("(r.row_hash IS NULL OR {} IN (SELECT content FROM {}))").format(
            _content(sql.SQL("r.row_hash")), table
        )

    def _read(self, entity: Entity) -> Iterator[bytes]:
        self.copy_thread.wait()
        # One more than the capacity of an index shows that there are too many.
        return self._parts(
            sql.SQL("SELECT row_hash FROM {} WHERE app_enrollment_id = {} AND row_hash IS NOT NULL LIMIT {}").format(
                sql.Identifier(entity.table),
                sql.Literal(self.app_enrollment_id),
                sql.Literal(hash_index.CAPACITY + 1),
            )
        )

    def _parts(self, row_hashes: sql.Composable) -> Iterator[bytes]:
        """The contents of selected row hashes, grouped by their first byte."""
        # Without OFFSET, PostgreSQL would compute each content twice.
        select = sql.SQL(
            "SELECT string_agg(content, '') FROM (SELECT {} AS content FROM ({}) h OFFSET 0) c "
            "GROUP BY get_byte(content, 0)"
        ).format(_content(sql.SQL("row_hash")), row_hashes)
        with psycopg.Cursor(self.copy_thread.cursor.connection) as cursor:
            # Part by part, because all of them at once would take as much memory again.
            yield from (part for (part,) in cursor.stream(select, binary=True))


def has_other_rules(row_hash: sql.Composable, other: sql.Composable) -> sql.Composed:
    """A condition: the two row hashes come from different rules, or the first one is null."""
    rules = sql.SQL("substring(uuid_send({}) FROM {})")
    start = sql.Literal(CONTENT_BYTES + 1)
    return sql.SQL("({} IS NULL OR {} <> {})").format(
        row_hash, rules.format(row_hash, start), rules.format(other, start)
    )


def _content(row_hash: sql.Composable) -> sql.Composed:
    return sql.SQL("substring(uuid_send({}) FOR {})").format(row_hash, sql.Literal(CONTENT_BYTES))
