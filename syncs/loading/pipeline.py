"""Runs one sync from start to finish; the only place where an outcome is decided."""

import logging
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction

from adsplatform.observability.redaction import mask_secrets, redact
from adsplatform.records.checks import printable
from adsplatform.visible_text import sentence
from enrollments.connection_state import mark_disconnected
from enrollments.models import FILE_UPLOAD, JSON_BATCH, secrets_in
from syncs.connectors.blocks import combine_blocks
from syncs.connectors.protocol import DISCONNECTED, ConnectorError, RowProblem
from syncs.crash_points import crash_point
from syncs.loading import outcome, repeated_inputs, retry_policy, source_states
from syncs.loading.context import MergeContext
from syncs.loading.control_totals import merge_totals
from syncs.loading.direct_insert import DirectInsert
from syncs.loading.files_put_away import put_away_files
from syncs.loading.helper import EnrollmentHelper
from syncs.loading.merge import assumed_values, deletes, gone, preview, results, steps
from syncs.loading.merge.unresolved_references import find_unresolved_references_of_rejected
from syncs.loading.profiled_files import translator_for
from syncs.loading.progress import Interval, ProgressReporter, check_claim
from syncs.loading.source import kinds_expected, open_source, profiles_of, reads_files
from syncs.loading.staging.column_styles import ColumnStyles
from syncs.loading.staging.problem_log import Problem
from syncs.loading.staging.session_tables import SessionTables
from syncs.loading.staging.small_inputs import is_compared
from syncs.loading.staging.stage import Stage
from syncs.loading.verdict import Loaded, ReadAgain, RetryLater, Shortcut, Stopped, Verdict
from syncs.models import SeenKey, SyncRequest, SyncResultDetail, WrongStatus
from syncs.presentation.sync_summary import preview_message, result_message
from syncs.reading.client import items_of

logger = logging.getLogger(__name__)

# How often a running sync reports its progress and finds out whether it was cancelled.
REPORT_SECONDS = 1.0
# For how many seconds a sync whose session was ended waits to find out whether it was cancelled.
PATIENCE = 0.5


def run(sync_request: SyncRequest, tables: SessionTables | None = None) -> bool:
    """Carry out a claimed sync; whatever happens, it ends finished or in the queue again.

    Returns whether its data were loaded and all went well, so that its process and session may be used for another one,
    for which `tables` are left without a row.
    """
    shortcuts, styles = set(Shortcut), ColumnStyles()
    # The keys of each part of several are stored for the deletes after the last one, so every row has to be staged.
    if sync_request.total_batches > 1 or is_compared(sync_request.upload):
        shortcuts.discard(Shortcut.SKIP_UNCHANGED_ROWS)
    try:
        if repeated_inputs.end_if_repeated(sync_request):
            return True
        while isinstance(verdict := _load_once(sync_request, shortcuts, styles, tables), ReadAgain):
            shortcuts.discard(verdict.without)
        return isinstance(verdict, Loaded)
    except WrongStatus as error:
        log_lost(sync_request, error)
    except Exception as error:
        _end_without_stage(sync_request, error)
    return False


def log_lost(sync_request: SyncRequest, error: WrongStatus) -> None:
    """Log that the sync was cancelled, lost or ended in the meantime; a transaction of this run was rolled back.

    Of a sync that has ended, the worker's last line says enough.
    """
    level = logging.INFO if error.present_status in SyncRequest.MOVES else logging.DEBUG
    logger.log(level, "Sync %s is %s already; this run ends without a change.", sync_request.pk, error.present_status)


def _load_once(
    sync_request: SyncRequest, shortcuts: set[Shortcut], styles: ColumnStyles, tables: SessionTables | None
) -> Verdict:
    """Read and merge once; raises errors after which no stage is left, such as a lost database session."""
    skip_unchanged_of = sync_request.app_enrollment_id if Shortcut.SKIP_UNCHANGED_ROWS in shortcuts else None
    from_files = reads_files(sync_request.connector)
    with (
        connection.cursor() as cursor,
        Stage(cursor, skip_unchanged_of, styles, tables, from_files=from_files) as stage,
    ):
        context = MergeContext(cursor, stage, sync_request)
        may_insert = Shortcut.DIRECT_INSERT in shortcuts
        with (
            ProgressReporter(sync_request, stage.copy_thread) as progress,
            DirectInsert(context, progress, is_allowed=may_insert) as direct_insert,
        ):
            verdict = _read_and_merge(context, progress, direct_insert)
            if isinstance(verdict, ReadAgain | RetryLater):
                direct_insert.roll_back()
            if isinstance(verdict, RetryLater):
                sync_request.retry_later(verdict.message, verdict.code, seconds=verdict.seconds)
        if not isinstance(verdict, ReadAgain):
            crash_point("after the commit")
            if isinstance(verdict, Loaded | Stopped):
                put_away_files(context, verdict)
        stage.may_leave_tables = tables is not None and isinstance(verdict, Loaded) and not sync_request.dry_run
    return verdict


def _read_and_merge(context: MergeContext, progress: ProgressReporter, direct_insert: DirectInsert) -> Verdict:
    try:
        _read(context, progress, direct_insert)
        rejected = context.stage.rejected_by_entity()
        try:
            return _merge(context, direct_insert)
        except Exception:
            # The problems that the merge found were rolled back with it.
            context.stage.restore_rejected(rejected)
            raise
    except WrongStatus:
        raise
    except Exception as error:
        return _after_error(context, direct_insert, error)


# Reading.


def _read(context: MergeContext, progress: ProgressReporter, direct_insert: DirectInsert) -> None:
    """Stage everything the source contains."""
    stage, sync_request = context.stage, context.sync_request
    interval = Interval(REPORT_SECONDS)
    with ExitStack() as opened:
        profiles = profiles_of(sync_request, context.enrollment)
        source = open_source(sync_request, context.enrollment, opened, profiles)
        if sync_request.upload is None:
            helper = EnrollmentHelper(context.enrollment, sync_request.connector, source.settings)
            source = replace(source, helper=opened.enter_context(helper))
            context.secrets = helper.secrets
        context.kinds_expected = kinds_expected(sync_request, source)
        items = items_of(
            source,
            opened,
            connector=sync_request.connector,
            sync_id=str(sync_request.pk),
            fetches_data=sync_request.connector not in (FILE_UPLOAD, JSON_BATCH),
        )
        if direct_insert.pace:
            items = direct_insert.pace.watch(items)
        if profiles:
            items = translator_for(context, source, profiles).items(items)
        for block in combine_blocks(items):
            if context.secrets and isinstance(block, RowProblem):
                # A connector's sentence may quote its source, which may quote the credentials.
                block.message = mask_secrets(block.message, context.secrets)
            stage.add(block)
            crash_point("reading")
            if interval.is_over():
                progress.report(stage.lines_read)
    stage.finish()
    if interval.was_over():
        progress.report(stage.lines_read)
    stage.copy_thread.wait()


# Merging.


@transaction.atomic
def _merge(context: MergeContext, direct_insert: DirectInsert) -> Loaded | ReadAgain | Stopped:
    """Write everything the sync changes, its counts, its problems and its outcome, in one transaction."""
    context.enrollment.lock_books()
    crash_point("merging")
    # With PostgreSQL's default of 4 MB, the rows of a large file are sorted and hashed on disk. And compiling a
    # statement of a hundred columns takes longer than most of them run.
    context.run("SELECT set_config('work_mem', '128MB', true), set_config('jit', 'off', true)")
    verdict = _plan(context, direct_insert) or _carry_out(context)
    match verdict:
        case Loaded(message):
            stage = context.stage
            settled_by = repeated_inputs.settled_by(context)
            context.sync_request.succeed(
                message, unread_kinds=stage.files.unread, settled_by=settled_by, lines_read=stage.lines_read
            )
            crash_point("before the commit")
        case Stopped(message, code):
            # In the same transaction, so that the problems found in the lines are stored.
            _write_failure(context, direct_insert, message, code)
        case ReadAgain():
            transaction.set_rollback(True)
    return verdict


def _plan(context: MergeContext, direct_insert: DirectInsert) -> ReadAgain | Stopped | None:
    """Plan the merge; returns a verdict if it must not be carried out."""
    if _books_have_changed(context):
        return ReadAgain(without=Shortcut.SKIP_UNCHANGED_ROWS)
    if direct_insert.may_have_repeated_a_key():
        return ReadAgain(without=Shortcut.DIRECT_INSERT)
    if context.stage.styles.found_late and context.stage.rejected < context.stage.lines_read:
        return ReadAgain(without=Shortcut.JUDGE_WHILE_READING)
    find_unresolved_references_of_rejected(context)
    return (
        outcome.reason_not_to_merge(context)
        or steps.make_plan(context)
        or outcome.reason_not_to_merge(context)
        or _plan_deletes(context)
    )


def _plan_deletes(context: MergeContext) -> Stopped | None:
    found = outcome.completeness(context)
    deletes.warn_of_kept(context, found.incomplete)
    gone.warn_of_empty_kinds(context)
    return deletes.plan_deletes(context, found.complete)


def _books_have_changed(context: MergeContext) -> bool:
    """Whether rows were skipped as unchanged, and another sync has changed the books since their hashes were read."""
    since = SyncRequest.objects.real().filter(
        app_enrollment_id=context.sync_request.app_enrollment_id,
        status_code=SyncRequest.Status.SUCCESS,
        finished__gte=context.sync_request.started,
    )
    return any(staged.unchanged_count for staged in context.staged) and since.exists()


def _carry_out(context: MergeContext) -> Loaded:
    """Change the records as planned (in a preview, only record how); write counts, problems and control totals."""
    has_unread = bool(context.stage.files.unread)
    assumed_values.warn_of_assumed(context)
    if context.sync_request.dry_run:
        written = results.write(context, preview.rehearse(context))
        merge_totals.write(context, loaded=True)
        return Loaded(preview_message(written, has_unread=has_unread))
    steps.apply_plan(context)
    crash_point("written")
    _store_seen_keys(context)
    source_states.store(context.sync_request, context.stage.bookmarks.states)
    written = results.write(context, steps.counts(context))
    merge_totals.write(context, loaded=True)
    results.close_corrections(context, loaded=True)
    # Before the sync's row is locked: on commit, deferred checks would make a cancel wait for them.
    context.cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
    crash_point("before the outcome")
    return Loaded(result_message(written, has_unread=has_unread))


def _store_seen_keys(context: MergeContext) -> None:
    """For an input in parts, store which records this part contained; after the last part, delete that list."""
    sync_request = context.sync_request
    if context.parent is None:
        return
    if sync_request.current_batch < sync_request.total_batches:
        complete = [name for name in context.stage.staged if outcome.is_to_be_complete(sync_request, name)]
        deletes.remember_seen(context, complete)
    else:
        SeenKey.objects.filter(parent_sync_request=context.parent).delete()


# Ending without success.


def _after_error(context: MergeContext, direct_insert: DirectInsert, error: Exception) -> Verdict:
    """Decide how an attempt ends that an error interrupted; its merge, if it had begun, was rolled back."""
    context.stage.copy_thread.give_up()
    if retry_policy.has_lost_the_database(error):
        raise error
    if direct_insert.has_caused(error):
        return ReadAgain(without=Shortcut.DIRECT_INSERT)
    direct_insert.raise_if_broken(error)
    reason = retry_policy.reason_of(error)
    if isinstance(error, ConnectorError):
        # Its sentence may quote its source, which may quote the credentials.
        of_enrollment = [] if context.sync_request.upload else secrets_in(context.enrollment.credentials)
        secrets = {*context.secrets, *of_enrollment}
        reason = replace(reason, message=redact(reason.message, secrets))
        if reason.code == DISCONNECTED:
            mark_disconnected(context.enrollment, reason.message)
    else:
        check_claim(context.sync_request)
        logger.error("Sync %s failed.", context.sync_request.pk, exc_info=error)
    verdict = _retry_later_or_stop(context.sync_request, reason)
    if isinstance(verdict, Stopped):
        with transaction.atomic():
            _write_failure(context, direct_insert, verdict.message, verdict.code)
    return verdict


def _write_failure(context: MergeContext, direct_insert: DirectInsert, message: str, code: str) -> None:
    """End a sync as Failed, with every problem found so far; no record is changed."""
    sync_request, stage = context.sync_request, context.stage
    direct_insert.take_back()
    message = printable(sentence(message))
    file = sync_request.upload.file_name if sync_request.upload else ""
    stage.problem_log.add_for_file(Problem(entity=file, file=file, code=code, message=message))
    stage.problem_log.flush()
    counts = {name: results.counts_of_failure(staged) for name, staged in stage.staged.items()}
    results.write(context, counts)
    merge_totals.write(context, loaded=False)
    results.close_corrections(context, loaded=False)
    sync_request.fail(message, code, lines_read=stage.lines_read)


def _retry_later_or_stop(sync_request: SyncRequest, reason: retry_policy.FailureReason) -> RetryLater | Stopped:
    seconds = retry_policy.pause_before_next(sync_request, reason)
    if seconds is None:
        return Stopped(reason.message, reason.code)
    return RetryLater(printable(sentence(reason.message)), reason.code, seconds)


def retry_or_fail(sync_request: SyncRequest, reason: retry_policy.FailureReason) -> None:
    """Put a sync whose stage is lost back into the queue, or fail it if no further attempt is allowed."""
    match _retry_later_or_stop(sync_request, reason):
        case RetryLater(message, code, seconds):
            sync_request.retry_later(message, code, seconds=seconds)
        case Stopped(message, code):
            _fail_unread(sync_request, message, code)


def _end_without_stage(sync_request: SyncRequest, error: Exception) -> None:
    """End a sync whose stage is lost, as Failed or back in the queue, unless it has ended already."""
    lost_database = retry_policy.has_lost_the_database(error)
    try:
        check_claim(sync_request, patience=PATIENCE if lost_database else 0)
    except WrongStatus as lost:
        log_lost(sync_request, lost)
        if not connection.in_atomic_block:
            connection.close()
        return
    logger.error("Sync %s ended early; the problems found in its lines are lost.", sync_request.pk, exc_info=error)
    if lost_database:
        _persist(sync_request, lambda: hand_back(sync_request, retry_policy.DATABASE_GONE, "database_gone"))
    else:
        reason = retry_policy.reason_of(error)
        _persist(sync_request, lambda: retry_or_fail(sync_request, reason))


def _persist(sync_request: SyncRequest, decide: Callable[[], None]) -> None:
    """Write an outcome, however long the database is unreachable, unless one has been written meanwhile."""
    while True:
        if not connection.in_atomic_block:
            connection.close()  # The next statement opens a new one.
        try:
            decide()
        except WrongStatus as error:
            log_lost(sync_request, error)
        except (OperationalError, InterfaceError):
            if connection.in_atomic_block:
                raise
            time.sleep(1)
            continue
        return


def hand_back(sync_request: SyncRequest, message: str, code: str) -> None:
    """Let another worker start the sync again, without counting a failure, up to SYNC_MOST_STARTS times."""
    if sync_request.fencing_token >= settings.SYNC_MOST_STARTS:
        message = f"It was started {sync_request.fencing_token} times and never ended. Nothing was changed."
        _fail_unread(sync_request, message, code)
    else:
        sync_request.hand_back(message, code, seconds=min(60, retry_policy.backoff(0)))


def give_up_lost(sync_request: SyncRequest, *, by_outage: bool) -> None:
    """Requeue or fail a sync whose lease has expired."""
    if by_outage:
        hand_back(sync_request, retry_policy.DATABASE_GONE, "database_gone")
    else:
        lost = retry_policy.FailureReason(retry_policy.WORKER_LOST, "worker_lost", transient=True)
        retry_or_fail(sync_request, lost)


def give_up_crashed(sync_request: SyncRequest) -> None:
    """Requeue or fail a sync whose process died."""
    crashes = sync_request.crash_count + 1
    if crashes >= settings.SYNC_CRASHES:
        _fail_unread(sync_request, retry_policy.crashed_too_often(crashes), "stopped_worker", has_crashed=True)
        return
    sync_request.retry_later(
        retry_policy.WORKER_STOPPED,
        "worker_stopped",
        seconds=retry_policy.backoff(sync_request.crash_count),
        has_crashed=True,
    )


@transaction.atomic
def _fail_unread(sync_request: SyncRequest, message: str, code: str, *, has_crashed: bool = False) -> None:
    """End a sync as Failed without any counts or problems of lines; its only problem says why it failed."""
    sync_request.fail(message, code, has_crashed=has_crashed)
    SyncResultDetail.objects.create(
        sync_request=sync_request,
        group_key_id=sync_request.group_key_id,
        kind=SyncResultDetail.Kind.ERROR,
        code=code,
        message=message,
    )
