"""When a cron text comes round, worked out without croniter: minute by minute, on the clocks of a zone.

A time that a schedule names comes at the first minute at which the zone's clocks show it or a later time. For
texts of numbers, `*`, lists, ranges and steps.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)


def values_of(field: str, low: int, high: int) -> set[int]:
    """What a cron field stands for."""
    found = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, last = (low, high) if span == "*" else (int(span.split("-")[0]), int(span.split("-")[-1]))
        found |= set(range(first, last + 1, int(step or 1)))
    return found


class Cron:
    def __init__(self, text: str):
        minute, hour, day, month, weekday = text.split()
        self.minutes, self.hours = values_of(minute, 0, 59), values_of(hour, 0, 23)
        self.days, self.months = values_of(day, 1, 31), values_of(month, 1, 12)
        self.weekdays = {number % 7 for number in values_of(weekday, 0, 7)}
        self.any_day, self.any_weekday = day == "*", weekday == "*"

    def names(self, wall: datetime) -> bool:
        by_day, by_weekday = wall.day in self.days, wall.isoweekday() % 7 in self.weekdays
        # As in cron: if day and weekday are both restricted, one of them suffices.
        on_day = by_day and by_weekday if self.any_day or self.any_weekday else by_day or by_weekday
        return wall.minute in self.minutes and wall.hour in self.hours and wall.month in self.months and on_day


def slots(text: str, zone: str, start: datetime, end: datetime) -> list[datetime]:
    """The moments after `start`, up to `end`."""
    cron, clocks = Cron(text), ZoneInfo(zone)
    found = []
    moment = start.astimezone(UTC)
    # The latest time the clocks have shown so far.
    shown = max((moment - i * MINUTE).astimezone(clocks).replace(tzinfo=None) for i in range(24 * 60))
    while moment < end:
        moment += MINUTE
        now = moment.astimezone(clocks).replace(tzinfo=None)
        come = False
        while shown < now:
            shown += MINUTE
            come = come or cron.names(shown)
        if come:
            found.append(moment)
    return found
