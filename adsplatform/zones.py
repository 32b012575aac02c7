"""Time zones by their IANA names, and the conversion of times to and from them."""

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from adsplatform.errors import PlatformError


@cache
def zone_names() -> tuple[str, ...]:
    """The names to choose from: UTC, then those of each region."""
    return ("UTC", *sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/")))


def check_zone(name: str) -> None:
    """Raise a PlatformError unless there is a time zone with that name."""
    if name not in zone_names():
        raise PlatformError(
            f"No time zone is called “{name}”. Give its IANA name, like Europe/Berlin, America/New_York or UTC.",
            field="timeZone",
        )


def instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """The first moment at which clocks in the zone show this time or a later one.

    A time that clocks skip when they go forward becomes the moment right after the gap; a time that they show twice
    when they go back becomes the first of the two.
    """
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    found = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == wall:
        return found
    # The time is in a gap. Read with the offset from before the gap, it lies after the gap's start; read with the other
    # offset, before it. The start is found by bisection.
    while found - before > timedelta(seconds=1):
        middle = before + (found - before) // timedelta(seconds=2) * timedelta(seconds=1)
        if middle.astimezone(zone).replace(tzinfo=None) < wall:
            before = middle
        else:
            found = middle
    return found


def format_in_zone(moment: datetime, zone_name: str, *, seconds: bool = False) -> str:
    """A moment in the zone's local time, for people: 25 Nov 2026, 02:01 CET."""
    local = moment.astimezone(ZoneInfo(zone_name))
    abbreviation = local.tzname() or ""
    if abbreviation.startswith(("+", "-")):
        # For a zone without an abbreviation, `tzname` gives the offset.
        abbreviation = f"UTC{abbreviation}"
    return f"{local:%-d %b %Y, %H:%M:%S} {abbreviation}" if seconds else f"{local:%-d %b %Y, %H:%M} {abbreviation}"
