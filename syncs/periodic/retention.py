"""What is kept for how long, and how the rest goes: a little at a time, the oldest first, in every cluster.

Each step is a bounded piece of work in a transaction of its own; one cluster at a time does one. What is still needed
stays, however old it is:

- syncs that have not finished, and all that belongs to them;
- a rejected line's text while somebody has been mending it within the time, or while it is being loaded again;
- a file while any sync of it has not finished or finished within the time. A preview can be applied, and a stopped
  delete be allowed, for as long as the file is there;
- what was wrong with whole files, and the counts: they go with the sync itself;
- of each enrollment the last sync, the last that succeeded, and the last full one that did: what is new at a source is
  told from them.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django_q.models import OrmQ, Task

from adsplatform import locks
from adsplatform.rest.models import KeptAnswer
from enrollments.models import AppEnrollment
from syncs import tasks
from syncs.models import SyncDifference, SyncRequest, SyncResultDetail, Upload
from syncs.models.corrections import Correction, SyncFile
from syncs.models.notices import Notice

logger = logging.getLogger(__name__)

# Of rows in one step; of syncs, which have rows of their own; of files.
ROWS_AT_ONCE, SYNCS_AT_ONCE, FILES_AT_ONCE = 5_000, 100, 20
# Between two steps, so that the disk has time for others.
PAUSE_SECONDS = 0.5


@dataclass(frozen=True)
class Rule:
    """What goes after how many days: `expired` finds it, `remove_some` takes a piece of it away and says how much."""

    name: str
    days: Callable[[], float]
    expired: Callable[[datetime], QuerySet]
    remove_some: Callable[[datetime], int]

    def before(self, now: datetime) -> datetime | None:
        """What is older goes; None: nothing does."""
        days = self.days()
        return now - timedelta(days=days) if days else None


def prune_some(now: datetime | None = None) -> bool:
    """Do one step, and pause after it; returns whether there may be more to do at once."""
    now = now or timezone.now()
    for rule in RULES:
        before = rule.before(now)
        if before and (removed := _alone(rule.remove_some, before)):
            logger.info("Retention: %s of before %s, a step of %d.", rule.name, f"{before:%Y-%m-%d %H:%M}", removed)
            time.sleep(PAUSE_SECONDS)
            return True
    return False


@transaction.atomic
def _alone(remove_some, before: datetime) -> int:
    return remove_some(before) if locks.try_acquire(locks.RETENTION) else 0


def days_of_details() -> float:
    """Details never outlast their sync."""
    return min(filter(None, (settings.KEEP_DETAILS_DAYS, settings.KEEP_SYNCS_DAYS)), default=0)


def with_expired_details(before: datetime) -> QuerySet:
    """Syncs whose problems, line by line, are to go."""
    needed = Correction.objects.filter(
        Q(corrected_at__gte=before) | Q(replay__isnull=False, replay__finished__isnull=True),
        sync_request=OuterRef("pk"),
    )
    return SyncRequest.objects.filter(~Exists(needed), finished__lt=before, details_removed__isnull=True).order_by(
        "finished"
    )


def _remove_details(before: datetime) -> int:
    """Rows of syncs that have been marked, which are always the last marked; when they have none, mark further ones."""
    marked = SyncRequest.objects.filter(details_removed__isnull=False).order_by("-details_removed")
    marked = list(marked.values_list("pk", flat=True)[:SYNCS_AT_ONCE])
    for rows in (
        # What was wrong with whole files explains the outcome, and is little.
        SyncResultDetail.objects.exclude(kind=SyncResultDetail.Kind.ERROR, line__isnull=True),
        SyncDifference.objects,
        # Of the cured lines it stays known how many they are.
        Correction.objects.exclude(state=Correction.State.CURED),
        SyncFile.objects,
    ):
        if removed := _delete(rows.filter(sync_request__in=marked), ROWS_AT_ONCE):
            return removed
    Correction.objects.cured().filter(sync_request__in=marked).exclude(cells=[]).update(cells=[])
    next_ones = list(with_expired_details(before).values_list("pk", flat=True)[:SYNCS_AT_ONCE])
    return SyncRequest.objects.filter(pk__in=next_ones).update(details_removed=timezone.now())


def expired_uploads(before: datetime) -> QuerySet:
    """Uploads whose content is to go."""
    needed = SyncRequest.objects.filter(Q(finished__isnull=True) | Q(finished__gte=before), upload=OuterRef("pk"))
    return Upload.objects.filter(~Exists(needed), created__lt=before, removed__isnull=True).order_by("created")


def _remove_uploads(before: datetime) -> int:
    # Whoever asks for another sync of the file waits for us, and then learns that it is gone.
    found = list(expired_uploads(before).select_for_update(skip_locked=True, of=("self",))[:FILES_AT_ONCE])
    for upload in found:
        # The content first: after a crash in between, the next step does it once more.
        default_storage.delete(upload.content.name)
    return Upload.objects.filter(pk__in=[upload.pk for upload in found]).update(removed=timezone.now())


def expired_syncs(before: datetime) -> QuerySet:
    """Syncs that are to go altogether, their counts with them."""
    later = SyncRequest.objects.filter(app_enrollment=OuterRef("app_enrollment"), created__gt=OuterRef("created"))
    succeeded = later.filter(
        status_code=SyncRequest.Status.SUCCESS, dry_run=False, run_full_sync__gte=OuterRef("run_full_sync")
    )
    return (
        SyncRequest.objects.filter(
            Exists(later),
            Exists(succeeded) | ~Q(status_code=SyncRequest.Status.SUCCESS, dry_run=False),
            finished__lt=before,
            details_removed__isnull=False,
        )
        .filter(
            # Those that others build on go after these.
            ~Exists(SyncRequest.objects.filter(parent_sync_request=OuterRef("pk"))),
            ~Exists(SyncRequest.objects.filter(replay_of=OuterRef("pk"))),
            ~Exists(SyncResultDetail.objects.filter(sync_request=OuterRef("pk"), line__isnull=False)),
        )
        .order_by("created")
    )


def _remove_syncs(before: datetime) -> int:
    found = list(expired_syncs(before).values_list("pk", "upload")[:SYNCS_AT_ONCE])
    syncs = SyncRequest.objects.filter(pk__in=[pk for pk, _ in found])
    Correction.objects.filter(replay__in=syncs).delete()
    syncs.delete()
    unused = Upload.objects.filter(pk__in=[upload for _, upload in found if upload])
    for upload in unused.filter(~Exists(SyncRequest.objects.filter(upload=OuterRef("pk")))):
        default_storage.delete(upload.content.name)
        upload.delete()
    return len(found)


def removals_asked(before: datetime) -> QuerySet:
    """Deleted enrollments whose records should have been removed, but whose message got lost or whose worker died."""
    return AppEnrollment.objects.filter(removal_asked__lt=before)


def _remove_records(before: datetime) -> int:
    found = list(removals_asked(before).values_list("pk", flat=True)[:1])
    for enrollment in found:
        tasks.remove_enrollment_data(str(enrollment))
    return len(found)


def _simple(expired) -> dict:
    """A rule for rows that nothing else has to outlast."""
    return {"expired": expired, "remove_some": lambda before: _delete(expired(before), ROWS_AT_ONCE)}


def _delete(rows: QuerySet, limit: int) -> int:
    """Some of the rows, by primary key."""
    found = list(rows.order_by().values_list("pk", flat=True)[:limit])
    rows.model.objects.filter(pk__in=found).delete()
    return len(found)


RULES = (
    Rule("details of syncs", days_of_details, with_expired_details, _remove_details),
    Rule("uploaded files", lambda: settings.KEEP_UPLOADS_DAYS, expired_uploads, _remove_uploads),
    Rule("syncs", lambda: settings.KEEP_SYNCS_DAYS, expired_syncs, _remove_syncs),
    Rule("records of deleted enrollments", lambda: 1 / 24, removals_asked, _remove_records),
    Rule(
        "notices that were closed",
        days_of_details,
        **_simple(lambda before: Notice.objects.filter(closed__lt=before)),
    ),
    Rule(
        "answers to repeated requests",
        lambda: settings.IDEMPOTENCY_HOURS / 24,
        **_simple(lambda before: KeptAnswer.objects.filter(created__lt=before)),
    ),
    Rule(
        "results of the queue",
        lambda: settings.KEEP_QUEUE_DAYS,
        **_simple(lambda before: Task.objects.filter(stopped__lt=before)),
    ),
    Rule(
        "messages that no worker has taken",
        lambda: settings.KEEP_QUEUE_DAYS,
        **_simple(lambda before: OrmQ.objects.filter(lock__lt=before)),
    ),
    Rule(
        "sessions that had ended",
        lambda: settings.KEEP_QUEUE_DAYS,
        **_simple(lambda before: Session.objects.filter(expire_date__lt=before)),
    ),
)
