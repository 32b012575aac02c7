"""Services that make and change requests for syncs: each function returns the request or raises a PlatformError."""

import logging
from collections.abc import Callable
from copy import copy
from functools import partial
from typing import IO, TypedDict, Unpack

from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone
from psycopg.errors import LockNotAvailable

from adsplatform.accounts.models import Account, User
from adsplatform.accounts.services import Caller
from adsplatform.errors import NotAllowed, PlatformError
from adsplatform.observability import logs
from adsplatform.wording import counted
from enrollments.models import FILE_UPLOAD, JSON_BATCH, AppEnrollment
from enrollments.services import uploads_enrollment
from syncs.models import SyncRequest, Upload, WrongStatus
from syncs.queue import notify, sessions
from syncs.services.quotas import check_waiting
from syncs.services.uploads import last_load_of, stored_upload

logger = logging.getLogger(__name__)


@transaction.atomic
def request_sync(
    enrollment: AppEnrollment, user: User | None, *, full: bool = False, dry_run: bool = False
) -> SyncRequest:
    """Request a sync by the enrollment's connector; returns an equal one that still waits, if there is one.

    If that one waits for its next attempt, the attempt may begin at once.
    """
    check_usable(enrollment)
    connector = enrollment.app.connector
    if not enrollment.app.fetches_data:
        raise PlatformError(
            f"{enrollment} has no connector to ask. Load its data by uploading a file or sending a batch.",
            field="appEnrollmentId",
        )
    # After two clicks on "Sync now", the second waits here and then finds the request of the first.
    enrollment.lock()
    waiting = SyncRequest.objects.filter(
        app_enrollment=enrollment,
        connector=connector,
        run_full_sync=full,
        dry_run=dry_run,
        allow_deletes=False,
        status_code__in=(SyncRequest.Status.READY, SyncRequest.Status.CONNECTOR),
    ).first()
    if waiting is None:
        return record_request(enrollment, user, connector=connector, run_full_sync=full, dry_run=dry_run)
    if waiting.next_try:
        waiting.retry_now()
        notify.send_wakeup()
    return waiting


@transaction.atomic
def request_upload(
    account: Account,
    user: User | None,
    upload: Upload,
    *,
    enrollment: AppEnrollment | None = None,
    full: bool = False,
    parent: SyncRequest | None = None,
    current_batch: int = 1,
    total_batches: int = 1,
    dry_run: bool = False,
    delete_on_match: bool = False,
) -> SyncRequest:
    """Request that an upload or batch be loaded; without an enrollment, into the account's own *Uploads*.

    Lines of a file may delete records (`onMatchAction` 2) only with `delete_on_match`; those of a batch always may.
    """
    enrollment = enrollment or (parent and parent.app_enrollment) or uploads_enrollment(account, user)
    if parent:
        # If the same part is sent twice at once, the second waits here and then finds the request of the first.
        enrollment.lock()
    check_usable(enrollment)
    check_waiting(enrollment)
    _check_part(enrollment, parent, current_batch, total_batches, full)
    if dry_run and total_batches > 1:
        raise PlatformError(
            "A part alone cannot be previewed, because what is deleted depends on all of them. Send everything at once "
            "for a preview.",
            field="dryRun",
        )
    return record_request(
        enrollment,
        user,
        connector=JSON_BATCH if upload.format == Upload.Format.BATCH else FILE_UPLOAD,
        upload=upload,
        run_full_sync=full,
        parent_sync_request=parent,
        current_batch=current_batch,
        total_batches=total_batches,
        dry_run=dry_run,
        delete_on_match=delete_on_match,
        same_content_as=last_load_of(upload, enrollment, full=full, delete_on_match=delete_on_match),
    )


def request_replay(sync_request: SyncRequest, user: User | None, upload: Upload) -> SyncRequest:
    """Request that the corrected lines of a sync be loaded; a replay changes no other records."""
    enrollment = sync_request.enrollment
    check_usable(enrollment)
    check_waiting(enrollment)
    return record_request(
        enrollment,
        user,
        connector=FILE_UPLOAD,
        upload=upload,
        replay_of_id=sync_request.origin_id,
        # A correction may ask for no more than the line's sender could.
        delete_on_match=sync_request.honours_deletes,
    )


class UploadOptions(TypedDict, total=False):
    """The options of `request_upload`."""

    enrollment: AppEnrollment | None
    full: bool
    parent: SyncRequest | None
    current_batch: int
    total_batches: int
    dry_run: bool
    delete_on_match: bool


def load_upload(
    account: Account,
    user: User | None,
    content: IO[bytes],
    *,
    file_name: str,
    format: str = "",
    **options: Unpack[UploadOptions],
) -> SyncRequest:
    """Store a file and request that it be loaded, with the options of `request_upload`; a refusal removes the file."""
    with stored_upload(account, user, content, file_name=file_name, format=format) as upload:
        return request_upload(account, user, upload, **options)


def cancel_sync(sync_request: SyncRequest, user: User | None) -> SyncRequest:
    """Stop a sync that has not finished; nothing of it stays. Raises WrongStatus if it has finished."""
    if sync_request.status_code == SyncRequest.Status.CANCELLED:
        return sync_request
    try:
        _change_status(sync_request, lambda: sync_request.cancel(_cancel_message(sync_request), user))
    except WrongStatus:
        # Somebody else may have cancelled it at the same time.
        if sync_request.status_code != SyncRequest.Status.CANCELLED:
            raise
    return sync_request


def _change_status(sync_request: SyncRequest, change: Callable[[], None]) -> None:
    """Carry out a change of status of a sync that may be running, and end what works on it."""
    try:
        _change_once(sync_request, change)
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise
        # Its process is stuck and has the lock of the row; ending the session rolls back what is not committed.
        sessions.end_all_sessions(sync_request)
        _change_once(sync_request, change)


def _change_once(sync_request: SyncRequest, change: Callable[[], None]) -> None:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '1s'")
        change()
        # A sync that waited for this one may run now, and its own wake-up may have come too early.
        notify.send_wakeup()
        # This ends its statement at once; the worker ends its process.
        transaction.on_commit(partial(sessions.end_all_sessions, sync_request))


def _cancel_message(sync_request: SyncRequest) -> str:
    if not sync_request.lines_read:
        return "Cancelled before it had finished. Nothing was changed."
    lines = counted(sync_request.lines_read, "line")
    return f"Cancelled after {lines} had been read. Nothing of them was kept, and no record was changed."


def amend_sync(
    sync_request: SyncRequest, caller: Caller, *, status_code: str | None = None, message: str | None = None
) -> SyncRequest:
    """Change status or message by hand: only for platform staff, along the allowed moves, and never to Success."""
    if not caller.has_staff_permission("syncs.change_syncrequest"):
        raise NotAllowed(
            "Only those of the platform's own staff who have that permission may change a sync. To stop it, cancel it."
        )
    user = caller.user
    if status_code is not None and status_code != sync_request.status_code:
        try:
            _change_status(sync_request, lambda: sync_request.amend(status_code, message, user))
        except IntegrityError as taken:
            raise PlatformError(
                "Another sync of the enrollment is in progress; one runs at a time.", field="statusCode"
            ) from taken
    elif message is not None:
        SyncRequest.objects.filter(pk=sync_request.pk).update(
            process_result_message=message[: SyncRequest.MESSAGE_LENGTH],
            modified=timezone.now(),
            modified_user=user,
        )
        sync_request.refresh_from_db()
    return sync_request


def record_request(enrollment: AppEnrollment, user: User | None, **values: object) -> SyncRequest:
    """Record a request with the given values and queue it; the object returned is the request as made (Ready)."""
    sync_request = SyncRequest.objects.create(
        app_enrollment=enrollment, group_key=enrollment.group_key, modified_user=user, **values
    )
    copy(sync_request).queue()
    notify.send_wakeup()
    with logs.about(sync_id=sync_request.pk):
        logger.info("A %s sync has been asked for.", sync_request.connector)
    return sync_request


def check_usable(enrollment: AppEnrollment) -> None:
    """Refuse a sync of an enrollment that is switched off or deleted."""
    if enrollment.is_deleted:
        raise PlatformError(
            f"{enrollment} has been deleted. Enrol the application again, then sync.", field="appEnrollmentId"
        )
    if not enrollment.is_active:
        raise PlatformError(f"{enrollment} is switched off. Switch it on, then sync.", field="appEnrollmentId")


def _check_part(enrollment: AppEnrollment, parent: SyncRequest | None, current: int, total: int, full: bool) -> None:
    if not 1 <= current <= total:
        raise PlatformError(
            f"Part {current} of {total} cannot be: the parts are counted from 1 to the total.",
            field="currentBatch",
        )
    if parent is None:
        if current > 1:
            raise PlatformError(
                f"Part {current} of {total} must name the request of part 1 as its parent.",
                field="parentSyncRequestId",
            )
        return
    if current == 1:
        raise PlatformError("Part 1 has no parent; it is the parent of the others.", field="currentBatch")
    if parent.parent_sync_request_id or parent.total_batches != total:
        raise PlatformError(f"The parent must be part 1 of the same {total} parts.", field="parentSyncRequestId")
    if parent.app_enrollment_id != enrollment.pk:
        raise PlatformError("All parts must go into the enrollment of part 1.", field="appEnrollmentId")
    if parent.run_full_sync != full:
        raise PlatformError("All parts must be full, or none of them.", field="isFullSync")
    if parent.parts.filter(current_batch=current).exists():
        raise PlatformError(f"Part {current} of {total} has been sent already.", field="currentBatch")
