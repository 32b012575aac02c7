"""Uploads: stored as they were received, and recognised when the same content is sent again."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q

from adsplatform import visible_text
from adsplatform.accounts.models import Account, User
from adsplatform.disk_space import check_room
from adsplatform.errors import PlatformError, TooLarge
from enrollments.models import AppEnrollment
from syncs.connectors.file_upload import format_of
from syncs.models import SyncEntityResult, SyncRequest, Upload
from syncs.services.quotas import check_stored_bytes, note_stored

if TYPE_CHECKING:
    BytesFile = File[bytes]
else:
    BytesFile = File

CHUNK_BYTES = 1024**2
CHANGED = Q(inserted__gt=0) | Q(updated__gt=0) | Q(deleted_by_match__gt=0) | Q(deleted_as_missing__gt=0)


@contextmanager
def stored_upload(
    account: Account, user: User | None, content: IO[bytes], *, file_name: str, format: str = ""
) -> Iterator[Upload]:
    """Stream a file into the upload storage and compute its checksum on the way; it is never in memory as a whole.

    The block is the transaction that records the upload and what is asked of it; if that raises, the file is removed.
    Without a `format`, content and name decide it. Raises TooLarge above the limit, QuotaExceeded if
    the account has no room, PlatformError for an empty file.
    """
    check_room()
    file_name = clean_file_name(file_name)
    limit = settings.BATCH_MAX_BYTES if format == Upload.Format.BATCH else settings.UPLOAD_MAX_BYTES
    check_stored_bytes(account, file_name)
    measured = MeasuredFile(content, limit)
    # The platform chooses the name in the storage, so that nothing from the sender gets into a path.
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
        check_stored_bytes(account, file_name, measured.size)
        upload.size, upload.sha256 = measured.size, measured.digest.hexdigest()
        upload.format = format or format_of(file_name, measured.start)
        with transaction.atomic():
            upload.save()
            yield upload
        note_stored(account, upload.size)
    except Exception:
        default_storage.delete(name)
        raise


def store_upload(
    account: Account, user: User | None, content: IO[bytes], *, file_name: str, format: str = ""
) -> Upload:
    """Store and record a file, of which something will be asked afterwards; see `stored_upload`."""
    with stored_upload(account, user, content, file_name=file_name, format=format) as upload:
        return upload


def clean_file_name(file_name: str) -> str:
    """The last part of a path, without characters that break something or cannot be seen."""
    return visible_text.file_name(os.path.basename(file_name.replace("\\", "/")))[-255:] or "upload"


class MeasuredFile(BytesFile):
    """A file whose bytes are counted and hashed as the storage reads them, and cut off above the limit."""

    def __init__(self, content: IO[bytes], limit: int) -> None:
        super().__init__(content)
        self.content = content
        self.limit = limit
        self.size_read = 0
        self.start = b""
        self.digest = hashlib.sha256()

    @property
    def size(self) -> int:
        return self.size_read

    def seekable(self) -> bool:
        """No: what is read twice, as storages do that try again, would be counted twice."""
        return False

    def read(self, size: int = -1) -> bytes:
        if self.size_read > self.limit:
            return b""
        chunk = self.content.read(size)
        if not self.start:
            self.start = chunk[:4]
        self.size_read += len(chunk)
        self.digest.update(chunk)
        return chunk

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        while chunk := self.read(chunk_size or CHUNK_BYTES):
            yield chunk


def last_load_of(upload: Upload, enrollment: AppEnrollment, *, full: bool, delete_on_match: bool) -> SyncRequest | None:
    """The last sync that loaded the same content into the enrollment in the same way, if nothing has changed since."""
    loads = (
        SyncRequest.objects.real()
        .succeeded()
        .filter(
            app_enrollment=enrollment,
            run_full_sync=full,
            delete_on_match=delete_on_match,
            upload__group_key=upload.group_key_id,
            upload__sha256=upload.sha256,
            upload__format=upload.format,
        )
    )
    if upload.format in (Upload.Format.CSV, Upload.Format.JSONL):
        # In these formats the name says which kind of record the lines are.
        loads = loads.filter(upload__file_name=upload.file_name)
    last = loads.order_by("-finished").first()
    return last if last and not _changed_since(last) else None


def _changed_since(sync_request: SyncRequest) -> bool:
    later = (
        SyncRequest.objects.real()
        .succeeded()
        .filter(app_enrollment=sync_request.app_enrollment_id, finished__gt=sync_request.finished)
    )
    return SyncEntityResult.objects.filter(CHANGED, sync_request__in=later).exists()
