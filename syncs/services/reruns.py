"""Loading the same data again: after a preview, or because deletes that the guard stopped were allowed."""

from typing import TypedDict

from django.conf import settings
from django.db import transaction

from adsplatform.accounts.models import User
from adsplatform.errors import Conflict
from syncs.models import SyncRequest, Upload
from syncs.services.requests import check_usable, record_request

DELETE_GUARD_CODE = "delete_guard"


class NothingToRepeat(Conflict):
    title = "This sync cannot be run again."


class RerunOptions(TypedDict):
    """The reruns that a sync's page may offer, or the rerun that was requested already."""

    apply: bool
    allow_deletes: bool
    repeated: SyncRequest | None


@transaction.atomic
def allow_deletes(sync_request: SyncRequest, user: User | None) -> SyncRequest:
    """Run a sync that the delete guard stopped again, with its deletes allowed; a preview is previewed again.

    Raises NothingToRepeat if the guard did not stop it, or if its deletes have been carried out since.
    """
    if not stopped_by_guard(sync_request):
        raise NothingToRepeat(
            f"This sync is {sync_request.status_code}, but was not stopped because of what it would delete; there is "
            "nothing to allow."
        )
    part: dict[str, object] = {}
    if sync_request.total_batches > 1:
        # It stays a part: the keys that the parts contain are stored under their parent, which the first part is.
        part = {
            "parent_sync_request_id": sync_request.parent_sync_request_id or sync_request.pk,
            "current_batch": sync_request.current_batch,
            "total_batches": sync_request.total_batches,
        }
    return _repeat(sync_request, user, allow_deletes=True, dry_run=sync_request.dry_run, **part)


@transaction.atomic
def apply_preview(sync_request: SyncRequest, user: User | None) -> SyncRequest:
    """Load what was previewed; the delete guard applies again.

    Raises NothingToRepeat unless it is a preview that succeeded and has not been applied.
    """
    if not sync_request.dry_run:
        raise NothingToRepeat("This sync was no preview; there is nothing to apply.")
    if sync_request.status_code != SyncRequest.Status.SUCCESS:
        raise NothingToRepeat(f"This preview is {sync_request.status_code}; only one that succeeded can be applied.")
    return _repeat(sync_request, user, dry_run=False)


def stopped_by_guard(sync_request: SyncRequest) -> str:
    """The delete guard's full sentence, which the outcome may have shortened; "" if the guard did not stop it."""
    if sync_request.status_code != SyncRequest.Status.FAILED:
        return ""
    stopped = sync_request.details.filter(kind="error", code=DELETE_GUARD_CODE)
    return stopped.values_list("message", flat=True).first() or ""


def rerun_options(sync_request: SyncRequest) -> RerunOptions:
    """How a finished sync may be run again, if its upload is still there."""
    has_input = not (sync_request.upload and sync_request.upload.removed)
    allow = has_input and bool(stopped_by_guard(sync_request))
    apply = has_input and sync_request.dry_run and sync_request.status_code == SyncRequest.Status.SUCCESS
    repeated = None
    if allow or apply:
        repeated = _valid_rerun(sync_request, dry_run=allow and sync_request.dry_run)
    return {"apply": apply and not repeated, "allow_deletes": allow and not repeated, "repeated": repeated}


def _valid_rerun(sync_request: SyncRequest, *, dry_run: bool) -> SyncRequest | None:
    """The rerun that is unfinished or has succeeded; after a failed or cancelled one, another may be requested."""
    without_result = (SyncRequest.Status.FAILED, SyncRequest.Status.CANCELLED)
    repeats = sync_request.repeats.filter(dry_run=dry_run).exclude(status_code__in=without_result)
    return repeats.newest_first().first()


def _repeat(original: SyncRequest, user: User | None, *, dry_run: bool, **values: object) -> SyncRequest:
    enrollment = original.enrollment
    # If a person clicks twice, the second request waits here and then finds the first one.
    enrollment.lock()
    if rerun := _valid_rerun(original, dry_run=dry_run):
        if rerun.is_finished:
            raise NothingToRepeat(f"This has been done: the sync {rerun.pk} has loaded it.")
        return rerun
    check_usable(enrollment)
    if original.upload:
        _check_content(original.upload)
    return record_request(
        enrollment,
        user,
        connector=original.connector,
        upload=original.upload,
        run_full_sync=original.run_full_sync,
        same_content_as=original.same_content_as,
        repeat_of=original,
        dry_run=dry_run,
        delete_on_match=original.delete_on_match,
        **values,
    )


def _check_content(upload: Upload) -> None:
    if upload.removed:
        raise NothingToRepeat(
            f"The uploaded file “{upload.file_name}” was removed on {upload.removed:%Y-%m-%d}, as files are kept for "
            f"{settings.KEEP_UPLOADS_DAYS} days. Upload it again."
        )
    if not upload.content.storage.exists(str(upload.content.name)):
        raise NothingToRepeat(
            f"The uploaded file “{upload.file_name}” is no longer in the upload storage. Upload it again."
        )
