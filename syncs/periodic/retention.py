"""Removes data that are older than their retention period: the oldest first, in small steps, in one cluster at a time.

Each step is a bounded piece of work in a transaction of its own. Data that are still needed stay, however old they are:

- syncs that have not finished, and all that belongs to them;
- the text of a rejected line if somebody corrected it recently, or while it is being loaded again;
- a file while any sync of it has not finished, or finished recently. While the file is there, a preview of it can be
  applied and a stopped delete can be allowed;
- a file of which nobody has said yet how it is written, for as long as that may take (KEEP_UNANSWERED_DAYS);
- problems of whole files, and the counts: they are removed with the sync itself;
- of each enrollment the last sync, the last successful one and the last successful full one: connectors ask their
  source for what is new since then.
"""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.utils import timezone
from django_q.models import OrmQ, Task

from adsplatform import locks
from adsplatform.accounts import audit_chain
from adsplatform.accounts.models import AuditEntry
from adsplatform.rest.models import KeptAnswer
from enrollments.models import AppEnrollment
from syncs.models import SyncDifference, SyncRequest, SyncResultDetail, UnansweredUpload, Upload
from syncs.models.corrections import Correction, SyncFile
from syncs.models.notices import Notice
from syncs.models.resumable_uploads import ResumableUpload
from syncs.services.enrollment_removal import remove_some_data_of
from syncs.services.resumable_uploads import abandon

logger = logging.getLogger(__name__)

# The most rows of one step; the most syncs, which have rows of their own; the most files.
ROWS_AT_ONCE, SYNCS_AT_ONCE, FILES_AT_ONCE = 5_000, 100, 20
# Between two steps, so that the disk has time for other work.
PAUSE_SECONDS = 0.5


@dataclass(frozen=True)
class Rule:
    """A rule: what is removed after how many days (0: never).

    `expired` finds all of it by the time before which it is too old; `remove_some` removes a bounded part of it and
    returns how many rows.
    """

    name: str
    days: Callable[[], float]
    expired: Callable[[datetime], QuerySet[Model]]
    remove_some: Callable[[datetime], int]

    def expires_before(self, now: datetime) -> datetime | None:
        """The time before which rows are removed; None if they are never removed."""
        days = self.days()
        return now - timedelta(days=days) if days else None


def prune_some(now: datetime | None = None) -> bool:
    """Do one step and pause after it; returns whether there may be more to do at once."""
    now = now or timezone.now()
    for rule in RULES:
        before = rule.expires_before(now)
        if before and (removed := _remove_alone(rule, before)):
            logger.info("Retention removed %d of: %s from before %s.", removed, rule.name, f"{before:%Y-%m-%d %H:%M}")
            time.sleep(PAUSE_SECONDS)
            return True
    return False


@transaction.atomic
def _remove_alone(rule: Rule, before: datetime) -> int:
    return rule.remove_some(before) if locks.try_acquire(locks.RETENTION) else 0


def days_of_details() -> float:
    """The days after which details are removed: never later than their sync."""
    return min(filter(None, (settings.KEEP_DETAILS_DAYS, settings.KEEP_SYNCS_DAYS)), default=0)


def with_expired_details(before: datetime) -> QuerySet[SyncRequest]:
    """Syncs whose details are to be removed."""
    needed = Correction.objects.filter(
        Q(corrected_at__gte=before) | Q(replay__isnull=False, replay__finished__isnull=True),
        sync_request=OuterRef("pk"),
    )
    return SyncRequest.objects.filter(~Exists(needed), finished__lt=before, details_removed__isnull=True).order_by(
        "finished"
    )


def _remove_details(before: datetime) -> int:
    """Remove rows of the syncs that were marked last (`details_removed`); when none are left, mark further syncs."""
    marked_last = SyncRequest.objects.filter(details_removed__isnull=False).order_by("-details_removed")
    marked = list(marked_last.values_list("pk", flat=True)[:SYNCS_AT_ONCE])
    for rows in (
        # Problems of whole files are few and explain the outcome.
        SyncResultDetail.objects.exclude(kind=SyncResultDetail.Kind.ERROR, line__isnull=True),
        SyncDifference.objects,
        # Cured lines stay, without their text, so that they can be counted.
        Correction.objects.exclude(state=Correction.State.CURED),
        SyncFile.objects,
    ):
        if removed := _delete(rows.filter(sync_request__in=marked), ROWS_AT_ONCE):
            return removed
    Correction.objects.cured().filter(sync_request__in=marked).exclude(cells=[]).update(cells=[])
    next_ones = list(with_expired_details(before).values_list("pk", flat=True)[:SYNCS_AT_ONCE])
    return SyncRequest.objects.filter(pk__in=next_ones).update(details_removed=timezone.now())


def expired_uploads(before: datetime) -> QuerySet[Upload]:
    """Uploads whose content is to be removed."""
    needed = SyncRequest.objects.filter(Q(finished__isnull=True) | Q(finished__gte=before), upload=OuterRef("pk"))
    waiting = UnansweredUpload.objects.filter(upload=OuterRef("pk"))
    return Upload.objects.filter(~Exists(needed), ~Exists(waiting), created__lt=before, removed__isnull=True).order_by(
        "created"
    )


def _remove_uploads(before: datetime) -> int:
    # A request for another sync of the file waits for this lock, and then finds the file removed.
    found = list(expired_uploads(before).select_for_update(skip_locked=True, of=("self",))[:FILES_AT_ONCE])
    for upload in found:
        # The content first: after a crash in between, the next step repeats it.
        upload.content.delete(save=False)
    return Upload.objects.filter(pk__in=[upload.pk for upload in found]).update(removed=timezone.now())


def _remove_unanswered(before: datetime) -> int:
    """Remove uploads that nobody has explained, with their content; one of which there was a sync keeps its file."""
    rows = _unanswered(before).select_related("upload").select_for_update(skip_locked=True, of=("self",))
    found = list(rows[:FILES_AT_ONCE])
    for waiting in found:
        upload = waiting.upload
        waiting.delete()
        if not SyncRequest.objects.filter(upload=upload).exists():
            upload.content.delete(save=False)
            upload.delete()
    return len(found)


def _unanswered(before: datetime) -> QuerySet[UnansweredUpload]:
    return UnansweredUpload.objects.filter(created__lt=before).order_by("created")


def expired_syncs(before: datetime) -> QuerySet[SyncRequest]:
    """Syncs that are to be removed together with their counts."""
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
            # Syncs that others refer to are removed after those.
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
        upload.content.delete(save=False)
        upload.delete()
    return len(found)


def removals_asked(before: datetime) -> QuerySet[AppEnrollment]:
    """Deleted enrollments whose records still exist, because the message was lost or the worker died."""
    return AppEnrollment.objects.filter(removal_asked__lt=before)


def _remove_records(before: datetime) -> int:
    found = list(removals_asked(before).values_list("pk", flat=True)[:1])
    for enrollment in found:
        with suppress(AppEnrollment.DoesNotExist):  # a worker has just finished it
            remove_some_data_of(enrollment)
    return len(found)


def _erase_persons(before: datetime) -> int:
    """Erase who made the changes of some entries of the audit trail; the entries stay."""
    found = AuditEntry.objects.with_persons().filter(at__lt=before).order_by("at")
    return AuditEntry.objects.filter(pk__in=list(found.values_list("pk", flat=True)[:ROWS_AT_ONCE])).erase_persons()


def _rule_for_rows(name: str, days: Callable[[], float], expired: Callable[[datetime], QuerySet[Model]]) -> Rule:
    """A rule for rows on which nothing else depends."""
    return Rule(name, days, expired, lambda before: _delete(expired(before), ROWS_AT_ONCE))


def _delete(rows: QuerySet[Model], limit: int) -> int:
    """Delete some of the rows, by primary key; returns how many were found."""
    found = list(rows.order_by().values_list("pk", flat=True)[:limit])
    rows.model._default_manager.filter(pk__in=found).delete()
    return len(found)


def _remove_resumable_uploads(before: datetime) -> int:
    found = ResumableUpload.objects.filter(modified__lt=before).order_by("modified")
    some = list(found.select_for_update(skip_locked=True, of=("self",))[:FILES_AT_ONCE])
    for upload in some:
        abandon(upload)
    return len(some)


RULES = (
    Rule("details of syncs", days_of_details, with_expired_details, _remove_details),
    Rule(
        "uploads that nobody has explained",
        lambda: settings.KEEP_UNANSWERED_DAYS,
        _unanswered,
        _remove_unanswered,
    ),
    Rule("uploaded files", lambda: settings.KEEP_UPLOADS_DAYS, expired_uploads, _remove_uploads),
    Rule("syncs", lambda: settings.KEEP_SYNCS_DAYS, expired_syncs, _remove_syncs),
    Rule(
        "people's addresses in the audit trail",
        lambda: settings.KEEP_AUDIT_PERSONS_DAYS,
        lambda before: AuditEntry.objects.with_persons().filter(at__lt=before),
        _erase_persons,
    ),
    Rule(
        "old parts of the audit trail",
        lambda: settings.KEEP_AUDIT_DAYS,
        audit_chain.expired_segments,
        audit_chain.remove_segments,
    ),
    Rule("records of deleted enrollments", lambda: 1 / 24, removals_asked, _remove_records),
    _rule_for_rows(
        "notices that were closed", days_of_details, lambda before: Notice.objects.filter(closed__lt=before)
    ),
    Rule(
        "unfinished uploads",
        lambda: settings.KEEP_PARTS_HOURS / 24,
        lambda before: ResumableUpload.objects.filter(modified__lt=before),
        _remove_resumable_uploads,
    ),
    _rule_for_rows(
        "answers to repeated requests",
        lambda: settings.IDEMPOTENCY_HOURS / 24,
        lambda before: KeptAnswer.objects.filter(created__lt=before),
    ),
    _rule_for_rows(
        "results of the queue",
        lambda: settings.KEEP_QUEUE_DAYS,
        lambda before: Task.objects.filter(stopped__lt=before),
    ),
    _rule_for_rows(
        "messages that no worker has taken",
        lambda: settings.KEEP_QUEUE_DAYS,
        lambda before: OrmQ.objects.filter(lock__lt=before),
    ),
    _rule_for_rows(
        "sessions that had ended",
        lambda: settings.KEEP_QUEUE_DAYS,
        lambda before: Session.objects.filter(expire_date__lt=before),
    ),
)
