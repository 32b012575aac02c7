"""The line that last wrote a record, read again from the upload that is kept."""

import time
from contextlib import ExitStack
from dataclasses import dataclass

from django.conf import settings

from adsplatform.accounts.models import Account
from adsplatform.errors import NotFound
from adsplatform.records.models import Record
from syncs.connectors import connector_named
from syncs.connectors.protocol import Columns, ConnectorError, Rows
from syncs.loading.source import open_source
from syncs.loading.staging.problem_log import storable_name
from syncs.models import ImportProfileVersion, SyncFile, SyncRequest


@dataclass(frozen=True)
class WrittenLine:
    """A line of an upload: as it was sent, and its cells by their columns."""

    sync_request: SyncRequest
    file: str
    line: int
    raw: str
    cells: dict[str, str]


def sync_that_wrote(record: Record, account: Account) -> SyncRequest | None:
    """The sync that last wrote the record, if it is kept."""
    syncs = SyncRequest.objects.of(account).select_related("upload", "app_enrollment__app")
    return syncs.filter(pk=record.modified_sync_id).first() if record.modified_sync_id else None


def why_not_kept(record: Record, sync_request: SyncRequest | None) -> str:
    """Why the line that wrote the record cannot be shown; empty if it can."""
    if sync_request is None:
        return "The sync that wrote it is no longer kept."
    if record.modified_line is None or record.modified_file is None:
        return "It was written before the platform noted lines."
    if sync_request.upload is None:
        return "The line came from a connector, whose data are not kept."
    if sync_request.upload.removed:
        return f"The file was removed on {sync_request.upload.removed:%-d %b %Y}, as files are not kept for ever."
    return ""


def line_of(record: Record, account: Account) -> WrittenLine:
    """The line that last wrote the record; raises NotFound with the reason where it cannot be shown."""
    sync_request = sync_that_wrote(record, account)
    reason = why_not_kept(record, sync_request)
    if reason or sync_request is None or record.modified_file is None or record.modified_line is None:
        raise NotFound(reason)
    try:
        found = _read(sync_request, record.modified_file, record.modified_line)
    except ConnectorError as error:
        raise NotFound(str(error)) from error
    if found is None:
        raise NotFound(
            f"Line {record.modified_line:,} of “{record.modified_file}” was not reached within "
            f"{settings.READ_SECONDS:g} seconds. Open the file itself."
        )
    return found


def _read(sync_request: SyncRequest, file: str, line: int) -> WrittenLine | None:
    """Read the upload as the sync read it, up to the line; None if that takes too long."""
    used = SyncFile.objects.filter(sync_request=sync_request, import_profile__isnull=False).values("import_profile")
    profiles = {str(each.pk): each.profile for each in ImportProfileVersion.objects.filter(pk__in=used)}
    until = time.monotonic() + settings.READ_SECONDS
    if (enrollment := sync_request.app_enrollment) is None:
        raise NotFound("The enrollment of the sync is no longer kept.")
    with ExitStack() as opened:
        source = open_source(sync_request, enrollment, opened, profiles)
        for item in connector_named(sync_request.connector).rows(source):
            if time.monotonic() > until:
                return None
            if isinstance(item, Rows | Columns) and storable_name(item.file) == file and line in item.lines:
                at = list(item.lines).index(line)
                return WrittenLine(sync_request, file, line, item.raw[at], _cells(item, at))
    raise NotFound(f"Line {line:,} of “{file}” is not in the upload any more.")


def _cells(block: Rows | Columns, at: int) -> dict[str, str]:
    cells = block.cells[at] if isinstance(block, Rows) else [column[at] for column in block.cells]
    named = zip(block.origins or block.columns, cells, strict=True)
    return {name: str(cell) for name, cell in named if isinstance(cell, str | int | float | bool) and str(cell)}
