"""Loading the same data once more: after a preview, or because what a guard stopped was allowed."""

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction

from adsplatform.errors import Conflict
from syncs.models import SyncRequest, Upload
from syncs.services.requests import check_usable, record_request

GUARD_CODE = "delete_guard"


class NothingToRepeat(Conflict):
    title = "This sync cannot be run again."


@transaction.atomic
def allow_deletes(sync_request: SyncRequest, user) -> SyncRequest:
    """Run a sync again that the guard stopped, and let it delete this time; of a preview, preview it again.

    Raises NothingToRepeat for one that no guard stopped, or whose deletes have been carried out since.
    """
    if not may_allow_deletes(sync_request):
        raise NothingToRepeat(
            f"This sync is {sync_request.status_code}, but was not stopped because of what it would delete; there is "
            "nothing to allow."
        )
    part = {}
    if sync_request.parent_sync_request_id:
        # Earlier parts have kept what they contained, which the last one needs once more.
        part = {
            "parent_sync_request_id": sync_request.parent_sync_request_id,
            "current_batch": sync_request.current_batch,
            "total_batches": sync_request.total_batches,
        }
    return _repeat(sync_request, user, allow_deletes=True, dry_run=sync_request.dry_run, **part)


@transaction.atomic
def apply_preview(sync_request: SyncRequest, user) -> SyncRequest:
    """Load what a preview has shown. Whether it may delete, the guard asks anew.

    Raises NothingToRepeat for what is no finished preview, or has been applied.
    """
    if not sync_request.dry_run:
        raise NothingToRepeat("This sync was no preview; there is nothing to apply.")
    if sync_request.status_code != SyncRequest.Status.SUCCESS:
        raise NothingToRepeat(f"This preview is {sync_request.status_code}; only one that succeeded can be applied.")
    return _repeat(sync_request, user, dry_run=False)


def may_allow_deletes(sync_request: SyncRequest) -> bool:
    """Whether the guard stopped it."""
    return bool(would_delete(sync_request))


def would_delete(sync_request: SyncRequest) -> str:
    """The guard's sentence with all figures, which the outcome may have had to cut off; "" where none stopped it."""
    if sync_request.status_code != SyncRequest.Status.FAILED:
        return ""
    stopped = sync_request.details.filter(kind="error", code=GUARD_CODE)
    return stopped.values_list("message", flat=True).first() or ""


def offered(sync_request: SyncRequest) -> dict:
    """What a person may be offered on the sync's page: `apply`, `allow_deletes`, or the `repeated` sync."""
    is_there = not (sync_request.upload and sync_request.upload.removed)
    allow = is_there and may_allow_deletes(sync_request)
    apply = is_there and sync_request.dry_run and sync_request.status_code == SyncRequest.Status.SUCCESS
    repeated = None
    if allow or apply:
        repeated = repeat_that_counts(sync_request, dry_run=allow and sync_request.dry_run)
    return {"apply": apply and not repeated, "allow_deletes": allow and not repeated, "repeated": repeated}


def repeat_that_counts(sync_request: SyncRequest, *, dry_run: bool) -> SyncRequest | None:
    """The repeat that is under way or has succeeded; after one that failed or was cancelled, another may be asked."""
    given_up = (SyncRequest.Status.FAILED, SyncRequest.Status.CANCELLED)
    repeats = sync_request.repeats.filter(dry_run=dry_run).exclude(status_code__in=given_up)
    return repeats.newest_first().first()


def _repeat(original: SyncRequest, user, *, dry_run: bool, **values) -> SyncRequest:
    enrollment = original.app_enrollment
    # Two clicks meet here, so that the second finds the first one's request.
    enrollment.lock()
    if there := repeat_that_counts(original, dry_run=dry_run):
        if there.is_finished:
            raise NothingToRepeat(f"This has been done: the sync {there.pk} has loaded it.")
        return there
    check_usable(enrollment)
    if original.upload:
        _check_still_there(original.upload)
    return record_request(
        enrollment,
        user,
        connector=original.connector,
        upload=original.upload,
        run_full_sync=original.run_full_sync,
        same_content_as=original.same_content_as,
        repeat_of=original,
        dry_run=dry_run,
        **values,
    )


def _check_still_there(upload: Upload):
    if upload.removed:
        raise NothingToRepeat(
            f"The uploaded file “{upload.file_name}” was removed on {upload.removed:%Y-%m-%d}, as files are kept for "
            f"{settings.KEEP_UPLOADS_DAYS} days. Upload it again."
        )
    if not default_storage.exists(upload.content.name):
        raise NothingToRepeat(
            f"The uploaded file “{upload.file_name}” is no longer in the upload storage. Upload it again."
        )
