"""What a sync's connector is given to read."""

from contextlib import ExitStack

from django.conf import settings

from enrollments.services import settings_of
from syncs.connectors.protocol import ConnectorError, Limits, Source
from syncs.models import SyncRequest


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
