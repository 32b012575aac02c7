"""Schedules: which cron expressions are accepted, which times they name, and when the next sync is due."""

import hashlib
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice, pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from croniter import CroniterBadCronError, CroniterBadDateError, croniter
from django.conf import settings
from django.utils import timezone

from adsplatform.accounts.models import Account
from adsplatform.errors import PlatformError
from adsplatform.zones import instant
from enrollments.models import AppEnrollment, SyncPlan

# The name of each field and its range, for error messages.
FIELDS = (
    ("minute", "0 to 59"),
    ("hour", "0 to 23"),
    ("day of month", "1 to 31"),
    ("month", "1 to 12"),
    ("day of week", "0 to 7, where 0 and 7 are Sunday"),
)
# croniter replaces these by new random values each time.
RANDOM_FIELD = re.compile(r"(^|[,/-])[rh]([(/,-]|$)", re.IGNORECASE)
RUNS_LISTED = 3


class Run(NamedTuple):
    """A time that a schedule names (`slot`), and when its sync starts."""

    slot: datetime
    start: datetime


def check_cron(text: str) -> None:
    """Raise a PlatformError unless the text is five valid cron fields that name at least one future time."""
    if problem := _cron_problem(text):
        raise PlatformError(
            f"The schedule “{text}” cannot be used: {problem}. Example: “30 2 * * 1-5” is 02:30 on working days.",
            field="cronSettings",
        )


def _cron_problem(text: str) -> str:
    """What is wrong with the expression, as the end of a sentence; "" if nothing is."""
    fields = text.split()
    if len(text) > 50:
        return "it is longer than 50 characters"
    if len(fields) != len(FIELDS):
        return "it needs five fields: minute, hour, day of month, month, day of week"
    for position, (field, (name, allowed)) in enumerate(zip(fields, FIELDS, strict=True)):
        only_this = ["*"] * len(FIELDS)
        only_this[position] = field
        if RANDOM_FIELD.search(field) or not _is_valid_cron(" ".join(only_this)):
            return f"its {name} “{field}” is out of range or not understood; it may hold {allowed}"
    try:
        croniter(text, timezone.now()).get_next()
    except CroniterBadDateError:
        return "no such day ever comes"
    except (CroniterBadCronError, ValueError, KeyError):
        return "its fields do not go together"
    return ""


def _is_valid_cron(text: str) -> bool:
    try:
        croniter(text)
    except (CroniterBadCronError, ValueError, KeyError):
        return False
    return True


def slots(cron: str, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """The moments that a cron expression names in a time zone, each once; see `adsplatform.zones.instant`.

    croniter gets local times without a zone: with one, it would yield a time that occurs twice on both occasions.
    """
    local_times = croniter(cron, after.astimezone(zone).replace(tzinfo=None, microsecond=0))
    last = after
    while True:
        try:
            wall = local_times.get_next(datetime)
        except CroniterBadDateError:
            return
        moment = instant(wall, zone)
        # All times in the gap when clocks go forward are one moment, right after it.
        if moment > last:
            yield moment
            last = moment


def runs(enrollment: AppEnrollment, after: datetime) -> Iterator[Run]:
    """The runs of an enrollment's schedule whose slots come after a moment.

    So that not all syncs of a slot start at once, each enrollment starts later by its own share of the spread. The
    share is always the same, and a sync always starts before the schedule's next slot.
    """
    if not enrollment.cron_settings:
        return
    share = int.from_bytes(hashlib.sha256(enrollment.pk.bytes).digest()[:8], "big") / 2**64
    spread = timedelta(seconds=settings.SCHEDULE_SPREAD_SECONDS)
    zone = ZoneInfo(enrollment.group_key.time_zone)
    for slot, following in pairwise(slots(enrollment.cron_settings, zone, after)):
        delay = share * min(spread, following - slot)
        yield Run(slot, slot + timedelta(seconds=delay // timedelta(seconds=1)))


def next_runs(enrollment: AppEnrollment, count: int = RUNS_LISTED) -> list[Run]:
    """The next runs, the first as the scheduler has planned it; none while the schedule is off."""
    sync_plan: SyncPlan | None = getattr(enrollment, "sync_plan", None)
    if sync_plan is None or sync_plan.slot is None or sync_plan.next_sync_at is None:
        return []
    return [Run(sync_plan.slot, sync_plan.next_sync_at), *islice(runs(enrollment, sync_plan.slot), count - 1)]


def plan(enrollment: AppEnrollment, now: datetime) -> None:
    """Replace the enrollment's sync plan: when its next scheduled sync starts, and from when its data may be late."""
    run, error = None, ""
    if enrollment.is_scheduled and enrollment.cron_settings:
        try:
            # Expressions stored by earlier releases may not have passed this check.
            check_cron(enrollment.cron_settings)
            run = next(runs(enrollment, now), None)
        except PlatformError as refused:
            error = str(refused)
    if not (run or error or (enrollment.expected_every_hours and enrollment.is_active)):
        remove_plan(enrollment)
    else:
        SyncPlan.objects.update_or_create(
            app_enrollment=enrollment,
            defaults={
                "slot": run and run.slot,
                "next_sync_at": run and run.start,
                "planned_at": now,
                # Due at once, so that the freshness check computes the right time.
                "data_due_at": now,
                "error": error,
            },
        )
    # The plan that this object may have cached is outdated.
    enrollment._state.fields_cache.pop("sync_plan", None)


def replan(enrollment: AppEnrollment) -> None:
    """Plan the next sync while the account's row is locked, so that its time zone cannot change meanwhile."""
    enrollment.group_key = Account.objects.select_for_update(no_key=True).get(pk=enrollment.group_key_id)
    plan(enrollment, timezone.now())


def remove_plan(enrollment: AppEnrollment) -> None:
    """Remove the enrollment's plan: no further sync is started, and no data are expected."""
    SyncPlan.objects.filter(pk=enrollment.pk).delete()


def data_due_at(enrollment: AppEnrollment, last_loaded: datetime | None) -> datetime | None:
    """When newer data should have been loaded; None if none are expected."""
    planned = enrollment.sync_plan.planned_at
    if enrollment.expected_every_hours:
        return (last_loaded or planned) + timedelta(hours=enrollment.expected_every_hours)
    if enrollment.sync_plan.error or not enrollment.is_scheduled:
        return None
    run = next(runs(enrollment, max(last_loaded or planned, planned)), None)
    return run and run.start + timedelta(minutes=settings.FRESHNESS_GRACE_MINUTES)
