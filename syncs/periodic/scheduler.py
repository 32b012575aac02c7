"""The clock of the schedules: asks for each sync that is due, exactly once however many clocks there are.

Whoever locks an enrollment's timing first asks for the sync, writes it into the ledger and notes the next run,
in one transaction; the others pass over the locked row. A clock that is killed leaves the run due.
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

# Runs one tick starts before it looks whether it shall end; the next tick follows at once.
RUNS_AT_ONCE = 100
# As far as missed runs are counted: two months of one every ten minutes.
MISSED_COUNTED = 10_000


def start_due(now: datetime) -> bool:
    """Ask for the syncs that schedules have due; returns whether there may be more of them."""
    return all(start_next(now) for _ in range(RUNS_AT_ONCE))


@transaction.atomic
def start_next(now: datetime) -> bool:
    """Ask for the sync that has been due longest; returns whether there was one."""
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
        # The database's own trouble, not the schedule's: it stays due.
        raise
    except Exception as reason:
        # One schedule that cannot be worked off must not stand in the way of the others.
        logger.exception("The schedule of enrollment %s has been stopped.", sync_plan.pk)
        sync_plan.next_sync_at = sync_plan.slot = None
        sync_plan.error = str(reason) if isinstance(reason, PlatformError) else "Something went wrong on our side."
        sync_plan.save()
    return True


def _start(sync_plan: SyncPlan, now: datetime):
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
    """All runs that are due by now, of which only the last will be made, and the one after them."""
    enrollment = sync_plan.app_enrollment
    due = [Run(sync_plan.slot, sync_plan.next_sync_at)]
    for run in runs(enrollment, sync_plan.slot):
        if run.start > now:
            return due, run
        due.append(run)
        if len(due) > MISSED_COUNTED:
            return due, next(runs(enrollment, now), None)
    return due, None
