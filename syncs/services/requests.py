"""Everything that can be asked of syncs: each one function, which returns the object or raises a PlatformError."""

import hashlib
import logging
import os
import re
from contextlib import contextmanager
from functools import partial

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone
from psycopg.errors import LockNotAvailable

from adsplatform.errors import DependencyFailed, NotAllowed, PlatformError, TooLarge, TooMany
from adsplatform.observability import logs
from adsplatform.observability.redaction import masked
from enrollments.models import FILE_UPLOAD, JSON_BATCH, AppEnrollment, Application, secrets_in
from enrollments.schedules import forget
from enrollments.services import enroll, replace_credentials, uploads_enrollment
from syncs import tasks
from syncs.connectors import connector_named
from syncs.connectors.protocol import ConnectorError
from syncs.contents import last_load_of
from syncs.models import SyncRequest, Upload, WrongStatus
from syncs.queue import sessions

logger = logging.getLogger(__name__)

# No line of a log or a header may be broken by a file's name, and PostgreSQL stores no NUL.
UNPRINTABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


@transaction.atomic
def request_sync(enrollment: AppEnrollment, user, *, full: bool = False, dry_run: bool = False) -> SyncRequest:
    """Ask the enrollment's connector for a sync; while an equal one still waits, that one is returned.

    If that waits for another try, it need not wait any longer.
    """
    check_usable(enrollment)
    connector = enrollment.app.connector
    if not enrollment.app.is_asked:
        raise PlatformError(
            f"{enrollment} has no connector to ask. Load its data by uploading a file or sending a batch.",
            field="appEnrollmentId",
        )
    # Two clicks on "Sync now" meet here, so that the second finds the first one's request.
    enrollment.hold()
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
        waiting.hurry()
        tasks.ring()
    return waiting


@transaction.atomic
def request_upload(
    account,
    user,
    upload: Upload,
    *,
    enrollment: AppEnrollment | None = None,
    full: bool = False,
    parent: SyncRequest | None = None,
    current_batch: int = 1,
    total_batches: int = 1,
    dry_run: bool = False,
) -> SyncRequest:
    """Ask for an upload or batch to be loaded; without an enrollment, into the account's own *Uploads*."""
    enrollment = enrollment or (parent and parent.app_enrollment) or uploads_enrollment(account, user)
    if parent:
        # The same part, sent twice at once, meets itself here.
        enrollment.hold()
    check_usable(enrollment)
    _check_room(enrollment)
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
        same_content_as=last_load_of(upload, enrollment, full=full),
    )


def request_replay(sync_request: SyncRequest, user, upload: Upload) -> SyncRequest:
    """Ask for a sync's mended lines to be loaded; of what else there is, a replay touches nothing."""
    enrollment = sync_request.app_enrollment
    check_usable(enrollment)
    _check_room(enrollment)
    return record_request(enrollment, user, connector=FILE_UPLOAD, upload=upload, replay_of_id=sync_request.origin_id)


def store_upload(account, user, content, *, file_name: str, format: str = "") -> Upload:
    """Stream a file into the upload storage, checksummed on the way; never held whole in memory.

    `content` has `chunks()` or `read(size)`. Raises TooLarge above the limit, PlatformError for an empty file.
    """
    file_name = UNPRINTABLE.sub("_", os.path.basename(file_name.replace("\\", "/")))[-255:] or "upload"
    limit = settings.BATCH_MAX_BYTES if format == Upload.Format.BATCH else settings.UPLOAD_MAX_BYTES
    measured = _Measured(content, limit)
    # The name in storage is ours: nothing of the sender's reaches a path.
    upload = Upload(group_key=account, created_user=user, file_name=file_name)
    name = f"{account.pk}/{upload.pk}"
    try:
        upload.content.name = name = default_storage.save(name, measured)
        if measured.size > limit:
            raise TooLarge(
                f"The file “{file_name}” is larger than the {limit:,} bytes that may be uploaded at once. "
                "Send it in parts.",
                field="file",
            )
        if not measured.size:
            raise PlatformError(f"The file “{file_name}” is empty. Choose a file with data in it.", field="file")
        upload.size, upload.sha256 = measured.size, measured.digest.hexdigest()
        upload.format = format or _format_of(file_name, measured.start)
        upload.save()
    except Exception:
        default_storage.delete(name)
        raise
    return upload


def load_upload(account, user, content, *, file_name: str, format: str = "", **wanted) -> SyncRequest:
    """Store a file and ask for it to be loaded, as `request_upload` says; a refusal leaves no file behind."""
    upload = store_upload(account, user, content, file_name=file_name, format=format)
    try:
        return request_upload(account, user, upload, **wanted)
    except Exception:
        upload.delete()
        default_storage.delete(upload.content.name)
        raise


def cancel_sync(sync_request: SyncRequest, user) -> SyncRequest:
    """Stop a sync that has not finished; nothing of it stays. Raises WrongStatus when it has."""
    if sync_request.status_code == SyncRequest.Status.CANCELLED:
        return sync_request
    try:
        try:
            _cancel(sync_request, user)
        except OperationalError as error:
            if not isinstance(error.__cause__, LockNotAvailable):
                raise
            # Its process was stopped at the very end; what it has not committed by now is taken back.
            sessions.end_all_sessions(sync_request)
            _cancel(sync_request, user)
    except WrongStatus:
        # Somebody else may have been faster.
        if sync_request.status_code != SyncRequest.Status.CANCELLED:
            raise
    return sync_request


def _cancel(sync_request, user):
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '1s'")
        sync_request.cancel(_kept_of_cancelled(sync_request), user)
        # What waited for it may run now, and its own bell has rung in vain.
        tasks.ring()
        # Whatever its statement is doing ends here and now; its process is ended by the worker.
        transaction.on_commit(partial(sessions.end_all_sessions, sync_request))


def _kept_of_cancelled(sync_request) -> str:
    if not sync_request.lines_read:
        return "Cancelled before it had finished. Nothing was changed."
    lines = "1 line" if sync_request.lines_read == 1 else f"{sync_request.lines_read:,} lines"
    return f"Cancelled after {lines} had been read. Nothing of them was kept, and no record was changed."


def amend_sync(sync_request: SyncRequest, user, *, status_code=None, message=None) -> SyncRequest:
    """Correct a sync by hand: for platform staff, along the allowed moves."""
    if not user.is_staff:
        raise NotAllowed("Only the platform's own staff may change a sync. To stop it, cancel it.")
    if status_code is not None and status_code != sync_request.status_code:
        try:
            with transaction.atomic():
                sync_request.amend(status_code, message, user)
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


def check_connection(app: Application, credentials: dict) -> None:
    """Try the credentials on the accounting system; raises DependencyFailed with its answer."""
    if not app.connector:
        return
    try:
        connector_named(app.connector).check(credentials)
    except ConnectorError as refused:
        raise DependencyFailed(masked(str(refused), secrets_in(credentials)), field="connectorInfo") from refused


def enroll_all(account, user, wanted: list[dict], *, start_sync: bool = False) -> list[AppEnrollment]:
    """Enrol in all of the applications or, when one cannot be, in none; errors name the place in the list."""
    for position, values in enumerate(wanted):
        with _at_place(position):
            check_connection(values["app"], values.get("credentials", {}))
    with transaction.atomic():
        return [
            _enroll_one(account, user, values, start_sync, position) for position, values in enumerate(wanted)
        ]


def reconnect(enrollment: AppEnrollment, user, credentials: dict) -> AppEnrollment:
    """Try new credentials and keep them, encrypted, if the accounting system accepts them."""
    check_connection(enrollment.app, enrollment.credentials | credentials)
    return replace_credentials(enrollment, user, credentials)


@transaction.atomic
def remove_enrollment(enrollment: AppEnrollment, user, *, remove_data: bool = False) -> list[str]:
    """End an enrollment: waiting syncs are cancelled, its records kept or removed; says what was done."""
    # Before the enrollment is held, in the order of the clock: or each could wait for the other.
    forget(enrollment)
    enrollment.hold()
    if enrollment.sync_requests.filter(status_code=SyncRequest.Status.IN_PROGRESS).exists():
        raise PlatformError(
            f"A sync of {enrollment} is in progress. Cancel it or wait for its end, then delete the enrollment."
        )
    waiting = list(enrollment.sync_requests.unfinished())
    for sync_request in waiting:
        sync_request.cancel("Cancelled because its enrollment was deleted. Nothing was changed.", user)
    AppEnrollment.objects.filter(pk=enrollment.pk).update(
        is_deleted=True,
        is_active=False,
        sync_schedule_is_active=False,
        encrypted_credentials="",
        modified=timezone.now(),
        modified_user=user,
    )
    messages = [f"Deleted enrollment {enrollment.pk}"]
    if waiting:
        messages.append(f"Cancelled {len(waiting)} waiting sync{'s' if len(waiting) > 1 else ''}")
    if remove_data:
        AppEnrollment.objects.filter(pk=enrollment.pk).update(removal_asked=timezone.now())
        tasks.ring_removal(enrollment.pk)
        messages.append("All records of the enrollment are being removed")
    else:
        messages.append("The records of the enrollment were kept")
    return messages


def _enroll_one(account, user, values: dict, start_sync: bool, position: int) -> AppEnrollment:
    app = values.pop("app")
    with _at_place(position):
        settings = connector_named(app.connector).application.settings if app.connector else ()
        enrollment = enroll(account, app, user, settings=settings, **values)
        if start_sync and app.is_asked:
            request_sync(enrollment, user)
    return enrollment


@contextmanager
def _at_place(position: int):
    """Let an error name the member of a list that it is about: `$[1].cronSettings`."""
    try:
        yield
    except PlatformError as error:
        error.field = f"$[{position}]" + (f".{error.field}" if error.field else "")
        raise


def record_request(enrollment: AppEnrollment, user, **values) -> SyncRequest:
    """Record that a sync is wanted and queue it; the object shows the request as it was made (Ready)."""
    sync_request = SyncRequest.objects.create(
        app_enrollment=enrollment, group_key=enrollment.group_key, modified_user=user, **values
    )
    SyncRequest.objects.get(pk=sync_request.pk).queue()
    tasks.ring()
    with logs.about(sync_id=sync_request.pk):
        logger.info("A %s sync has been asked for.", sync_request.connector)
    return sync_request


def check_usable(enrollment: AppEnrollment):
    """Refuse a sync of an enrollment that is switched off or deleted."""
    if enrollment.is_deleted:
        raise PlatformError(
            f"{enrollment} has been deleted. Enrol the application again, then sync.", field="appEnrollmentId"
        )
    if not enrollment.is_active:
        raise PlatformError(f"{enrollment} is switched off. Switch it on, then sync.", field="appEnrollmentId")


def _check_room(enrollment):
    """Refuse one more while very many wait, by whichever door they came."""
    most = settings.SYNC_MOST_WAITING
    if SyncRequest.objects.waiting().filter(app_enrollment=enrollment)[:most].count() >= most:
        raise TooMany(
            f"{most:,} syncs of {enrollment} are waiting for their turn, which is the most there may be. Wait until "
            "some have run, or cancel some of them."
        )


def _check_part(enrollment, parent, current, total, full):
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


def _format_of(file_name: str, start: bytes) -> str:
    """Zip by its first bytes, else by the name's ending; anything else is left to fail as an unreadable ZIP."""
    ending = file_name.lower().rpartition(".")[2]
    if start.startswith(b"PK"):
        return Upload.Format.ZIP
    if ending in ("jsonl", "ndjson", "json"):
        return Upload.Format.JSONL
    if ending in ("csv", "txt", "tsv"):
        return Upload.Format.CSV
    return Upload.Format.ZIP


class _Measured(File):
    """A file that is counted and hashed as the storage reads it, and cut off above the limit."""

    def __init__(self, content, limit: int):
        super().__init__(content)
        self.limit = limit
        self.size_read = 0
        self.start = b""
        self.digest = hashlib.sha256()

    @property
    def size(self) -> int:
        return self.size_read

    def _see(self, chunk: bytes) -> bytes:
        if not self.start:
            self.start = chunk[:4]
        self.size_read += len(chunk)
        self.digest.update(chunk)
        return chunk

    def read(self, size: int = -1) -> bytes:
        return self._see(self.file.read(size)) if self.size_read <= self.limit else b""

    def chunks(self, chunk_size=None):
        chunk_size = chunk_size or 1024**2
        while chunk := self.read(chunk_size):
            yield chunk
