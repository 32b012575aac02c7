"""The scheduler: requests each scheduled sync that is due, exactly once, however many schedulers run.

The scheduler that locks an enrollment's plan first requests the sync, records the run and plans the next one, in one
transaction; the others skip the locked row. If a scheduler is killed, the run stays due.
"""

import logging
from datetime import datetime

from django.db import InterfaceError, OperationalError, transaction

from adsplatform.errors import PlatformError
from enrollments.models import SyncPlan
from enrollments.schedules import Run, runs
from syncs.models.scheduled_runs import ScheduledRun
from syncs.services.requests import request_sync

logger = logging.getLogger(__name__)

# How many runs to start before checking whether to stop; the rest follow at once.
RUNS_AT_ONCE = 100
# The most missed runs that are counted: two months of one every ten minutes.
MISSED_COUNTED = 10_000


def start_due(now: datetime) -> bool:
    """Request scheduled syncs that are due; returns whether there may be more of them."""
    return all(start_next(now) for _ in range(RUNS_AT_ONCE))


@transaction.atomic
def start_next(now: datetime) -> bool:
    """Request the sync that has been due longest; returns whether there was one."""
    sync_plan = (
        SyncPlan.objects.due(now)
        .select_related("app_enrollment__app", "app_enrollment__group_key")
        .order_by("next_sync_at")
        .select_for_update(skip_locked=True, of=("self",))
        .first()
    )
    if sync_plan is None:
        return False
    try:
        with transaction.atomic():
            _start(sync_plan, now)
    except (OperationalError, InterfaceError):
        # The database failed, not the schedule: the run stays due.
        raise
    except Exception as reason:
        # One bad schedule must not block the others.
        logger.exception("The schedule of enrollment %s was stopped by an error.", sync_plan.pk)
        sync_plan.next_sync_at = sync_plan.slot = None
        sync_plan.error = str(reason) if isinstance(reason, PlatformError) else "Something went wrong on our side."
        sync_plan.save()
    return True


def _start(sync_plan: SyncPlan, now: datetime) -> None:
    enrollment = sync_plan.app_enrollment
    due, following = _due(sync_plan, now)
    *missed, run = due
    ScheduledRun.objects.create(
        group_key=enrollment.group_key,
        app_enrollment=enrollment,
        slot=run.slot,
        sync_request=request_sync(enrollment, None),
        missed_runs=len(missed),
        missed_from=missed[0].slot if missed else None,
        missed_until=missed[-1].slot if missed else None,
    )
    sync_plan.slot, sync_plan.next_sync_at = following or (None, None)
    sync_plan.save()


def _due(sync_plan: SyncPlan, now: datetime) -> tuple[list[Run], Run | None]:
    """The runs that are due by now (only the last is started), and the next one."""
    enrollment, first = sync_plan.app_enrollment, _planned_run(sync_plan)
    due = [first]
    for run in runs(enrollment, first.slot):
        if run.start > now:
            return due, run
        due.append(run)
        if len(due) > MISSED_COUNTED:
            return due, next(runs(enrollment, now), None)
    return due, None


def _planned_run(sync_plan: SyncPlan) -> Run:
    if sync_plan.slot is None or sync_plan.next_sync_at is None:
        raise ValueError(f"No run of enrollment {sync_plan.pk} is planned.")
    return Run(sync_plan.slot, sync_plan.next_sync_at)
