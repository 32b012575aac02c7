"""Quotas of an account: how much it may have at once, and how much it has.

Each is checked where something is added; here are those that concern syncs and files, and the figures for people.
"""

import time
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db.models import Sum
from django.template.defaultfilters import filesizeformat

from adsplatform.accounts.models import Account, ApiKey
from adsplatform.errors import QuotaExceeded
from enrollments.models import AppEnrollment
from syncs.models import SyncEntityResult, SyncRequest, Upload
from syncs.models.resumable_uploads import ResumableUpload

# When it is worth while to send a sync again for which there was no room in the queue.
RETRY_SECONDS = 60
# For small files the bytes of an account are measured once in a while only, so that small syncs stay fast: by each
# process, which itself adds what it stores meanwhile.
SMALL_BYTES, MEASURED_FOR_SECONDS = 1024**2, 60
_measured: dict[UUID, tuple[float, int]] = {}


@dataclass(frozen=True)
class Quota:
    """What an account has of something, and the most it may have."""

    name: str
    used: int
    most: int
    is_bytes: bool = False

    @property
    def used_text(self) -> str:
        return self._worded(self.used)

    @property
    def most_text(self) -> str:
        return self._worded(self.most)

    @property
    def is_nearly_used(self) -> bool:
        return self.used >= 0.9 * self.most

    def _worded(self, amount: int) -> str:
        return filesizeformat(amount) if self.is_bytes else f"{amount:,}"


def quotas_of(account: Account) -> list[Quota]:
    """Every quota of an account, with its use at present."""
    unfinished = ResumableUpload.objects.of(account).filter(sync_request=None)
    return [
        Quota("Stored files and rejected rows", stored_bytes(account), settings.ACCOUNT_MAX_BYTES, is_bytes=True),
        Quota("Waiting syncs", _waiting(account), settings.SYNC_MOST_WAITING_OF_ACCOUNT),
        Quota("Enrollments", AppEnrollment.objects.of(account).counted().count(), settings.ENROLLMENTS_PER_ACCOUNT),
        Quota("API keys that work", ApiKey.objects.of(account).usable().count(), settings.API_KEYS_PER_ACCOUNT),
        Quota("Unfinished uploads", unfinished.count(), settings.UPLOAD_MOST_UNFINISHED),
    ]


def stored_bytes(account: Account) -> int:
    """The bytes of the account's uploads and of the raw lines of its rejected rows, until retention removes them."""
    uploads = Upload.objects.of(account).filter(removed=None).aggregate(bytes=Sum("size"))
    results = SyncEntityResult.objects.of(account).filter(raw_bytes__gt=0, sync_request__details_removed=None)
    found = (uploads["bytes"] or 0) + (results.aggregate(bytes=Sum("raw_bytes"))["bytes"] or 0)
    _measured[account.pk] = (time.monotonic(), found)
    return found


def check_stored_bytes(account: Account, file_name: str, size: int = 0, *, reserved: int = 0) -> None:
    """Refuse a file of that size if the account has no room for it beside what is `reserved`.

    Without a size, which is known when all of it has come, only an account without any room is refused.
    """
    at, used = _measured.get(account.pk, (0.0, 0))
    if size >= SMALL_BYTES or not at or time.monotonic() - at > MEASURED_FOR_SECONDS:
        used = stored_bytes(account)
    if used + reserved + max(size, 1) > settings.ACCOUNT_MAX_BYTES:
        of = f" ({filesizeformat(size)})" if size else ""
        days = settings.KEEP_UPLOADS_DAYS
        removed = f" Files are removed after {days:,} days." if days else ""
        raise QuotaExceeded(
            f"There is no room for “{file_name}”{of}: the stored files and rejected rows of {account} have "
            f"{filesizeformat(used + reserved)} of the {filesizeformat(settings.ACCOUNT_MAX_BYTES)} they may have."
            f"{removed} Ask the platform’s staff for more room.",
            field="file",
        )


def note_stored(account: Account, size: int) -> None:
    """Add a stored file to what was measured."""
    if account.pk in _measured:
        at, used = _measured[account.pk]
        _measured[account.pk] = (at, used + size)


def check_waiting(enrollment: AppEnrollment) -> None:
    """Refuse a further sync if too many of the enrollment or of its account wait."""
    waiting = SyncRequest.objects.waiting()
    most = settings.SYNC_MOST_WAITING
    if waiting.filter(app_enrollment=enrollment)[:most].count() >= most:
        raise _too_many_waiting(most, str(enrollment))
    most = settings.SYNC_MOST_WAITING_OF_ACCOUNT
    if _waiting(enrollment.group_key) >= most:
        raise _too_many_waiting(most, str(enrollment.group_key))


def _waiting(account: Account) -> int:
    most = settings.SYNC_MOST_WAITING_OF_ACCOUNT
    return SyncRequest.objects.waiting().of(account)[:most].count()


def _too_many_waiting(most: int, whose: str) -> QuotaExceeded:
    return QuotaExceeded(
        f"{most:,} syncs of {whose} are waiting for their turn, which is the most there may be. Wait until some have "
        "run, or cancel some of them.",
        retry_after=RETRY_SECONDS,
    )
