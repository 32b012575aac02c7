"""Opens a notice for each problem of an enrollment (failing, stale, disconnected …) and closes it when it is cured.

Each run compares the present problems with the open notices. So it may be killed and may run any number of times: each
problem has one notice, which is opened once and closed once.
"""

from collections.abc import Container, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from adsplatform import locks
from adsplatform.wording import counted
from adsplatform.zones import format_in_zone
from enrollments.models import DISCONNECTED_HERE, AppEnrollment, SyncPlan
from enrollments.schedules import data_due_at, plan
from syncs.models import SyncRequest, SyncRequestQuerySet
from syncs.models.notices import Notice
from syncs.monitoring.notice_emails import queue_cured, queue_opened

Kind = Notice.Kind
# So many days before a connection ends, people are asked to connect it again.
RECONNECT_DAYS = 14


class EnrollmentProblem(NamedTuple):
    """What is wrong with an enrollment, as a sentence; `sync_request_id` is the failed sync, if one failed."""

    enrollment: AppEnrollment
    kind: Kind
    message: str
    sync_request_id: UUID | None = None


class NoticeKey(NamedTuple):
    """An enrollment has at most one open notice of a kind."""

    app_enrollment_id: UUID
    kind: str


def update_notices(now: datetime) -> bool:
    """Bring the notices up to date, unless another process is doing so; returns False, as all is done at once."""
    with transaction.atomic():
        if locks.try_acquire(locks.FRESHNESS):
            _plan_unplanned(now)
            _open_and_close(now)
    return False


def _plan_unplanned(now: datetime) -> None:
    """Plan enrollments that are older than plans."""
    scheduled = Q(cron_settings__gt="", sync_schedule_is_active=True)
    unplanned = _monitored().filter(scheduled | Q(expected_every_hours__isnull=False), sync_plan__isnull=True)
    for enrollment in unplanned:
        if enrollment.is_scheduled or enrollment.expected_every_hours:
            plan(enrollment, now)


def _open_and_close(now: datetime) -> None:
    notices = Notice.objects.open().select_related("app_enrollment__app", "app_enrollment__modified_user")
    open_notices = {NoticeKey(notice.app_enrollment_id, notice.kind): notice for notice in notices}
    problems = {NoticeKey(problem.enrollment.pk, problem.kind): problem for problem in _problems(now, open_notices)}
    for key, problem in problems.items():
        if key not in open_notices:
            _open(problem, now)
    for key, notice in open_notices.items():
        if key not in problems:
            _close(notice, now)


def _monitored() -> QuerySet[AppEnrollment]:
    return AppEnrollment.objects.current().filter(is_active=True).select_related("app", "group_key", "sync_plan")


def _last_load(status: SyncRequest.Status) -> SyncRequestQuerySet:
    """For a subquery on enrollments: the last sync with that status that loads the source's data."""
    return SyncRequest.objects.loads().filter(status_code=status).last_of(OuterRef("pk"))


def _problems(now: datetime, open_notices: Container[NoticeKey]) -> Iterator[EnrollmentProblem]:
    disconnected = set()
    for problem in _disconnected(now):
        if problem.enrollment.connection_problem:
            disconnected.add(problem.enrollment.pk)
        yield problem
    failing = set(disconnected)
    for problem in _failing():
        # A sync that failed because the connection has ended is one problem with it.
        if problem.enrollment.pk in disconnected and NoticeKey(problem.enrollment.pk, Kind.FAILING) not in open_notices:
            continue
        failing.add(problem.enrollment.pk)
        yield problem
    for enrollment in _monitored().exclude(sync_plan__error="").filter(sync_plan__isnull=False):
        yield EnrollmentProblem(
            enrollment,
            Kind.SCHEDULE,
            f"The schedule of {enrollment} has been stopped: {enrollment.sync_plan.error} Set it anew.",
        )
    for problem in _stale(now):
        # Data that are late because syncs fail are one problem, not two.
        if problem.enrollment.pk not in failing or NoticeKey(problem.enrollment.pk, Kind.STALE) in open_notices:
            yield problem


def _disconnected(now: datetime) -> Iterator[EnrollmentProblem]:
    """Connections that have ended, and those that end soon because they are not used."""
    soon = Q(connection_ends__lte=now + timedelta(days=RECONNECT_DAYS))
    ended = ~Q(connection_problem__in=("", DISCONNECTED_HERE))
    for enrollment in _monitored().filter(ended | (soon & Q(connection_problem=""))):
        message = enrollment.connection_problem
        if not message:
            # Syncs renew it, so it ends only where there are none.
            ends = format_in_zone(enrollment.connection_ends or now, enrollment.group_key.time_zone)
            message = f"The connection of {enrollment} ends on {ends}, unless a sync uses it before. Reconnect it."
        yield EnrollmentProblem(enrollment, Kind.CONNECTION, message)


def _failing() -> Iterator[EnrollmentProblem]:
    success, failure = _last_load(SyncRequest.Status.SUCCESS), _last_load(SyncRequest.Status.FAILED)
    enrollments = _monitored().annotate(
        succeeded=Subquery(success.values("created")),
        failed=Subquery(failure.values("created")),
        failed_id=Subquery(failure.values("pk")),
        reason=Subquery(failure.values("process_result_message")),
    )
    for enrollment in enrollments.filter(Q(succeeded=None) | Q(succeeded__lt=F("failed")), failed__isnull=False):
        reason = enrollment.reason or "No reason was recorded."
        yield EnrollmentProblem(
            enrollment, Kind.FAILING, f"The last sync of {enrollment} failed: {reason}", enrollment.failed_id
        )


def _stale(now: datetime) -> Iterator[EnrollmentProblem]:
    loaded = Subquery(_last_load(SyncRequest.Status.SUCCESS).values("finished"))
    for enrollment in _monitored().filter(sync_plan__data_due_at__lte=now).annotate(loaded=loaded):
        due = data_due_at(enrollment, enrollment.loaded)
        if due is None or due > now:
            # Only if the enrollment's plan is the one that was read.
            unchanged = SyncPlan.objects.filter(pk=enrollment.pk, planned_at=enrollment.sync_plan.planned_at)
            unchanged.update(data_due_at=due)
        else:
            yield EnrollmentProblem(enrollment, Kind.STALE, _stale_message(enrollment, enrollment.loaded, due))


def _stale_message(enrollment: AppEnrollment, loaded: datetime | None, due: datetime) -> str:
    zone = enrollment.group_key.time_zone
    since = f"since {format_in_zone(loaded, zone)}" if loaded else "yet"
    if hours := enrollment.expected_every_hours:
        expected = f"Some are expected at least every {counted(hours, 'hour')}"
    else:
        expected = "Its schedule should have brought some"
    return f"No data of {enrollment} were loaded {since}. {expected}, by {format_in_zone(due, zone)} at the latest."


def _open(problem: EnrollmentProblem, now: datetime) -> None:
    notice = Notice.objects.create(
        group_key=problem.enrollment.group_key,
        app_enrollment=problem.enrollment,
        kind=problem.kind,
        message=problem.message,
        opened=now,
        sync_request_id=problem.sync_request_id,
    )
    queue_opened(notice, now)


def _close(notice: Notice, now: datetime) -> None:
    enrollment = notice.app_enrollment
    notice.closed, notice.closed_user = now, enrollment.modified_user
    sync_request = _load_that_cured(notice)
    if enrollment.is_deleted:
        notice.cure = "The enrollment was deleted."
    elif not enrollment.is_active:
        notice.cure = "The enrollment was switched off."
    elif notice.kind == Kind.CONNECTION:
        notice.cure = "It is connected again."
    elif notice.kind == Kind.SCHEDULE:
        notice.cure = "The schedule was set anew."
    elif sync_request:
        notice.cure = "A sync has loaded its data."
        notice.closed_sync, notice.closed_user = sync_request, sync_request.modified_user
    else:
        notice.cure = "What is expected was changed."
    notice.save()
    queue_cured(notice, now)


def _load_that_cured(notice: Notice) -> SyncRequest | None:
    """The last successful sync, if it came after the problem of the notice."""
    loads = SyncRequest.objects.loads().succeeded()
    if notice.kind == Kind.FAILING and notice.sync_request:
        loads = loads.filter(created__gt=notice.sync_request.created)
    else:
        loads = loads.filter(finished__gt=notice.opened)
    return loads.last_of(notice.app_enrollment).first()
