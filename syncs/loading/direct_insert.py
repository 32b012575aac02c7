"""Lines that become records while their source is still being read.

A line that goes through the stage is written twice: there, and in the books. So of a large upload, lines of which it
is certain what becomes of them are copied into the books at once, those of a kind of which the enrollment had no
record, with everything they refer to in the books. All others go through the stage. Where it turns out to be otherwise
in the end, because two lines have the same key, the source is read again without this.

From the first such line on, reading and merging are one transaction. It does not last for hours: only what was
uploaded is loaded in this way, not what is fetched from a system far away.
"""

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import polars as pl
from django.conf import settings
from django.db import DataError, Error, IntegrityError, connection, connections, transaction
from psycopg import sql
from psycopg.pq import TransactionStatus

from adsplatform.records.checks import ColumnCheck
from adsplatform.records.specification import Column, Entity, Lookup
from syncs.loading.context import MergeContext
from syncs.loading.merge.references import records_by_name
from syncs.loading.staging.columnar_blocks import Lines
from syncs.loading.staging.row_hashes import identifies_by_key_only
from syncs.loading.staging.stage import Stage, new_ids
from syncs.loading.staging.tables import StageTable
from syncs.models import SyncRequest

# Of so many records the keys are held, at about 100 bytes each; of more, those that a block names are looked up.
HELD = 100_000
NULL = r"\N"


class DirectInsert:
    """What of a sync is copied into the books while it is read; leaving it commits, or on an exception rolls back."""

    def __init__(self, sync_request: SyncRequest, stage: Stage, cursor, *, is_allowed: bool):
        self.sync_request, self.stage = sync_request, stage
        self.work = MergeContext(cursor, stage, sync_request)
        upload = sync_request.upload
        is_plain = sync_request.total_batches == 1 and not (sync_request.dry_run or sync_request.replay_of_id)
        if is_allowed and is_plain and upload and upload.size >= settings.SYNC_AHEAD_BYTES:
            stage.insert_directly = self.insert
        self._transaction = ExitStack()
        self.is_open = False
        self._may_be_new: dict[str, bool] = {}
        self._keys: dict[str, _Keys] = {}
        self._reporting = ThreadPoolExecutor(1, thread_name_prefix="report")
        self._reported: Future | None = None

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.stage.copy_thread.give_up()
        try:
            self._transaction.__exit__(*exception)
        finally:
            self.is_open = False
            # Only now, for a late report waits for the sync's row, which the transaction may have held.
            if self._reported:
                self._reporting.submit(connections.close_all)
            self._reporting.shutdown()

    # While the source is read.

    def insert(self, staged: StageTable, lines: Lines) -> np.ndarray | None:
        """Make records of those lines of which it is certain what becomes of them; says which, or None for none."""
        entity, frame = staged.entity, lines.frame
        if not self._is_new(entity) or not _is_plain(entity, frame):
            return None
        if not self.is_open:
            self._open()
        references = self._references(entity, frame)
        if references is None:
            return None
        is_certain = _has_all_it_needs(entity, lines) & frame.select(_needs_no_product(entity, frame)).to_numpy()[:, 0]
        for reference, named, ids in references:
            is_certain &= (ids.is_not_null() if reference.required else ids.is_not_null() | named.is_null()).to_numpy()
        count = int(is_certain.sum())
        # Where most lines have to wait anyway, the rest may wait with them.
        self._may_be_new[entity.name] = count >= len(lines) / 2
        if not count:
            return None
        found = {reference.field: ids for reference, _, ids in references}
        records = frame.select(**self._of_every_record(lines), **_values(entity, frame), **found)
        self._copy(staged, records if count == len(records) else records.filter(is_certain))
        return is_certain

    def _is_new(self, entity: Entity) -> bool:
        """Whether the enrollment had no record of the kind, as far as is of use here."""
        if entity.name not in self._may_be_new:
            self.stage.copy_thread.wait()
            # Where the database narrows this user, which it does not where the tables are the user's, it takes no COPY.
            self.work.run(
                "SELECT row_security_active({name}::text) OR EXISTS "
                "(SELECT FROM {records} WHERE app_enrollment_id = %(enrollment)s)",
                name=sql.Literal(entity.table),
                records=sql.Identifier(entity.table),
            )
            self._may_be_new[entity.name] = not self.work.cursor.fetchone()[0]
        return self._may_be_new[entity.name]

    def _open(self):
        self.stage.copy_thread.wait()
        self._transaction.enter_context(transaction.atomic())
        self.is_open = True
        # Before the first record, or a preview that writes the same ones could wait for us and we for it.
        self.sync_request.app_enrollment.lock_books()
        # Where lines are known already, the session has nothing to do for long.
        self.work.run("SET LOCAL idle_in_transaction_session_timeout = 0")
        if connection.pg_version >= 170000:
            self.work.run("SET LOCAL transaction_timeout = 0")
        self.work.run("SELECT now()::text")
        (self._now,) = self.work.cursor.fetchone()

    def _references(self, entity: Entity, frame: pl.DataFrame):
        """(reference, what lines name, the ids that these are known by) of all that lines refer to.

        None where a reference cannot be told by the lines' columns.
        """
        found = []
        for reference in entity.references:
            ways = [lookup for lookup in reference.lookups if lookup.column in frame.columns]
            if len(ways) > 1 or (reference.required and not ways):
                return None
            for lookup in ways:
                if lookup.target not in self._keys:
                    self.stage.copy_thread.wait()
                    self._keys[lookup.target] = _Keys(self.work, lookup)
                named = frame[lookup.column]
                found.append((reference, named, self._keys[lookup.target].ids_of(named)))
        return found

    def _of_every_record(self, lines: Lines) -> dict:
        given = {
            "group_key": self.sync_request.group_key_id,
            "app_enrollment_id": self.sync_request.app_enrollment_id,
            "created": self._now,
            "modified": self._now,
            "created_sync_id": self.sync_request.pk,
            "modified_sync_id": self.sync_request.pk,
        }
        row_hashes = pl.Series(lines.row_hashes or [None] * len(lines), dtype=pl.Binary)
        each = {"id": new_ids(len(lines)), "row_hash": row_hashes.bin.encode("hex")}
        return each | {name: pl.lit(str(value)) for name, value in given.items()}

    def _copy(self, staged: StageTable, records: pl.DataFrame):
        staged.inserted_count += len(records)
        self.stage.totals.add_new(staged.entity, records)
        if keys := self._keys.get(staged.entity.name):
            keys.add(records)
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
            sql.Identifier(staged.entity.table), sql.SQL(", ").join(map(sql.Identifier, records.columns))
        )
        self.stage.copy_thread.add(statement, records, null=NULL)

    def report(self, lines_read: int):
        """Tell how far the sync is; a later call raises WrongStatus if it is another's by then."""
        if not self.is_open:
            # Not at once: to wait for the connection every second would leave a core idle for a fifth of it.
            self.stage.copy_thread.then(partial(self.sync_request.report, lines_read))
            return
        if self._reported:
            self._reported.result()
        # Within the transaction it would lock the sync's row, so that nobody could cancel it.
        self._reported = self._reporting.submit(self._report_apart, lines_read)

    def _report_apart(self, lines_read: int):
        # A report that does not get through is no reason to fail.
        try:
            self.sync_request.report(lines_read)
        except (Error, SyncRequest.DoesNotExist):
            # The next one opens another.
            connection.close()

    # When it has been read.

    def may_have_repeated_a_key(self) -> bool:
        """Whether a row that was inserted at once may have the key of another row, which then counts in its place."""
        return any(staged.inserted_count and staged.may_repeat() for staged in self.stage.staged.values())

    def has_caused(self, error: Exception) -> bool:
        """Whether a sync may have failed only because rows were inserted at once."""
        return self.is_open and isinstance(self.stage.copy_thread.failure or error, IntegrityError | DataError)

    def raise_if_broken(self, error: Exception) -> None:
        """Raise what broke the transaction, if anything did: all that was staged is lost.

        Whatever else went wrong, in the source for instance, may be a consequence.
        """
        if self.is_open and connection.connection.info.transaction_status == TransactionStatus.INERROR:
            raise (self.stage.copy_thread.failure or error) from None

    def take_back(self):
        """Delete every record; what was found out about the lines stays."""
        for staged in self.stage.staged.values():
            if staged.inserted_count:
                self.work.run(
                    "DELETE FROM {records} WHERE app_enrollment_id = %(enrollment)s AND created_sync_id = %(sync)s",
                    records=sql.Identifier(staged.entity.table),
                )

    def roll_back(self):
        """Undo everything, also what was found out about the lines."""
        if self.is_open:
            transaction.set_rollback(True)
            self._transaction.close()
            self.is_open = False


@dataclass
class _Keys:
    """By what id a record of a kind is known, by its key as COPY has it; those copied just now are among them."""

    work: MergeContext
    lookup: Lookup
    # None where there are too many.
    held: pl.DataFrame | None = None
    added: list[pl.DataFrame] = field(default_factory=list)

    def __post_init__(self):
        held = self._read(sql.SQL("true LIMIT {}").format(sql.Literal(HELD + 1)))
        self.held = held if len(held) <= HELD else None

    def add(self, records: pl.DataFrame):
        if self.held is None:
            return
        self.added.append(records.select(key=self.lookup.target_column, id="id"))
        if len(self.held) + sum(map(len, self.added)) > HELD:
            self.held, self.added = None, []

    def ids_of(self, named: pl.Series) -> pl.Series:
        """The ids of the records that lines name; null where there is none, or where it is not certain."""
        if self.added:
            # Of two with the same key, one will not be accepted anyway.
            self.held, self.added = pl.concat([self.held, *self.added]).unique("key", keep="any"), []
        # Written as COPY has it, a key may look like another one.
        named = named.set(named.str.contains("\\", literal=True), None)
        known = self._looked_up(named.drop_nulls().unique()) if self.held is None else self.held
        return named.to_frame("key").join(known, on="key", how="left", maintain_order="left")["id"]

    def _looked_up(self, named: pl.Series) -> pl.DataFrame:
        self.work.stage.copy_thread.wait()
        return self._read(sql.SQL("key = ANY(%(named)s)"), {"named": named.to_list()})

    def _read(self, condition: sql.Composable, values: dict | None = None) -> pl.DataFrame:
        self.work.run(
            "SELECT key, id::text FROM ({records}) r WHERE {condition}",
            values,
            records=records_by_name(self.lookup),
            condition=condition,
        )
        found = pl.DataFrame(schema={"key": pl.String, "id": pl.String})
        while rows := self.work.cursor.fetchmany(10_000):
            found.extend(pl.DataFrame(rows, schema=found.schema, orient="row"))
        return found


def _is_plain(entity: Entity, frame: pl.DataFrame) -> bool:
    """Whether the lines name their own records, and all others, by keys alone."""
    return identifies_by_key_only(entity, set(frame.columns)) and not entity.model.MUST_DIFFER


def _has_all_it_needs(entity: Entity, lines: Lines) -> np.ndarray:
    """Which of the lines have every column that a new record needs."""
    needed = [at for at, column in enumerate(entity.columns.values()) if column.is_needed_where_new]
    has_all = {marks: all(marks[at] == "1" for at in needed) for marks in set(lines.marks)}
    return np.fromiter(map(has_all.get, lines.marks), bool, len(lines))


def _values(entity: Entity, frame: pl.DataFrame) -> dict[str, pl.Expr]:
    """What new records take from their lines, by field: the same as `values.inserts`, but for references."""
    values = {}
    for column in entity.columns.values():
        if column.field and (value := _value(entity, column, frame)) is not None:
            values[column.field] = value
    return values


def _value(entity: Entity, column: Column, frame: pl.DataFrame) -> pl.Expr | None:
    fallback = None
    if column.default is not None:
        fallback = pl.lit(ColumnCheck(column).parse(""))
    elif column.assumed and column.assumed.product_of:
        amount, _ = (entity.columns[name] for name in column.assumed.product_of)
        # Times 1; of other lines, `_needs_no_product` is not true.
        fallback = _value(entity, amount, frame) if amount.name in frame.columns else None
    elif column.assumed:
        fallback = pl.lit(str(column.assumed.constant))
    if column.name not in frame.columns:
        return fallback
    return pl.col(column.name) if fallback is None else pl.col(column.name).fill_null(fallback)


def _needs_no_product(entity: Entity, frame: pl.DataFrame) -> pl.Expr:
    """For which of the lines no amount has to be worked out, for it is given or the rate is 1."""
    needs_none = [pl.lit(True)]
    for column in entity.columns.values():
        if not (column.assumed and column.assumed.product_of):
            continue
        amount, rate = (entity.columns[name] for name in column.assumed.product_of)
        if amount.name in frame.columns:
            is_given = pl.col(column.name).is_not_null() if column.name in frame.columns else pl.lit(False)
            is_one = _value(entity, rate, frame).cast(pl.Float64) == 1
            needs_none.append(is_given | is_one | pl.col(amount.name).is_null())
    return pl.all_horizontal(needs_none)
