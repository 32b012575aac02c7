"""Uploads: kept as they were received, and recognised when they come again."""

import hashlib
import os
import re

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db.models import Q

from adsplatform.errors import PlatformError, TooLarge
from enrollments.models import AppEnrollment
from syncs.models import SyncEntityResult, SyncRequest, Upload

CHANGED = Q(inserted__gt=0) | Q(updated__gt=0) | Q(deleted_by_match__gt=0) | Q(deleted_as_missing__gt=0)

# No line of a log or a header may be broken by a file's name, and PostgreSQL stores no NUL.
UNPRINTABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


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
