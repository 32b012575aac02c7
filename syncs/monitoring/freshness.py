"""The watch over the enrollments: opens a notice for each problem it finds, and closes it when it is cured.

It compares what is wrong now with the notices that are open. So it may be killed, and may look as often as it
likes: each problem has one notice, which is opened and closed once.
"""

from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import F, OuterRef, Q, Subquery

from adsplatform import locks
from adsplatform.wording import counted
from adsplatform.zones import format_in_zone
from enrollments.models import AppEnrollment, SyncPlan
from enrollments.schedules import data_due_at, plan
from syncs.models import SyncRequest
from syncs.models.notices import Notice
from syncs.monitoring.notice_emails import owe_cured, owe_opened

Kind = Notice.Kind


class Problem(NamedTuple):
    enrollment: AppEnrollment
    kind: Kind
    message: str
    sync_id: object = None


def watch(now: datetime) -> bool:
    """Bring the notices up to date; where another process is at it, leave it to that one."""
    with transaction.atomic():
        if locks.try_acquire(locks.FRESHNESS):
            _plan_unplanned(now)
            _settle(now)
    return False


def _plan_unplanned(now):
    """Plan what has no plan yet: enrollments from before there were plans."""
    scheduled = Q(cron_settings__gt="", sync_schedule_is_active=True)
    unplanned = _watched().filter(scheduled | Q(expected_every_hours__isnull=False), sync_plan__isnull=True)
    for enrollment in unplanned:
        if enrollment.is_scheduled or enrollment.expected_every_hours:
            plan(enrollment, now)


def _settle(now):
    noticed = {
        (notice.app_enrollment_id, notice.kind): notice
        for notice in Notice.objects.open().select_related("app_enrollment__app", "app_enrollment__modified_user")
    }
    found = {(problem.enrollment.pk, problem.kind): problem for problem in _problems(now, noticed)}
    for key, problem in found.items():
        if key not in noticed:
            _open(problem, now)
    for key, notice in noticed.items():
        if key not in found:
            _close(notice, now)


def _watched():
    return AppEnrollment.objects.current().filter(is_active=True).select_related("app", "group_key", "sync_plan")


def _loads(status):
    """The enrollment's syncs that loaded, or should have loaded, what there is; the newest first."""
    return (
        SyncRequest.objects.real()
        .filter(app_enrollment=OuterRef("pk"), replay_of__isnull=True, status_code=status)
        .newest_first()
    )


def _problems(now, noticed):
    failing = set()
    for problem in _failing():
        failing.add(problem.enrollment.pk)
        yield problem
    for enrollment in _watched().exclude(sync_plan__error="").filter(sync_plan__isnull=False):
        yield Problem(
            enrollment,
            Kind.SCHEDULE,
            f"The schedule of {enrollment} has been stopped: {enrollment.sync_plan.error} Set it anew.",
        )
    for problem in _stale(now):
        # That data are late because syncs fail is one problem, and not two.
        if problem.enrollment.pk not in failing or (problem.enrollment.pk, Kind.STALE) in noticed:
            yield problem


def _failing():
    success, failure = _loads(SyncRequest.Status.SUCCESS), _loads(SyncRequest.Status.FAILED)
    enrollments = _watched().annotate(
        succeeded=Subquery(success.values("created")[:1]),
        failed=Subquery(failure.values("created")[:1]),
        failed_id=Subquery(failure.values("pk")[:1]),
        reason=Subquery(failure.values("process_result_message")[:1]),
    )
    for enrollment in enrollments.filter(Q(succeeded=None) | Q(succeeded__lt=F("failed")), failed__isnull=False):
        reason = enrollment.reason or "No reason was recorded."
        yield Problem(enrollment, Kind.FAILING, f"The last sync of {enrollment} failed: {reason}", enrollment.failed_id)


def _stale(now):
    loaded = Subquery(_loads(SyncRequest.Status.SUCCESS).values("finished")[:1])
    for enrollment in _watched().filter(sync_plan__data_due_at__lte=now).annotate(loaded=loaded):
        due = data_due_at(enrollment, enrollment.loaded)
        if due is None or due > now:
            # Unless it has been planned anew meanwhile.
            unchanged = SyncPlan.objects.filter(pk=enrollment.pk, planned_at=enrollment.sync_plan.planned_at)
            unchanged.update(data_due_at=due)
        else:
            yield Problem(enrollment, Kind.STALE, _late(enrollment, due))


def _late(enrollment, due) -> str:
    zone = enrollment.group_key.time_zone
    since = f"since {format_in_zone(enrollment.loaded, zone)}" if enrollment.loaded else "yet"
    if hours := enrollment.expected_every_hours:
        expected = f"Some are expected at least every {counted(hours, 'hour')}"
    else:
        expected = "Its schedule should have brought some"
    return f"No data of {enrollment} were loaded {since}. {expected}, by {format_in_zone(due, zone)} at the latest."


def _open(problem: Problem, now):
    notice = Notice.objects.create(
        group_key=problem.enrollment.group_key,
        app_enrollment=problem.enrollment,
        kind=problem.kind,
        message=problem.message,
        opened=now,
        sync_request_id=problem.sync_id,
    )
    owe_opened(notice, now)


def _close(notice: Notice, now):
    enrollment = notice.app_enrollment
    notice.closed, notice.closed_user = now, enrollment.modified_user
    sync = _cured_by(notice)
    if enrollment.is_deleted:
        notice.cure = "The enrollment was deleted."
    elif not enrollment.is_active:
        notice.cure = "The enrollment was switched off."
    elif notice.kind == Kind.SCHEDULE:
        notice.cure = "The schedule was set anew."
    elif sync:
        notice.cure = "A sync has loaded its data."
        notice.closed_sync, notice.closed_user = sync, sync.modified_user
    else:
        notice.cure = "What is expected was changed."
    notice.save()
    owe_cured(notice, now)


def _cured_by(notice):
    """The last successful sync, if it came after what the notice is about."""
    loads = SyncRequest.objects.real().filter(
        app_enrollment=notice.app_enrollment_id, replay_of__isnull=True, status_code=SyncRequest.Status.SUCCESS
    )
    if notice.kind == Kind.FAILING and notice.sync_request:
        return loads.filter(created__gt=notice.sync_request.created).newest_first().first()
    return loads.filter(finished__gt=notice.opened).newest_first().first()
