"""Time zones by their IANA names: which there are, and when it is what time in one."""

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from adsplatform.errors import PlatformError


@cache
def zone_names() -> tuple[str, ...]:
    """The names people choose from: UTC, then those by region."""
    return ("UTC", *sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/")))


def check_zone(name: str) -> None:
    """Raise a PlatformError unless there is a time zone of that name."""
    if name not in zone_names():
        raise PlatformError(
            f"No time zone is called “{name}”. Give its IANA name, like Europe/Berlin, America/New_York or UTC.",
            field="timeZone",
        )


def instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """The first moment at which clocks in the zone show this time or a later one.

    So a time that is skipped when clocks go forward comes right after the gap, and one that they show
    twice when they go back comes the first time only.
    """
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    found = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == wall:
        return found
    # In a gap, read by the offset after it the time lies before it, and the other way round.
    while found - before > timedelta(seconds=1):
        middle = before + (found - before) // timedelta(seconds=2) * timedelta(seconds=1)
        if middle.astimezone(zone).replace(tzinfo=None) < wall:
            before = middle
        else:
            found = middle
    return found


def format_in_zone(moment: datetime, zone_name: str, *, seconds: bool = False) -> str:
    """A moment on a zone's clocks, for people: 25 Nov 2026, 02:01 CET."""
    local = moment.astimezone(ZoneInfo(zone_name))
    abbreviation = local.tzname()
    if abbreviation[0] in "+-":
        # Zones without an abbreviation of their own have the offset instead.
        abbreviation = f"UTC{abbreviation}"
    return f"{local:%-d %b %Y, %H:%M:%S} {abbreviation}" if seconds else f"{local:%-d %b %Y, %H:%M} {abbreviation}"
