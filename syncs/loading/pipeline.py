"""One sync, start to finish: the only place where an outcome is decided."""

import logging
import time
from contextlib import ExitStack
from dataclasses import replace

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction

from adsplatform.observability.redaction import mask_secrets, redact
from adsplatform.records.checks import printable
from enrollments.models import secrets_in
from syncs.connectors import connector_named
from syncs.connectors.protocol import ConnectorError, RowProblem, in_larger_blocks
from syncs.crash_points import crash_point
from syncs.loading import retry_policy
from syncs.loading.context import MergeContext, SyncStopped, UnchangedRowsOutdated
from syncs.loading.control_totals import merge_totals
from syncs.loading.direct_insert import DirectInsert, DirectInsertFailed
from syncs.loading.merge import deletes, preview, results, steps
from syncs.loading.merge.references import find_unresolved_references_of_rejected
from syncs.loading.outcome import _check_worth_merging, _complete_entities, _is_to_be_complete
from syncs.loading.source import _source
from syncs.loading.staging.problem_log import Problem
from syncs.loading.staging.stage import Stage
from syncs.models import SeenKey, SyncRequest, SyncResultDetail, WrongStatus

logger = logging.getLogger(__name__)

# How often a running sync tells how far it is, and looks whether it was cancelled.
REPORT_SECONDS = 1.0


def run(sync_request: SyncRequest) -> None:
    """Carry out a sync that has been claimed; whatever happens, it ends finished or in the queue again."""
    try:
        _load_in_the_end(sync_request)
    except WrongStatus as gone:
        # Cancelled or lost meanwhile: the transaction was rolled back, nothing of the sync stays.
        logger.info("Sync %s is %s; nothing of it was kept.", sync_request.pk, gone.now)
    except Exception as error:
        logger.exception("Sync %s broke off; what it had found out about its lines is lost.", sync_request.pk)
        _end_bare(sync_request, error)


def _load_in_the_end(sync_request):
    """Read and load; once more, and with less haste, where a short cut turns out to have been none."""
    # Where each part's keys are remembered, no line is skipped as known.
    skip_known_of = sync_request.app_enrollment_id if sync_request.total_batches == 1 else None
    may_insert_ahead = True
    while True:
        try:
            _attempt(sync_request, skip_known_of, may_insert_ahead)
        except UnchangedRowsOutdated:
            skip_known_of = None
        except DirectInsertFailed:
            may_insert_ahead = False
        else:
            return


def _attempt(sync_request, skip_known_of, may_insert_ahead):
    with connection.cursor() as cursor, Stage(cursor, skip_known_of) as stage:
        with DirectInsert(sync_request, stage, cursor, is_allowed=may_insert_ahead) as direct_insert:
            _load(sync_request, stage, direct_insert, cursor)
        crash_point("after the commit")


def _load(sync_request, stage, direct_insert, cursor):
    try:
        _read(sync_request, stage, direct_insert)
        rejected = stage.rejected_by_entity()
        try:
            _merge(sync_request, stage, direct_insert, cursor)
        except Exception:
            # The merge's own findings were rolled back with it.
            stage.restore_rejected(rejected)
            raise
    except (WrongStatus, UnchangedRowsOutdated, DirectInsertFailed):
        raise
    except Exception as error:
        stage.copy_thread.give_up()
        if retry_policy.has_lost_the_database(error):
            raise
        direct_insert.check_not_broken(error)
        reason = retry_policy.reason_of(error)
        if isinstance(error, ConnectorError):
            # Its sentence may hold what its source told it.
            secrets = secrets_in(sync_request.app_enrollment.credentials)
            reason = replace(reason, message=redact(reason.message, secrets))
        else:
            logger.exception("Sync %s failed.", sync_request.pk)
        if retry_policy.pause_before_next(sync_request, reason) is None:
            _fail(sync_request, stage, direct_insert, cursor, reason.message, reason.code)
        else:
            direct_insert.roll_back()
            _try_again(sync_request, reason)


class _Pace:
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


def _read(sync_request: SyncRequest, stage: Stage, direct_insert: DirectInsert):
    """Stage everything the source holds."""
    connector = connector_named(sync_request.connector)
    pace = _Pace(REPORT_SECONDS)
    with ExitStack() as opened:
        source = _source(sync_request, opened)
        secrets = secrets_in(source.credentials)
        for block in in_larger_blocks(connector.rows(source)):
            if secrets and isinstance(block, RowProblem):
                # A connector's sentence may hold what its source told it.
                block.message = mask_secrets(block.message, secrets)
            stage.add(block)
            crash_point("reading")
            if pace.due():
                direct_insert.report(stage.lines_read)
    stage.finish()
    direct_insert.report(stage.lines_read)
    stage.copy_thread.wait()


@transaction.atomic
def _merge(sync_request: SyncRequest, stage: Stage, direct_insert: DirectInsert, cursor):
    """Everything the sync changes, its counts, its problems and its outcome, in one transaction."""
    sync_request.app_enrollment.lock_books()
    crash_point("merging")
    # The planner's own 4 MB send the lines of a large file through the disk.
    cursor.execute("SET LOCAL work_mem = '128MB'")
    # Compiling a statement of a hundred columns takes longer than most of them run.
    cursor.execute("SET LOCAL jit = off")
    _check_books_stood_still(sync_request, stage)
    parent = sync_request.parent_sync_request_id or sync_request.pk
    in_parts = sync_request.total_batches > 1
    context = MergeContext(cursor, stage, sync_request)
    try:
        direct_insert.check()
        find_unresolved_references_of_rejected(context)
        _check_worth_merging(sync_request, stage)
        steps.place(context)
        _check_worth_merging(sync_request, stage)
        complete = _complete_entities(sync_request, stage, parent)
        deletes.find_missing(context, complete, guarded=not sync_request.allow_deletes)
    except SyncStopped as reason:
        # What was found out about the lines is kept.
        _write_failure(sync_request, stage, direct_insert, cursor, str(reason), reason.code)
        return
    if sync_request.dry_run:
        written = results.write(cursor, sync_request, stage, preview.rehearse(context, sync_request))
        merge_totals.write(cursor, sync_request, stage, loaded=True)
        message = results.summary_of_preview(written, has_unread=bool(stage.unread))
        sync_request.succeed(message, lines_read=stage.lines_read)
        return
    steps.write(context)
    crash_point("written")
    if in_parts and sync_request.current_batch < sync_request.total_batches:
        deletes.remember_seen(context, [name for name in stage.staged if _is_to_be_complete(sync_request, name)])
    elif in_parts:
        SeenKey.objects.filter(parent_sync_request=parent).delete()
    written = results.write(cursor, sync_request, stage, steps.counts(context))
    merge_totals.write(cursor, sync_request, stage, loaded=True)
    results.settle_corrections(cursor, sync_request, loaded=True)
    message = results.summary(written, has_unread=bool(stage.unread))
    # Before the row is locked: what is only looked at on commit could keep a cancel waiting.
    connection.check_constraints()
    crash_point("before the fence")
    sync_request.succeed(message, lines_read=stage.lines_read)
    crash_point("before the commit")


def _check_books_stood_still(sync_request, stage):
    """What is known of the books was read before they were locked."""
    since = SyncRequest.objects.real().filter(
        app_enrollment_id=sync_request.app_enrollment_id,
        status_code=SyncRequest.Status.SUCCESS,
        finished__gte=sync_request.started,
    )
    if any(staged.unchanged_count for staged in stage.staged.values()) and since.exists():
        raise UnchangedRowsOutdated


def _fail(sync_request, stage, direct_insert, cursor, message, code):
    """End a sync whose merge, if it came that far, was rolled back."""
    with transaction.atomic():
        _write_failure(sync_request, stage, direct_insert, cursor, message, code)


def _try_again(sync_request, reason: retry_policy.Reason) -> bool:
    """Put a sync back into the queue if another try may go better."""
    pause = retry_policy.pause_before_next(sync_request, reason)
    if pause is not None:
        sync_request.try_again(printable(reason.message), reason.code, seconds=pause)
    return pause is not None


def _end_bare(sync_request, error):
    """End a sync whose stage is gone, if it has not ended otherwise: as Failed, or back in the queue."""
    reason = retry_policy.reason_of(error)
    if retry_policy.has_lost_the_database(error):
        _settle(lambda: hand_back(sync_request, retry_policy.DATABASE_GONE, "database_gone"))
        return
    _settle(lambda: _try_again(sync_request, reason) or _fail_unread(sync_request, reason.message, reason.code))


def _settle(decide):
    """Have the outcome written, however long the database stays away; it may have been decided meanwhile."""
    while True:
        if not connection.in_atomic_block:
            connection.close()  # The next statement opens another one.
        try:
            decide()
        except WrongStatus as gone:
            logger.info("%s Nothing of it was kept.", gone)
        except (OperationalError, InterfaceError):
            if connection.in_atomic_block:
                raise
            time.sleep(1)
            continue
        return


def hand_back(sync_request, message: str, code: str):
    """Let another worker start again with a sync, without holding it against the sync; but not for ever."""
    if sync_request.fencing_token >= settings.SYNC_MOST_STARTS:
        message = f"It was started {sync_request.fencing_token} times and never ended. Nothing was changed."
        _fail_unread(sync_request, message, code)
    else:
        sync_request.hand_back(message, code, seconds=min(60, retry_policy.backoff(0)))


def give_up_lost(sync_request, *, by_outage: bool):
    """Decide about a sync whose lease has run out."""
    if by_outage:
        hand_back(sync_request, retry_policy.DATABASE_GONE, "database_gone")
        return
    reason = retry_policy.Reason(retry_policy.WORKER_LOST, "worker_lost", transient=True)
    if not _try_again(sync_request, reason):
        _fail_unread(sync_request, reason.message, reason.code)


def give_up_crashed(sync_request):
    """Decide about a sync over which its process died."""
    crashes = sync_request.crash_count + 1
    if crashes >= settings.SYNC_CRASHES:
        _fail_unread(sync_request, retry_policy.set_aside(crashes), "stopped_worker", has_crashed=True)
        return
    sync_request.try_again(
        retry_policy.WORKER_STOPPED,
        "worker_stopped",
        seconds=retry_policy.backoff(sync_request.crash_count),
        has_crashed=True,
    )


@transaction.atomic
def _fail_unread(sync_request, message: str, code: str, **values):
    """End a sync as Failed of which nothing is known but why."""
    sync_request.fail(message, code, **values)
    SyncResultDetail.objects.create(
        sync_request=sync_request,
        group_key_id=sync_request.group_key_id,
        kind=SyncResultDetail.Kind.ERROR,
        code=code,
        message=message,
    )


def _write_failure(sync_request, stage, direct_insert, cursor, message, code):
    """End a sync as Failed, with every problem found until then; no record is changed."""
    direct_insert.take_back()
    message = printable(message)
    file = sync_request.upload.file_name if sync_request.upload else ""
    stage.problem_log.add_for_file(Problem(entity=file, file=file, code=code, message=message))
    stage.problem_log.flush()
    counts = {name: results.counts_of_failure(staged) for name, staged in stage.staged.items()}
    results.write(cursor, sync_request, stage, counts)
    merge_totals.write(cursor, sync_request, stage, loaded=False)
    results.settle_corrections(cursor, sync_request, loaded=False)
    sync_request.fail(message, code, lines_read=stage.lines_read)
