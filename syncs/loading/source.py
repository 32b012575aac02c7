"""Opens what a sync's connector is to read."""

from contextlib import ExitStack

from django.conf import settings

from enrollments.models import AppEnrollment
from enrollments.services import settings_of
from syncs.connectors.protocol import ConnectorError, Limits, Source
from syncs.loading.staging.vocabulary import RecordNames
from syncs.models import SyncRequest


def open_source(sync_request: SyncRequest, enrollment: AppEnrollment, opened: ExitStack) -> Source:
    """The sync's source; its upload, if it has one, is closed with `opened`.

    Raises ConnectorError where the upload's file is gone.
    """
    upload, content = sync_request.upload, None
    if upload:
        try:
            content = opened.enter_context(upload.content.open("rb"))
        except FileNotFoundError:
            raise ConnectorError(
                f"The uploaded file “{upload.file_name}” is no longer in the upload storage. Upload it again.",
                code="upload_missing",
            ) from None
    last_full_sync = (
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
        last_full_sync=last_full_sync and last_full_sync.date(),
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
        vocabulary=RecordNames(),
    )
