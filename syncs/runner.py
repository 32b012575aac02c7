"""One sync, start to finish: the only place where an outcome is decided."""

import logging
from contextlib import ExitStack, suppress

from django.conf import settings
from django.db import connection, transaction

from adsplatform.records.checks import printable
from adsplatform.records.specification import entities
from adsplatform.redaction import masked, without
from enrollments.models import AppEnrollment, secrets_in
from enrollments.services import settings_of
from syncs import merge, missing, preview, results
from syncs.connectors import connector_named
from syncs.models import SeenKey, SyncEntityResult, SyncRequest, SyncResultDetail, WrongStatus
from syncs.rows import ConnectorError, Limits, RowProblem, Source
from syncs.staging import Pace, Stage
from syncs.statements import SyncStopped, Work

logger = logging.getLogger(__name__)

OUT_OF_MEMORY = "The sync needed more memory than a sync may have. Nothing was changed."
OUR_FAULT = "Something went wrong on our side. Nothing was changed."
# How often a running sync tells how far it is, and looks whether it was cancelled.
REPORT_SECONDS = 1.0


def run(sync_request: SyncRequest) -> None:
    """Carry out a sync that has been started; whatever happens, it ends in a finished request."""
    try:
        with connection.cursor() as cursor, Stage(cursor) as stage:
            _load(sync_request, stage, cursor)
    except WrongStatus as gone:
        # Cancelled meanwhile: the transaction was rolled back, nothing of the sync stays.
        logger.info("Sync %s is %s; nothing of it was kept.", sync_request.pk, gone.now)
    except Exception:
        logger.exception("Sync %s broke off; what it had found out about its lines is lost.", sync_request.pk)
        _fail_bare(sync_request)


def _load(sync_request, stage, cursor):
    try:
        _read(sync_request, stage)
        rejected = stage.rejected_by_entity()
        try:
            _merge(sync_request, stage, cursor)
        except Exception:
            # The merge's own findings were rolled back with it.
            stage.restore_rejected(rejected)
            raise
    except WrongStatus:
        raise
    except ConnectorError as reason:
        secrets = secrets_in(sync_request.app_enrollment.credentials)
        _fail(sync_request, stage, cursor, masked(str(reason), secrets), reason.code)
    except MemoryError:
        logger.exception("Sync %s ran out of memory.", sync_request.pk)
        _fail(sync_request, stage, cursor, OUT_OF_MEMORY, "out_of_memory")
    except Exception:
        logger.exception("Sync %s failed.", sync_request.pk)
        _fail(sync_request, stage, cursor, OUR_FAULT, "our_fault")


def _read(sync_request: SyncRequest, stage: Stage):
    """Stage everything the source holds."""
    connector = connector_named(sync_request.connector)
    pace = Pace(REPORT_SECONDS)
    with ExitStack() as opened:
        source = _source(sync_request, opened)
        secrets = secrets_in(source.credentials)
        for block in connector.rows(source):
            if secrets and isinstance(block, RowProblem):
                # A connector's sentence may hold what its source told it.
                block.message = without(block.message, secrets)
            stage.add(block)
            if pace.due():
                _report(sync_request, stage)
    stage.finish()
    _report(sync_request, stage)


def _source(sync_request: SyncRequest, opened: ExitStack) -> Source:
    enrollment, upload = sync_request.app_enrollment, sync_request.upload
    content = None
    if upload:
        try:
            content = opened.enter_context(upload.content.open("rb"))
        except FileNotFoundError:
            raise ConnectorError(
                f"The uploaded file “{upload.file_name}” is no longer in the upload storage. Upload it again.",
                code="upload_missing",
            ) from None
    anchor = (
        enrollment.sync_requests.filter(
            status_code=SyncRequest.Status.SUCCESS,
            run_full_sync=True,
            dry_run=False,
            connector=sync_request.connector,
        )
        .newest_first()
        .values_list("started", flat=True)
        .first()
    )
    return Source(
        app_enrollment_id=enrollment.pk,
        full=sync_request.run_full_sync,
        anchor=anchor and anchor.date(),
        limits=Limits(
            unpacked_bytes=settings.UNPACKED_MAX_BYTES,
            ratio=settings.UNPACKED_MAX_RATIO,
            entries=settings.ZIP_MAX_ENTRIES,
            line_bytes=settings.LINE_MAX_BYTES,
        ),
        credentials=enrollment.credentials,
        settings={setting.custom_field_label: setting.value for setting in settings_of(enrollment)},
        content=content,
        file_name=upload.file_name if upload else "",
        format=upload.format if upload else "",
    )


def _report(sync_request: SyncRequest, stage: Stage):
    """Tell how far the sync is; raises WrongStatus when somebody has cancelled it."""
    running = SyncRequest.objects.filter(pk=sync_request.pk, status_code=SyncRequest.Status.IN_PROGRESS)
    if not running.update(lines_read=stage.lines_read):
        sync_request.refresh_from_db(fields=["status_code"])
        raise WrongStatus(sync_request, SyncRequest.Status.SUCCESS)


@transaction.atomic
def _merge(sync_request: SyncRequest, stage: Stage, cursor):
    """Everything the sync changes, its counts, its problems and its outcome, in one transaction."""
    lock_books(sync_request.app_enrollment_id)
    parent = sync_request.parent_sync_request_id or sync_request.pk
    in_parts = sync_request.total_batches > 1
    work = Work(cursor, stage, sync_request.app_enrollment, sync_request.pk, parent if in_parts else None)
    try:
        _check_worth_merging(sync_request, stage)
        merge.place(work)
        _check_worth_merging(sync_request, stage)
        complete = _complete_entities(sync_request, stage, parent)
        missing.find_missing(work, complete, guarded=not sync_request.allow_deletes)
    except SyncStopped as reason:
        # No record has been touched yet, so what was found out about the lines can be kept.
        _write_failure(sync_request, stage, cursor, str(reason), reason.code)
        return
    if sync_request.dry_run:
        written = results.write(cursor, sync_request, stage, preview.rehearse(work, sync_request))
        message = results.summary_of_preview(written, has_unread=bool(stage.unread))
        sync_request.succeed(message, lines_read=stage.lines_read)
        return
    merge.write(work)
    if in_parts and sync_request.current_batch < sync_request.total_batches:
        missing.remember_seen(work, [name for name in stage.staged if _is_to_be_complete(sync_request, name)])
    elif in_parts:
        SeenKey.objects.filter(parent_sync_request=parent).delete()
    written = results.write(cursor, sync_request, stage, merge.counts(work))
    results.settle_mended(cursor, sync_request, loaded=True)
    message = results.summary(written, has_unread=bool(stage.unread))
    sync_request.succeed(message, lines_read=stage.lines_read)


def lock_books(app_enrollment_id):
    """Let one merge at a time into an enrollment's books; who only asks for a sync does not wait for it."""
    AppEnrollment.objects.select_for_update(no_key=True).get(pk=app_enrollment_id)


def _complete_entities(sync_request, stage, parent) -> list[str]:
    """The kinds of record of which the input held all there are, so that others are to be deleted."""
    if sync_request.replay_of_id:
        return []
    seen = {name for name, staged in stage.staged.items() if staged.lines_read}
    faulty = {name for name, staged in stage.staged.items() if staged.rejected} | stage.unread
    if sync_request.total_batches > 1:
        if sync_request.current_batch < sync_request.total_batches:
            return []
        earlier = SyncRequest.objects.filter(pk=parent) | SyncRequest.objects.filter(parent_sync_request=parent)
        # Not the last part's own first try, which the guard stopped.
        earlier = earlier.filter(current_batch__lt=sync_request.current_batch)
        if earlier.exclude(status_code=SyncRequest.Status.SUCCESS).exists():
            return []
        if earlier.count() != sync_request.total_batches - 1:
            return []
        in_earlier = SyncEntityResult.objects.filter(sync_request__in=earlier, lines_read__gt=0)
        seen |= set(in_earlier.values_list("entity", flat=True))
        faulty |= set(in_earlier.filter(rejected__gt=0).values_list("entity", flat=True))
        unread = SyncResultDetail.objects.filter(sync_request__in=earlier, kind="error", line=None)
        faulty |= set(unread.values_list("entity", flat=True).distinct())
    if faulty - entities().keys():
        # What could not be told or read may have held any kind of record.
        return []
    return sorted(name for name in seen - faulty if _is_to_be_complete(sync_request, name))


def _is_to_be_complete(sync_request, name: str) -> bool:
    return sync_request.run_full_sync or entities()[name].model.ALWAYS_COMPLETE


def _check_worth_merging(sync_request, stage):
    if stage.errors and stage.rejected >= stage.lines_read:
        raise SyncStopped(_nothing_loaded(stage), code="nothing_loaded")
    _check_reject_limit(sync_request, stage)


def _check_reject_limit(sync_request, stage):
    if sync_request.replay_of_id:
        return  # The limit looks for broken files; these lines were chosen one by one.
    limit = sync_request.app_enrollment.reject_limit_percent
    if stage.rejected * 100 > limit * stage.lines_read:
        were = "was" if stage.rejected == 1 else "were"
        raise SyncStopped(
            f"Stopped: {stage.rejected:,} of {stage.lines_read:,} lines {were} rejected, more than the {limit} % that "
            f"{sync_request.app_enrollment} allows. Nothing was changed.",
            code="reject_limit",
        )


def _nothing_loaded(stage) -> str:
    if not stage.lines_read:
        return "Nothing could be loaded: no file held a line that can be read. The problems say why."
    if stage.lines_read == 1:
        return "Nothing could be loaded: the only line was rejected. The problems say why."
    return f"Nothing could be loaded: all {stage.lines_read:,} lines were rejected. The problems say why."


def _fail(sync_request, stage, cursor, message, code):
    """End a sync whose merge, if it came that far, was rolled back."""
    with transaction.atomic():
        _write_failure(sync_request, stage, cursor, message, code)


def _fail_bare(sync_request):
    """End a sync whose stage is gone, say because the connection broke: as Failed, if it has not ended otherwise."""
    if not connection.in_atomic_block:
        connection.close()  # The next statement opens another one.
    with suppress(WrongStatus):
        sync_request.fail(OUR_FAULT)


def _write_failure(sync_request, stage, cursor, message, code):
    """End a sync as Failed, with every problem found until then; no record was changed."""
    message = printable(message)
    stage.note(sync_request.upload.file_name if sync_request.upload else "", code, message)
    stage.flush()
    counts = {name: results.counts_of_failure(staged) for name, staged in stage.staged.items()}
    results.write(cursor, sync_request, stage, counts)
    results.settle_mended(cursor, sync_request, loaded=False)
    sync_request.fail(message, lines_read=stage.lines_read)
