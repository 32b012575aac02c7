"""Records inserted while their source is still being read.

To insert a million records takes PostgreSQL longer than they take to be read, and it has little else to do meanwhile.
So lines of which it is certain what becomes of them are inserted some thousands at a time: of a kind of which the
enrollment has no record yet, with everything they refer to in the books. All others are placed when everything has
been read; what turns out to be otherwise then, because a later line has the same key, takes its record back.

From the first such insert on, reading and merging are one transaction. It does not last for hours: only what was
uploaded is loaded in this way, not what is fetched from a system far away.
"""

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial

from django.conf import settings
from django.db import DataError, Error, IntegrityError, connection, connections, transaction
from psycopg import sql
from psycopg.pq import TransactionStatus

from adsplatform.records.specification import Entity, entities
from syncs.known import goes_by_keys
from syncs.merge import inserting
from syncs.models import SyncRequest
from syncs.placing import planned, references_found
from syncs.rejecting import needed_where_new
from syncs.staging import Stage, Staged
from syncs.statements import Work
from syncs.values import lookups_used, too_large_if_new

# So many records are read whole sooner than some thousands of them are looked up.
FEW = 100_000


@dataclass
class _Kind:
    """How far the lines of a kind have been looked at."""

    is_new: bool = True
    is_over: bool = False
    # How many records there were, at its begin, of what it may refer to; counted no further than to tell few from many.
    targets: dict[str, int] = field(default_factory=dict)
    offered: int = 0
    next_number: int = 0


class Ahead:
    """What of a sync is inserted while it is read; leaving it commits, or on an exception rolls back."""

    def __init__(self, sync_request: SyncRequest, stage: Stage, cursor):
        self.sync_request, self.stage = sync_request, stage
        self.work = Work(cursor, stage, sync_request.app_enrollment, sync_request.pk)
        self._is_wanted = bool(
            sync_request.upload_id
            and sync_request.total_batches == 1
            and not (sync_request.dry_run or sync_request.replay_of_id)
        )
        self._transaction = ExitStack()
        self.is_open = False
        self._kinds: dict[str, _Kind] = {}
        self._reporting = ThreadPoolExecutor(1, thread_name_prefix="report")
        self._reported: Future | None = None

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.stage.copying.give_up()
        try:
            self._transaction.__exit__(*exception)
        finally:
            self.is_open = False
            # Only now, for a late report waits for the sync's row, which the transaction may have held.
            if self._reported:
                self._reporting.submit(connections.close_all)
            self._reporting.shutdown()

    @property
    def is_broken(self) -> bool:
        """Whether the transaction, and with it all that was staged in it, is lost."""
        return self.is_open and connection.connection.info.transaction_status == TransactionStatus.INERROR

    # While the source is read.

    def follow(self):
        """Insert what can be, once enough lines wait for it."""
        if self._is_wanted and any(map(self._has_many, self.stage.staged.values())):
            self._go_on()

    def end(self):
        """Insert what can be of the last lines too."""
        if self.is_open:
            self._go_on()

    def report(self, lines_read: int):
        """Tell how far the sync is; a later call raises WrongStatus if it is another's by then."""
        if not self.is_open:
            # Not at once: to wait for the connection every second would leave a core idle for a fifth of it.
            self.stage.copying.then(partial(self.sync_request.report, lines_read))
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

    def _has_many(self, staged: Staged) -> bool:
        kind = self._kinds.get(staged.entity.name) or _Kind()
        return not kind.is_over and staged.copied - kind.offered >= settings.SYNC_AHEAD_LINES

    def _go_on(self):
        """In the order in which the kinds came: what came first may be what others refer to."""
        for staged in list(self.stage.staged.values()):
            if staged.entity.name not in self._kinds:
                self._begin(staged)
            kind = self._kinds[staged.entity.name]
            first, until, count = kind.next_number, self.stage.sequence, staged.copied - kind.offered
            kind.next_number, kind.offered = until, staged.copied
            if not count or kind.is_over:
                continue
            if _is_certain(staged):
                are_few = self._are_few(kind)
                statement = _placing(staged, first, until, one_by_one=not are_few)
                self.stage.copying.then(partial(self._insert, staged, kind, statement, are_few, count, until))
            else:
                kind.is_over = True

    def _begin(self, staged: Staged):
        self.stage.copying.wait()
        is_new = _is_plain(staged) and not self._count(staged.entity, up_to=1)
        kind = self._kinds[staged.entity.name] = _Kind(is_new, is_over=not is_new)
        if not is_new:
            return
        if not self.is_open:
            self._open()
        targets = {lookup.target for reference in staged.entity.references for lookup in reference.lookups}
        kind.targets = {name: self._count(entities()[name], up_to=FEW + 1) for name in targets}
        self.work.run(
            "CREATE TEMP TABLE {plan} ON COMMIT DROP AS {planned} WITH NO DATA",
            plan=staged.plan,
            planned=planned(self.work, staged),
        )
        self.work.run("CREATE TEMP TABLE {late} (_seq bigint) ON COMMIT DROP", late=staged.late)
        self.work.run("CREATE INDEX ON {stage} (_seq)", stage=staged.table)

    def _open(self):
        self._transaction.enter_context(transaction.atomic())
        self.is_open = True
        # Before the first record, or a preview that writes the same ones could wait for us and we for it.
        self.sync_request.app_enrollment.lock_books()
        self.work.run("SET LOCAL work_mem = '128MB'")
        self.work.run("SET LOCAL jit = off")
        # Where lines are known already, the session has nothing to do for long.
        self.work.run("SET LOCAL idle_in_transaction_session_timeout = 0")
        if connection.pg_version >= 170000:
            self.work.run("SET LOCAL transaction_timeout = 0")

    def _count(self, entity: Entity, *, up_to: int) -> int:
        self.work.run(
            "SELECT count(*) FROM (SELECT FROM {records} WHERE app_enrollment_id = %(enrollment)s LIMIT {up_to}) r",
            records=sql.Identifier(entity.table),
            up_to=sql.Literal(up_to),
        )
        (count,) = self.work.cursor.fetchone()
        return count

    def _insert(self, staged: Staged, kind: _Kind, statement, are_few: bool, count: int, until: int):
        if kind.is_over:
            return
        try:
            with transaction.atomic():
                self._allow_loops(not are_few)
                self.work.execute(statement)
        except (IntegrityError, DataError):
            # Two lines have the same key, say. Which of them counts is seen at the end.
            kind.is_over = True
            return
        inserted = count - self.work.cursor.rowcount
        staged.ahead += inserted
        staged.ahead_until = until
        # Where most lines have to wait anyway, the rest may wait with them.
        kind.is_over = inserted < count / 2

    def _are_few(self, kind: _Kind) -> bool:
        """Whether to read all that may be referred to, rather than look up each that is."""
        inserted = (there.ahead for name in kind.targets if (there := self.stage.staged.get(name)))
        return max([*kind.targets.values(), *inserted], default=0) <= FEW

    def _allow_loops(self, are_allowed: bool):
        """The planner has no figures yet of what this transaction has inserted, and takes it for next to nothing."""
        self.work.run("SET LOCAL enable_nestloop = {on}", on=sql.Literal(are_allowed))

    # When it has been read.

    def settle(self):
        """Take back what is not as it seemed."""
        if not self.is_open:
            return
        self._allow_loops(True)
        inserted = [staged for staged in self._begun() if staged.ahead]
        if not all(map(_is_plain, inserted)):
            self.take_back()
            return
        for staged in inserted:
            if not staged.may_repeat():
                continue
            if _goes_by_other_names(staged.entity):
                # Of several records with one name the oldest counts, and its id says which that is.
                self.take_back()
                return
            self._take_back_repeated(staged)
        for staged in self._begun():
            if not staged.ahead:
                self._drop_plan(staged)
                continue
            # So that the planner knows how few they are.
            self.work.run("ANALYZE {late}", late=staged.late)

    def take_back(self):
        """Delete every record inserted ahead; what was found out about the lines stays."""
        for staged in self._begun():
            self.work.run(
                "DELETE FROM {records} WHERE app_enrollment_id = %(enrollment)s AND created_sync_id = %(sync)s",
                records=sql.Identifier(staged.entity.table),
            )
            self._drop_plan(staged)
            staged.ahead = 0

    def roll_back(self):
        """Undo everything, also what was found out about the lines."""
        if self.is_open:
            transaction.set_rollback(True)
            self._transaction.close()
            self.is_open = False

    def _begun(self) -> list[Staged]:
        return [self.stage.staged[name] for name, kind in self._kinds.items() if kind.is_new]

    def _drop_plan(self, staged: Staged):
        self.work.run("DROP TABLE IF EXISTS {plan}, {late}", plan=staged.plan, late=staged.late)

    def _take_back_repeated(self, staged: Staged):
        """Where several lines have the same key, all of them are placed anew, and the last one gets the record's id."""
        parts = {"stage": staged.table, "plan": staged.plan, "records": sql.Identifier(staged.entity.table)}
        self.work.run(
            """
            CREATE TEMP TABLE repeated ON COMMIT DROP AS
            SELECT p._seq, p._id, s.erp_key FROM {plan} p JOIN {stage} s USING (_seq)
            WHERE s.erp_key IN (SELECT erp_key FROM {stage} GROUP BY erp_key HAVING count(*) > 1)
            """,
            **parts,
        )
        staged.ahead -= self.work.cursor.rowcount
        # So that what refers to it goes on doing so.
        self.work.run("UPDATE {stage} s SET _id = x._id FROM repeated x WHERE s.erp_key = x.erp_key", **parts)
        self.work.run("DELETE FROM {records} r USING repeated x WHERE r.id = x._id", **parts)
        self.work.run("DELETE FROM {plan} p USING repeated x WHERE p._seq = x._seq", **parts)
        self.work.run("INSERT INTO {late} SELECT _seq FROM repeated", late=staged.late)
        self.work.run("DROP TABLE repeated")


def _is_plain(staged: Staged) -> bool:
    """Whether its lines name their own records, and all others, by keys alone, so that these tell all there is."""
    return goes_by_keys(staged.entity, staged.ever) and not staged.entity.model.APART


def _goes_by_other_names(entity: Entity) -> bool:
    """Whether something may refer to its records by what several of them may have, such as a code."""
    references = [reference for other in entities().values() for reference in other.references]
    lookups = [lookup for reference in references for lookup in reference.lookups]
    return any(it.target == entity.name and it.target_column not in ("id", *entity.key) for it in lookups)


def _is_certain(staged: Staged) -> bool:
    """Whether nothing is missing that a new record needs."""
    unnamed = [ref for ref in staged.entity.references if ref.required and not lookups_used(staged, ref)]
    return _is_plain(staged) and not needed_where_new(staged) and not unnamed


def _placing(staged: Staged, first: int, until: int, *, one_by_one: bool) -> sql.Composed:
    """Plans and inserts those of the lines that refer to nothing but records, and notes the others as late."""
    found, joins, kept = references_found(staged, {}, one_by_one=one_by_one)
    resolved = [
        sql.SQL("s.{} IS NOT NULL").format(sql.Identifier(reference.field))
        if reference.required
        else sql.SQL("(s.{} IS NOT NULL OR s.{} IS NULL)").format(
            sql.Identifier(reference.field), sql.Identifier(lookup.column)
        )
        for reference in staged.entity.references
        for lookup in lookups_used(staged, reference)
    ]
    return sql.SQL(
        """
        WITH placed AS (
            INSERT INTO {plan}
            SELECT s._seq, s._id, s._id, NULL {kept}, false, 'insert'
            FROM (SELECT s.* {found} FROM {stage} s {joins} WHERE {chosen}) s
            WHERE NOT {too_large} {resolved}
            RETURNING *
        ), inserted AS (
            {inserting} FROM placed p JOIN {stage} s USING (_seq) WHERE {chosen}
        )
        INSERT INTO {late} SELECT s._seq FROM {stage} s WHERE {chosen} EXCEPT SELECT _seq FROM placed
        """
    ).format(
        plan=staged.plan,
        late=staged.late,
        stage=staged.table,
        kept=kept,
        found=found,
        joins=joins,
        chosen=sql.SQL("s._seq BETWEEN {} AND {}").format(sql.Literal(first), sql.Literal(until - 1)),
        too_large=too_large_if_new(staged),
        resolved=sql.SQL(" ").join(sql.SQL("AND {}").format(condition) for condition in resolved),
        inserting=inserting(staged),
    )
