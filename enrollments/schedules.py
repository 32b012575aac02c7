"""Schedules: which cron texts are accepted, when they come round, and when the next sync is due by one."""

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

from adsplatform.errors import PlatformError
from adsplatform.zones import instant
from enrollments.models import AppEnrollment, SyncPlan

# What each field is called and may hold, for people.
FIELDS = (
    ("minute", "0 to 59"),
    ("hour", "0 to 23"),
    ("day of month", "1 to 31"),
    ("month", "1 to 12"),
    ("day of week", "0 to 7, where 0 and 7 are Sunday"),
)
# Times that croniter would make up, anew at each look.
MADE_UP = re.compile(r"(^|[,/-])[rh]([(/,-]|$)", re.IGNORECASE)
RUNS_SHOWN = 3


class Run(NamedTuple):
    """A time that a schedule names, and when its sync starts."""

    slot: datetime
    start: datetime


def check_cron(text: str) -> None:
    """Raise a PlatformError unless the text is five cron fields that come round at all."""
    if problem := _problem_of(text):
        raise PlatformError(
            f"The schedule “{text}” cannot be used: {problem}. Example: “30 2 * * 1-5” is 02:30 on working days.",
            field="cronSettings",
        )


def _problem_of(text: str) -> str:
    fields = text.split()
    if len(text) > 50:
        return "it is longer than 50 characters"
    if len(fields) != len(FIELDS):
        return "it needs five fields: minute, hour, day of month, month, day of week"
    for position, (field, (name, allowed)) in enumerate(zip(fields, FIELDS, strict=True)):
        alone = ["*"] * len(FIELDS)
        alone[position] = field
        if MADE_UP.search(field) or not _is_understood(" ".join(alone)):
            return f"its {name} “{field}” is out of range or not understood; it may hold {allowed}"
    try:
        croniter(text, timezone.now()).get_next()
    except CroniterBadDateError:
        return "no such day ever comes"
    except (CroniterBadCronError, ValueError, KeyError):
        return "its fields do not go together"
    return ""


def _is_understood(text: str) -> bool:
    try:
        croniter(text)
    except (CroniterBadCronError, ValueError, KeyError):
        return False
    return True


def slots(cron: str, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """The moments that a cron text names on the clocks of a zone, each once; `adsplatform.zones` says which.

    croniter is asked on a calendar without a zone: with one, it names a time that clocks show twice twice.
    """
    calendar = croniter(cron, after.astimezone(zone).replace(tzinfo=None, microsecond=0))
    last = after
    while True:
        try:
            wall = calendar.get_next(datetime)
        except CroniterBadDateError:
            return
        moment = instant(wall, zone)
        # Several times of one gap come together, right after it.
        if moment > last:
            yield moment
            last = moment


def runs(enrollment: AppEnrollment, after: datetime) -> Iterator[Run]:
    """The runs of an enrollment's schedule whose slots come after a moment.

    Syncs of one slot do not all start at once: each enrollment starts by its own share of the spread later,
    always the same, and always before the schedule's next slot.
    """
    share = int.from_bytes(hashlib.sha256(enrollment.pk.bytes).digest()[:8], "big") / 2**64
    spread = timedelta(seconds=settings.SCHEDULE_SPREAD_SECONDS)
    zone = ZoneInfo(enrollment.group_key.time_zone)
    for slot, following in pairwise(slots(enrollment.cron_settings, zone, after)):
        wait = share * min(spread, following - slot)
        yield Run(slot, slot + timedelta(seconds=wait // timedelta(seconds=1)))


def next_runs(enrollment: AppEnrollment, count: int = RUNS_SHOWN) -> list[Run]:
    """The next runs, the first of them as the clock has it noted; none where the schedule rests."""
    if not enrollment.next_sync_at:
        return []
    sync_plan = enrollment.sync_plan
    return [Run(sync_plan.slot, sync_plan.next_sync_at), *islice(runs(enrollment, sync_plan.slot), count - 1)]


def plan(enrollment: AppEnrollment, now: datetime) -> None:
    """Note when the next sync starts by itself, if any does; whatever was noted before is void."""
    run, error = None, ""
    if enrollment.is_scheduled:
        try:
            # Texts from before they were checked, or were checked so well, are in the books.
            check_cron(enrollment.cron_settings)
            run = next(runs(enrollment, now), None)
        except PlatformError as refused:
            error = str(refused)
    if not (run or error or (enrollment.expected_every_hours and enrollment.is_active)):
        forget(enrollment)
    else:
        SyncPlan.objects.update_or_create(
            app_enrollment=enrollment,
            defaults={
                "slot": run and run.slot,
                "next_sync_at": run and run.start,
                "planned_at": now,
                # The watch works out the day when it comes to look.
                "data_due_at": now,
                "error": error,
            },
        )
    # What an object has read before is void as well.
    enrollment._state.fields_cache.pop("sync_plan", None)


def forget(enrollment: AppEnrollment) -> None:
    """Expect nothing of an enrollment any more."""
    SyncPlan.objects.filter(pk=enrollment.pk).delete()


def data_due(enrollment: AppEnrollment, last_loaded: datetime | None) -> datetime | None:
    """By when data newer than the last ones should be there; None where nothing is expected."""
    planned = enrollment.sync_plan.planned_at
    if enrollment.expected_every_hours:
        return (last_loaded or planned) + timedelta(hours=enrollment.expected_every_hours)
    if enrollment.sync_plan.error or not enrollment.is_scheduled:
        return None
    run = next(runs(enrollment, max(last_loaded or planned, planned)), None)
    return run and run.start + timedelta(minutes=settings.FRESHNESS_GRACE_MINUTES)
