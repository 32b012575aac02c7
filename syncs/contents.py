"""Whether the very same file has been loaded before."""

from django.db.models import Q

from enrollments.models import AppEnrollment
from syncs.models import SyncEntityResult, SyncRequest, Upload

CHANGED = Q(inserted__gt=0) | Q(updated__gt=0) | Q(deleted_by_match__gt=0) | Q(deleted_as_missing__gt=0)


def last_load_of(upload: Upload, enrollment: AppEnrollment, *, full: bool) -> SyncRequest | None:
    """The sync that loaded the same content into the enrollment in the same way, if nothing was changed since."""
    loads = SyncRequest.objects.real().filter(
        app_enrollment=enrollment,
        status_code=SyncRequest.Status.SUCCESS,
        run_full_sync=full,
        upload__group_key=upload.group_key_id,
        upload__sha256=upload.sha256,
        upload__format=upload.format,
    )
    if upload.format in (Upload.Format.CSV, Upload.Format.JSONL):
        # There the name says what kind of record the lines are.
        loads = loads.filter(upload__file_name=upload.file_name)
    last = loads.order_by("-finished").first()
    return last if last and not _changed_since(last) else None


def _changed_since(sync_request: SyncRequest) -> bool:
    later = SyncRequest.objects.real().filter(
        app_enrollment=sync_request.app_enrollment_id,
        status_code=SyncRequest.Status.SUCCESS,
        finished__gt=sync_request.finished,
    )
    return SyncEntityResult.objects.filter(CHANGED, sync_request__in=later).exists()
