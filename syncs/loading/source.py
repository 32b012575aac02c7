"""Opens what a sync's connector is to read."""

from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import date
from typing import IO

from django.conf import settings

from adsplatform.records.specification import entity_named
from enrollments.models import AppEnrollment
from enrollments.services import setting_values
from enrollments.sources import chosen_kinds, client_of, has_own_names
from syncs.connectors import connector_named
from syncs.connectors.protocol import ConnectorError, Limits, Source
from syncs.import_profiles.layout import layouts_of
from syncs.import_profiles.profile import ImportProfile
from syncs.loading import source_states
from syncs.loading.staging.vocabulary import RecordNames
from syncs.models import ImportProfileVersion, SyncFile, SyncRequest, Upload


def profiles_of(sync_request: SyncRequest, enrollment: AppEnrollment) -> dict[str, ImportProfile]:
    """The import profiles by which the sync's files are read, by their identifier.

    A replay reads its lines as they were read first, and so does a sync that loads the same data again. Those of a
    connector are the present ones, where it reads files or its source has names of its own.
    """
    if sync_request.upload is None:
        if not reads_files(sync_request.connector) and not has_own_names(enrollment.app):
            return {}
    elif sync_request.upload.format == Upload.Format.BATCH:
        return {}
    origin = sync_request.replay_of_id or sync_request.repeat_of_id
    used = SyncFile.objects.filter(sync_request=origin, import_profile__isnull=False) if origin else None
    found = list(ImportProfileVersion.objects.filter(pk__in=used.values("import_profile")) if used is not None else ())
    if not sync_request.replay_of_id:
        known = {(version.fingerprint, version.file_pattern) for version in found}
        current = ImportProfileVersion.objects.of_enrollment(enrollment).current()
        found += [version for version in current if (version.fingerprint, version.file_pattern) not in known]
    return {str(version.pk): version.profile for version in found}


def limits_of_sources() -> Limits:
    """How large a source may be."""
    return Limits(
        unpacked_bytes=settings.UNPACKED_MAX_BYTES,
        ratio=settings.UNPACKED_MAX_RATIO,
        entries=settings.ZIP_MAX_ENTRIES,
        line_bytes=settings.LINE_MAX_BYTES,
    )


def open_source(
    sync_request: SyncRequest,
    enrollment: AppEnrollment,
    opened: ExitStack,
    profiles: Mapping[str, ImportProfile] | None = None,
) -> Source:
    """The sync's source; its upload, if it has one, is closed with `opened`.

    Raises ConnectorError where the upload's file is gone.
    """
    source = Source(
        app_enrollment_id=enrollment.pk,
        full=sync_request.run_full_sync,
        limits=limits_of_sources(),
        vocabulary=RecordNames(),
        layouts=layouts_of(profiles or {}),
    )
    if upload := sync_request.upload:
        # What reads a file needs neither the enrollment's settings nor its credentials.
        content = _opened(upload, opened)
        return replace(source, content=content, file_name=upload.file_name, format=upload.format)
    chosen = setting_values(enrollment)
    return replace(
        source,
        last_full_sync=_last_full_sync(sync_request, enrollment),
        credentials=enrollment.credentials | client_of(enrollment.app),
        settings=chosen,
        state={} if sync_request.run_full_sync else source_states.present(enrollment),
        kinds=chosen_kinds(enrollment.app, chosen),
    )


def _opened(upload: Upload, opened: ExitStack) -> IO[bytes]:
    try:
        content: IO[bytes] = opened.enter_context(upload.content.open("rb"))
    except FileNotFoundError:
        raise ConnectorError(
            f"The uploaded file “{upload.file_name}” is no longer in the upload storage. Upload it again.",
            code="upload_missing",
        ) from None
    return content


def _last_full_sync(sync_request: SyncRequest, enrollment: AppEnrollment) -> date | None:
    """The day of the connector's last full sync that succeeded."""
    full = enrollment.sync_requests.filter(
        status_code=SyncRequest.Status.SUCCESS, run_full_sync=True, dry_run=False, connector=sync_request.connector
    )
    started = full.newest_first().values_list("started", flat=True).first()
    return started and started.date()


def kinds_expected(sync_request: SyncRequest, source: Source) -> list[str]:
    """The kinds that a connector offers and which its whole source should have; none for files and for changes."""
    if not source.full or source.content is not None:
        return []
    offered = [entity_named(kind.kind) for kind in connector_named(sync_request.connector).kinds()]
    kinds = [entity.name for entity in offered if entity]
    chosen = {entity.name for entity in map(entity_named, source.kinds) if entity}
    return [name for name in kinds if not chosen or name in chosen]


def finds_files(connector: str) -> bool:
    """Whether the connector of that name finds the files that it reads by itself, in a folder."""
    with suppress(ConnectorError):
        return connector_named(connector).puts_files_away
    return False


def reads_files(connector: str) -> bool:
    """Whether the connector of that name reads files; an unknown one, which will be refused, may."""
    with suppress(ConnectorError):
        return connector_named(connector).reads_files
    return True
