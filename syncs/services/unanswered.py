"""Services for uploads of which somebody has to say first how their files are written."""

from collections.abc import Mapping, Sequence
from typing import IO, Any, TypedDict, Unpack
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from adsplatform.accounts.models import Account, User, with_people
from adsplatform.errors import NotFound, PlatformError
from enrollments.models import AppEnrollment
from enrollments.services import uploads_enrollment
from enrollments.sources import has_own_names
from syncs.import_profiles.inspected import Answers, Inspection
from syncs.models import SyncRequest, UnansweredUpload, Upload
from syncs.services import excerpts, inspection, requests
from syncs.services.import_profiles import save_profile
from syncs.services.uploads import store_upload, stored_upload

# The code of a failed sync whose files could not be read without a profile.
PROFILE_NEEDED = "profile_needed"


class LoadOptions(TypedDict, total=False):
    """What is asked for an upload besides that it be loaded."""

    enrollment: AppEnrollment | None
    full: bool
    dry_run: bool
    delete_on_match: bool


def receive_file(
    account: Account, user: User | None, content: IO[bytes], *, file_name: str, **options: Unpack[LoadOptions]
) -> SyncRequest | UnansweredUpload:
    """Store a file and load it or keep it for questions, as `load_or_ask` does; a refusal removes the file."""
    with stored_upload(account, user, content, file_name=file_name) as upload:
        return load_or_ask(account, user, upload, **options)


@transaction.atomic
def load_or_ask(
    account: Account,
    user: User | None,
    upload: Upload,
    *,
    enrollment: AppEnrollment | None = None,
    full: bool = False,
    dry_run: bool = False,
    delete_on_match: bool = False,
) -> SyncRequest | UnansweredUpload:
    """What happens after an upload is complete: its sync is requested, or it waits for a person's answers."""
    enrollment = enrollment or uploads_enrollment(account, user)
    requests.check_usable(enrollment)
    if not _needs_answers(upload, enrollment):
        return requests.request_upload(
            account,
            user,
            upload,
            enrollment=enrollment,
            full=full,
            dry_run=dry_run,
            delete_on_match=delete_on_match,
        )
    return UnansweredUpload.objects.create(
        upload=upload,
        group_key=account,
        app_enrollment=enrollment,
        run_full_sync=full,
        dry_run=dry_run,
        delete_on_match=delete_on_match,
    )


def _needs_answers(upload: Upload, enrollment: AppEnrollment) -> bool:
    """Whether questions are known before its sync; those of an upload whose inspection takes too long come after it."""
    try:
        return inspect_upload(upload, enrollment).needs_answers
    except inspection.InspectionTooLong:
        return False


def waiting_uploads(enrollment: AppEnrollment) -> QuerySet[UnansweredUpload]:
    """The uploads of an enrollment that wait for answers, newest first."""
    waiting = UnansweredUpload.objects.filter(app_enrollment=enrollment, upload__removed__isnull=True)
    return with_people(waiting.select_related("upload"), "upload__created_user").order_by("-created")


def unanswered_upload(account: Account, upload_id: UUID) -> UnansweredUpload:
    """The upload of the account that waits for answers, or whose last sync failed for want of them.

    Raises NotFound for any other. That of a failed sync is not stored: its sync says what was asked for.
    """
    uploads = Upload.objects.of(account).filter(pk=upload_id, removed__isnull=True)
    upload = uploads.select_related("unanswered__app_enrollment__app").first()
    if upload is None:
        raise NotFound(f"There is no upload with the id “{upload_id}”.")
    waiting: UnansweredUpload | None = getattr(upload, "unanswered", None)
    if waiting is not None:
        return waiting
    syncs = SyncRequest.objects.of(account).filter(upload=upload).select_related("app_enrollment__app")
    last = syncs.order_by("-created").first()
    if last is None or last.app_enrollment is None or last.failure_code != PROFILE_NEEDED:
        raise NotFound(f"Nothing is asked about the upload with the id “{upload_id}”.")
    return UnansweredUpload(
        upload=upload,
        group_key=account,
        app_enrollment=last.app_enrollment,
        run_full_sync=last.run_full_sync,
        dry_run=last.dry_run,
        delete_on_match=last.delete_on_match,
        created=last.created,
    )


def is_about(sync_request: SyncRequest) -> bool:
    """Whether a sync failed for want of a profile, so that its upload can be explained now."""
    if sync_request.failure_code != PROFILE_NEEDED or sync_request.upload is None:
        return False
    return sync_request.upload.removed is None


def inspect_upload(
    upload: Upload, enrollment: AppEnrollment, answers: Mapping[str, Answers] | None = None
) -> Inspection:
    """What the upload's files seem to be, given the answers by the name of their file."""
    with upload.content.open("rb") as content:
        return inspection.inspect(
            upload.group_key, enrollment, content, file_name=upload.file_name, answers=answers or {}
        )


def ask_about_source(enrollment: AppEnrollment, user: User, *, dry_run: bool = False) -> UnansweredUpload:
    """Read the first records of each stream of an enrollment's source, and keep them for questions.

    Raises DependencyFailed with the source's answer, and PlatformError if there is nothing to ask.
    """
    requests.check_usable(enrollment)
    if not has_own_names(enrollment.app):
        raise PlatformError(f"{enrollment} says by itself which records it reads, so nothing is asked about them.")
    with excerpts.excerpt_of(enrollment) as content:
        upload = store_upload(enrollment.group_key, user, content, file_name=f"{enrollment}.zip")
    try:
        with transaction.atomic():
            if not inspect_upload(upload, enrollment).needs_answers:
                raise PlatformError(
                    f"All that {enrollment} reads is known already: by its import profiles, or by our own names."
                )
            return UnansweredUpload.objects.create(
                upload=upload,
                group_key=enrollment.group_key,
                app_enrollment=enrollment,
                dry_run=dry_run,
                is_excerpt=True,
            )
    except Exception:
        upload.delete()
        upload.content.delete(save=False)
        raise


@transaction.atomic
def confirm(waiting: UnansweredUpload, user: User, documents: Sequence[tuple[str, Mapping[str, Any]]]) -> SyncRequest:
    """Keep the profiles that a person has confirmed, each with the name of its file, and request the sync.

    Raises PlatformError if a profile cannot be used, or if the upload has been confirmed or removed meanwhile.
    """
    enrollment = waiting.app_enrollment
    requests.check_usable(enrollment)
    if not waiting._state.adding:
        taken, _ = UnansweredUpload.objects.filter(pk=waiting.pk).delete()
        if not taken:
            raise PlatformError("This upload has been confirmed or removed already.")
    for file, document in documents:
        confirmed = {"by": user.email, "at": timezone.now().isoformat(timespec="seconds"), "sample": file}
        of_stream = excerpts.document_of_stream(file, document) if waiting.is_excerpt else document
        save_profile(enrollment, user, {**of_stream, "confirmed": confirmed})
    if waiting.is_excerpt:
        _remove(waiting.upload)
        return requests.request_sync(enrollment, user, dry_run=waiting.dry_run)
    return requests.request_upload(
        waiting.upload.group_key,
        user,
        waiting.upload,
        enrollment=enrollment,
        full=waiting.run_full_sync,
        dry_run=waiting.dry_run,
        delete_on_match=waiting.delete_on_match,
    )


@transaction.atomic
def cancel(waiting: UnansweredUpload) -> None:
    """Remove an upload that waits for answers, with its content. One that a sync refers to is left alone."""
    if waiting._state.adding:
        raise PlatformError("This file belongs to a sync that has finished; it is removed with it.")
    upload = waiting.upload
    waiting.delete()
    if SyncRequest.objects.filter(upload=upload).exists():
        return
    _remove(upload)


def _remove(upload: Upload) -> None:
    upload.delete()
    transaction.on_commit(lambda: upload.content.delete(save=False))
