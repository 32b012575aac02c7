"""Services of resumable uploads: begin one, add parts to it, make a request for a sync of it, abandon it.

Each part is a file of its own in the upload storage, because object stores cannot append to a file. A part counts when
all of it is stored; of two senders that add at the same offset, one wins.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import IO, Unpack, cast
from uuid import uuid4

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from adsplatform.accounts.models import Account, User
from adsplatform.disk_space import check_room
from adsplatform.errors import Conflict, PlatformError, QuotaExceeded, TooLarge
from syncs.models import SyncRequest
from syncs.models.resumable_uploads import ResumableUpload
from syncs.services.quotas import check_stored_bytes
from syncs.services.requests import UploadOptions, load_upload
from syncs.services.uploads import CHUNK_BYTES, MeasuredFile, clean_file_name

# Of one upload; with parts of 1 MiB, more than the largest file has by default.
MOST_PARTS = 10_000
SHA256 = re.compile("[0-9a-f]{64}")


class WrongOffset(Conflict):
    title = "Wrong offset."


class WrongChecksum(PlatformError):
    # As in the protocol tus.
    status = 460
    title = "Checksum mismatch."


def begin(account: Account, user: User | None, *, file_name: str, size: int, sha256: str = "") -> ResumableUpload:
    """Begin an upload of a file of that size; `sha256` is its checksum in hexadecimal digits, if it is known."""
    limit, file_name = settings.UPLOAD_MAX_BYTES, clean_file_name(file_name)
    if size > limit:
        raise TooLarge(
            f"The file “{file_name}” has {size:,} bytes, more than the {limit:,} that an upload may have. Divide it.",
            field="Upload-Length",
        )
    if size < 1:
        raise PlatformError(f"The file “{file_name}” is empty. Choose a file with data in it.", field="Upload-Length")
    if sha256 and not SHA256.fullmatch(sha256.lower()):
        raise PlatformError(
            f"“{sha256[:100]}” is no SHA-256 checksum: that has 64 hexadecimal digits.", field="Upload-Metadata"
        )
    check_room(size)
    most = settings.UPLOAD_MOST_UNFINISHED
    with transaction.atomic():
        # Of two that begin at once, the second counts the first.
        Account.objects.select_for_update(no_key=True).get(pk=account.pk)
        if ResumableUpload.objects.of(account).filter(sync_request=None)[:most].count() >= most:
            raise QuotaExceeded(
                f"{most:,} uploads of this account are unfinished, which is the most there may be. Finish or delete "
                f"some of them; those that get no part for {settings.KEEP_PARTS_HOURS:g} hours are removed."
            )
        unfinished = ResumableUpload.objects.of(account).filter(sync_request=None).aggregate(bytes=Sum("size"))
        check_stored_bytes(account, file_name, size, reserved=unfinished["bytes"] or 0)
        return ResumableUpload.objects.create(
            group_key=account,
            created_user=user,
            file_name=file_name,
            size=size,
            sha256=sha256.lower(),
        )


def add_part(upload: ResumableUpload, content: IO[bytes], *, offset: int, sha256: bytes | None = None) -> None:
    """Add what follows the bytes that have arrived; `sha256` is the checksum of this part."""
    _check_offset(upload, offset)
    check_room()
    left = upload.size - upload.received
    measured = MeasuredFile(content, left)
    # Never the name of another sender's part, so that what is left after an error can be deleted by it.
    name = f"{upload.group_key_id}/{upload.pk}.{offset}.{uuid4().hex}"
    try:
        default_storage.save(name, measured)
        if measured.size > left:
            raise TooLarge(
                f"Only {left:,} bytes of “{upload}” are missing, and this part has more. Nothing of it was kept.",
                field="Upload-Offset",
            )
        if sha256 is not None and measured.digest.digest() != sha256:
            raise WrongChecksum(
                "The part is not what its sender announced: its checksum differs. Nothing of it was kept. Send it "
                "again.",
                field="Upload-Checksum",
            )
        _count_part(upload, name, measured.size, offset)
    except Exception:
        default_storage.delete(name)
        raise
    if not measured.size:
        default_storage.delete(name)


@transaction.atomic
def _count_part(upload: ResumableUpload, name: str, size: int, offset: int) -> None:
    locked = ResumableUpload.objects.select_for_update().get(pk=upload.pk)
    _check_offset(locked, offset)
    if len(locked.parts) >= MOST_PARTS:
        raise PlatformError(f"“{upload}” has come in {MOST_PARTS:,} parts, the most there may be. Send larger ones.")
    if size:
        locked.parts.append(name)
        locked.received += size
    locked.modified = timezone.now()
    locked.save(update_fields=["parts", "received", "modified"])
    upload.parts, upload.received, upload.modified = locked.parts, locked.received, locked.modified


def _check_offset(upload: ResumableUpload, offset: int) -> None:
    if offset != upload.received or upload.sync_request_id:
        raise WrongOffset(
            f"{upload.received:,} of {upload.size:,} bytes of “{upload}” have arrived, so the next part begins there "
            f"and not at {offset:,}. Ask for the offset and go on from it.",
            field="Upload-Offset",
        )


def content_of(upload: ResumableUpload) -> "ContentOfParts":
    """The file that the parts of a complete upload make."""
    return ContentOfParts(upload.parts, upload.size, upload.file_name)


@transaction.atomic
def finish(
    account: Account, user: User | None, upload: ResumableUpload, **options: Unpack[UploadOptions]
) -> SyncRequest:
    """Request that a complete upload be loaded, as an ordinary one is; asking again returns the same request."""
    locked = ResumableUpload.objects.select_for_update().get(pk=upload.pk)
    if locked.sync_request:
        return locked.sync_request
    if not locked.is_complete:
        raise Conflict(
            f"Of “{locked}”, {locked.size - locked.received:,} of {locked.size:,} bytes have not arrived. Send them, "
            "then finish it.",
        )
    _check_content(locked)
    content = cast(IO[bytes], content_of(locked))
    locked.sync_request = load_upload(account, user, content, file_name=locked.file_name, **options)
    locked.modified = timezone.now()
    locked.save(update_fields=["sync_request", "modified"])
    transaction.on_commit(partial(_remove_parts_of_finished, locked))
    return locked.sync_request


def _check_content(upload: ResumableUpload) -> None:
    if not upload.sha256:
        return
    digest = hashlib.sha256()
    for chunk in content_of(upload).chunks():
        digest.update(chunk)
    if digest.hexdigest() != upload.sha256:
        raise WrongChecksum(
            f"“{upload}” is not the file that its sender announced: its checksum differs. Delete this upload and send "
            "the file again.",
        )


def _remove_parts_of_finished(upload: ResumableUpload) -> None:
    # What cannot be removed now is removed by retention.
    with suppress(OSError):
        upload.remove_parts()


def abandon(upload: ResumableUpload) -> None:
    """Delete an upload and what has arrived of it; a sync that was requested of it stays."""
    upload.remove_parts()
    upload.delete()


class ContentOfParts(File):  # type: ignore[type-arg] # generic in the stubs only
    """The parts, one after the other, as one file to read."""

    def __init__(self, names: Sequence[str], size: int, name: str) -> None:
        super().__init__(None, name)
        self._pieces = self._read(names)
        self._rest = b""
        self.size = size

    def read(self, size: int = -1) -> bytes:
        if size < 0:
            return b"".join(self.chunks())
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._rest = piece
        found, self._rest = self._rest[:size], self._rest[size:]
        return found

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        while chunk := self.read(chunk_size or CHUNK_BYTES):
            yield chunk

    @staticmethod
    def _read(names: Sequence[str]) -> Iterator[bytes]:
        for name in names:
            with default_storage.open(name) as part:
                yield from part.chunks(CHUNK_BYTES)
