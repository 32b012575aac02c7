"""Direct insert: rows become records while their source is still being read.

A row that goes through the stage is written twice, there and in the books. So the rows of a large upload, and those of
another system that yields them fast, are copied straight into the books if they are certain to become new records: the
enrollment had no record of their kind, and the books have everything that they refer to. All other rows go through the
stage. If that proves wrong in the end, because two rows have the same key, the source is read again without direct
insert.

From the first such row on, reading and merging are one transaction. It must not wait for another system, so it is given
up, and the source read again, if that becomes slow.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from functools import cache
from types import TracebackType
from typing import NamedTuple, Self

import numpy as np
import polars as pl
from django.conf import settings
from django.db import DataError, IntegrityError, connection, transaction
from numpy.typing import NDArray
from psycopg import sql
from psycopg.pq import TransactionStatus

from adsplatform.records.checks import escape_for_copy
from adsplatform.records.specification import Entity, Lookup, ReferenceTo, entities
from syncs.loading.context import MergeContext
from syncs.loading.direct_values import needs_no_product, values_of_new_records
from syncs.loading.merge.references import is_by_unique_key, records_by_name
from syncs.loading.progress import ProgressReporter
from syncs.loading.source_pace import SourcePace
from syncs.loading.staging.columnar_blocks import CheckedRows
from syncs.loading.staging.new_ids import new_ids
from syncs.loading.staging.problem_log import identifiers, storable_name
from syncs.loading.staging.row_hashes import identifies_by_key_only
from syncs.loading.staging.tables import StageTable
from syncs.models import SyncRequest

# The most keys of a kind of record that are cached in memory, at about 100 bytes each. If there are more, the keys that
# a block refers to are looked up.
MOST_KEYS = 100_000
NULL = r"\N"


class SourceSlowedDown(Exception):
    """A source that was fast is not any more, and the transaction must not wait for it."""


class DirectInsert:
    """Inserts rows of a sync directly. On exit the inserts are committed, or rolled back after an error."""

    def __init__(self, context: MergeContext, progress: ProgressReporter, *, is_allowed: bool) -> None:
        self.context, self.progress = context, progress
        self._stage, self._sync_request = context.stage, context.sync_request
        if is_allowed and _is_worthwhile(self._sync_request):
            self._stage.splitter.inserter = self
        # Of a source that is another system.
        self.pace = None if self._sync_request.upload else SourcePace()
        self._transaction = ExitStack()
        self._is_open = False
        # The entities that have inserted records; and by entity, whether direct insert is worth trying.
        self._inserted: dict[str, StageTable] = {}
        self._is_worth_trying: dict[str, bool] = {}
        self._keys: dict[str, _Keys] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stage.copy_thread.give_up()
        try:
            self._transaction.__exit__(kind, error, traceback)
        finally:
            self._is_open = False

    # While the source is read.

    def insert(self, staged: StageTable, file: str, rows: CheckedRows) -> NDArray[np.bool_] | None:
        """Insert the rows that are certain to become new records; returns which, or None for none."""
        entity, frame = staged.entity, rows.frame
        if self._is_open and self.pace and self.pace.is_too_slow:
            raise SourceSlowedDown
        if not self._may_insert(entity) or not _refers_by_keys_only(entity, frame):
            return None
        if not self._is_open:
            self._begin()
        references = self._references(entity, frame)
        if references is None:
            return None
        is_certain: NDArray[np.bool_] = _has_all_needed(entity, rows)
        is_certain &= frame.select(needs_no_product(entity, frame)).to_numpy()[:, 0]
        for found in references:
            is_certain &= found.is_certain()
        count = int(is_certain.sum())
        # If most rows have to wait for the merge, the others may as well wait too.
        self._is_worth_trying[entity.name] = count >= len(rows) / 2
        if not count or (count < len(rows) and _has_other_names(entity.name)):
            return None
        records = frame.select(
            **self._own_values(rows),
            **values_of_new_records(entity, frame),
            **{found.reference.field: found.ids for found in references},
        )
        self._copy(staged, file, records if count == len(records) else records.filter(is_certain))
        return is_certain

    def _may_insert(self, entity: Entity) -> bool:
        """Whether the enrollment had no record of the entity, and inserting is worth trying."""
        if (self.pace and not self.pace.is_fast) or entity.name in self._stage.gone.named:
            return False
        if entity.name not in self._is_worth_trying:
            self._stage.copy_thread.wait()
            # PostgreSQL allows COPY into a table with row-level security only for the table's owner.
            (has_records,) = self.context.row(
                "SELECT row_security_active({name}::text) OR EXISTS "
                "(SELECT FROM {records} WHERE app_enrollment_id = %(enrollment)s)",
                name=sql.Literal(entity.table),
                records=sql.Identifier(entity.table),
            )
            self._is_worth_trying[entity.name] = not has_records
        return self._is_worth_trying[entity.name]

    def _begin(self) -> None:
        self._stage.copy_thread.wait()
        self._transaction.enter_context(transaction.atomic())
        self._is_open = True
        self.progress.use_own_connection()
        # Taken before the first record is written: otherwise a preview that writes the same records and we could wait
        # for each other.
        self.context.enrollment.lock_books()
        # While unchanged rows are skipped, the session may be idle for long.
        self.context.run("SET LOCAL idle_in_transaction_session_timeout = 0")
        if connection.connection.info.server_version >= 170000:
            self.context.run("SET LOCAL transaction_timeout = 0")

    def _references(self, entity: Entity, frame: pl.DataFrame) -> "list[_FoundReference] | None":
        """The references of the rows; None if one takes more than one column, or a required one is missing."""
        found = []
        for reference in entity.references:
            lookups = [lookup for lookup in reference.lookups if lookup.column in frame.columns]
            if len(lookups) > 1 or (reference.required and not lookups):
                return None
            for lookup in lookups:
                if lookup.target not in self._keys:
                    self._stage.copy_thread.wait()
                    self._keys[lookup.target] = _Keys(self.context, lookup)
                named = frame[lookup.column]
                found.append(_FoundReference(reference, named, self._keys[lookup.target].ids_of(named)))
        return found

    def _own_values(self, rows: CheckedRows) -> dict[str, pl.Series]:
        """The values of each row that do not come from its cells."""
        row_hashes = pl.Series(rows.row_hashes or [None] * len(rows), dtype=pl.Binary).bin.encode("hex")
        return {"id": new_ids(len(rows)), "row_hash": row_hashes, "modified_line": pl.Series(rows.lines)}

    def _values_of_all(self, file: str) -> dict[str, str]:
        """The values that all rows of a file have. When a record was created is the database's default."""
        return {
            "group_key": str(self._sync_request.group_key_id),
            "app_enrollment_id": str(self._sync_request.app_enrollment_id),
            "created_sync_id": str(self._sync_request.pk),
            "modified_sync_id": str(self._sync_request.pk),
            "modified_file": escape_for_copy(storable_name(file)),
        }

    def _copy(self, staged: StageTable, file: str, records: pl.DataFrame) -> None:
        self._inserted[staged.entity.name] = staged
        self._stage.totals.add_new(staged.entity, records)
        if keys := self._keys.get(staged.entity.name):
            keys.add(records)
        of_all = self._values_of_all(file)
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
            sql.Identifier(staged.entity.table), identifiers([*records.columns, *of_all])
        )
        # Several cells in one column: writing it takes no longer than writing one.
        together = pl.lit("\t".join(of_all.values())).alias("values of all")
        self._stage.copy_thread.add(statement, records.with_columns(together), null=NULL)

    # After the source has been read.

    def may_have_repeated_a_key(self) -> bool:
        """Whether an inserted row may have the key of another row, or of a record that the source says is gone.

        Only what the source says last of a key counts.
        """
        gone = self._stage.gone.named
        return any(staged.may_repeat() or name in gone for name, staged in self._inserted.items())

    def has_caused(self, error: Exception) -> bool:
        """Whether the error may be due to rows that should not have been inserted directly."""
        causes = IntegrityError | DataError | SourceSlowedDown
        return self._is_open and isinstance(self._stage.copy_thread.failure or error, causes)

    def raise_if_broken(self, error: Exception) -> None:
        """Raise the error that broke the transaction, if any: everything staged is lost.

        Other errors, of the source for instance, may be consequences of it.
        """
        if self._is_open and connection.connection.info.transaction_status == TransactionStatus.INERROR:
            raise (self._stage.copy_thread.failure or error) from None

    def take_back(self) -> None:
        """Delete all inserted records; the problems found in the rows stay."""
        for staged in self._inserted.values():
            self.context.run(
                "DELETE FROM {records} WHERE app_enrollment_id = %(enrollment)s AND created_sync_id = %(sync)s",
                records=sql.Identifier(staged.entity.table),
            )

    def roll_back(self) -> None:
        """Undo everything since the first insert, including the problems found in the rows."""
        if self._is_open:
            transaction.set_rollback(True)
            self._transaction.close()
            self._is_open = False


class _FoundReference(NamedTuple):
    """The keys that rows have for one reference, and the ids of the records with these keys; null if unknown."""

    reference: ReferenceTo
    named: pl.Series
    ids: pl.Series

    def is_certain(self) -> NDArray[np.bool_]:
        """For each row, whether the reference is found, or may be left empty."""
        is_found = self.ids.is_not_null()
        return (is_found if self.reference.required else is_found | self.named.is_null()).to_numpy()


class _Keys:
    """The keys of a kind of record, as COPY texts, with the ids of their records, just inserted ones included."""

    def __init__(self, context: MergeContext, lookup: Lookup) -> None:
        self.context, self.lookup = context, lookup
        # None if there are too many.
        self._ids: pl.DataFrame | None = None
        self._added: list[pl.DataFrame] = []
        ids = self._read(sql.SQL("true LIMIT {}").format(sql.Literal(MOST_KEYS + 1)))
        if len(ids) <= MOST_KEYS:
            self._ids = ids

    def add(self, records: pl.DataFrame) -> None:
        """Add records that have just been inserted."""
        if self._ids is None:
            return
        self._added.append(records.select(key=self.lookup.target_column, id="id"))
        if len(self._ids) + sum(map(len, self._added)) > MOST_KEYS:
            self._ids, self._added = None, []

    def ids_of(self, named: pl.Series) -> pl.Series:
        """The ids of the records with these keys; null where there is none, or where it is not certain."""
        if self._ids is not None and self._added:
            # If two records have the same key, PostgreSQL rejects one of them.
            self._ids, self._added = pl.concat([self._ids, *self._added]).unique("key", keep="any"), []
        # A key that is escaped for COPY may look like another one.
        named = named.set(named.str.contains("\\", literal=True), None)
        ids = self._look_up(named.drop_nulls().unique()) if self._ids is None else self._ids
        return named.to_frame("key").join(ids, on="key", how="left", maintain_order="left")["id"]

    def _look_up(self, named: pl.Series) -> pl.DataFrame:
        self.context.stage.copy_thread.wait()
        return self._read(sql.SQL("key = ANY(%(named)s)"), {"named": named.to_list()})

    def _read(self, condition: sql.Composable, values: Mapping[str, list[str]] | None = None) -> pl.DataFrame:
        self.context.run(
            "SELECT key, id::text FROM ({records}) r WHERE {condition}",
            values,
            records=records_by_name(self.lookup),
            condition=condition,
        )
        found = pl.DataFrame(schema={"key": pl.String, "id": pl.String})
        while rows := self.context.cursor.fetchmany(10_000):
            found.extend(pl.DataFrame(rows, schema=found.schema, orient="row"))
        return found


def _is_worthwhile(sync_request: SyncRequest) -> bool:
    """Whether the sync loads a large upload or another system: no preview, no replay, not one of several parts."""
    is_ordinary = sync_request.total_batches == 1 and not (sync_request.dry_run or sync_request.replay_of_id)
    upload = sync_request.upload
    return is_ordinary and (upload is None or upload.size >= settings.SYNC_AHEAD_BYTES)


def _refers_by_keys_only(entity: Entity, frame: pl.DataFrame) -> bool:
    """Whether the rows identify their own records, and those they refer to, by keys alone."""
    return identifies_by_key_only(entity, set(frame.columns)) and not entity.model.MUST_DIFFER


@cache
def _has_other_names(name: str) -> bool:
    """Whether records refer to those of the entity by a name that several may have, of which the oldest counts.

    Then the rows of a block are inserted all or none, so that their ids are in the order of the input.
    """
    lookups = [lookup for entity in entities().values() for to in entity.references for lookup in to.lookups]
    return any(
        lookup.target == name and lookup.target_column != "id" and not is_by_unique_key(lookup) for lookup in lookups
    )


def _has_all_needed(entity: Entity, rows: CheckedRows) -> NDArray[np.bool_]:
    """For each row, whether it has every column that a new record requires."""
    needed = [at for at, column in enumerate(entity.columns.values()) if column.is_needed_where_new]
    has_all = {pattern: all(pattern[at] == "1" for at in needed) for pattern in set(rows.column_patterns)}
    return np.fromiter(map(has_all.__getitem__, rows.column_patterns), bool, len(rows))
