"""Reads the parameters of reports; each error is a sentence that names the parameter and its value."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import TypeVar
from uuid import UUID

from django.utils import timezone

from adsplatform.errors import PlatformError
from adsplatform.reports.aging import FIVE

DefaultT = TypeVar("DefaultT", int, None)
# The days around which dates are computed must be dates too.
EARLIEST, LATEST = date(1900, 1, 1), date(9000, 1, 1)
MOST_BUCKETS, MOST_DAYS = 24, 36_500
OF_A_DAY = "Write it as YYYY-MM-DD, like 2025-03-31."


def today() -> date:
    """The day in UTC, by which reports count."""
    return timezone.now().astimezone(UTC).date()


def read_day(given: Mapping[str, str], name: str, default: date | None = None) -> date:
    """A day, which may be written as a point in time; without a default it must be given."""
    text = given.get(name, "").strip()
    if not text:
        if default is None:
            raise PlatformError(f"{name} is missing. {OF_A_DAY}", field=name)
        return default
    try:
        found = datetime.fromisoformat(text)
        day = (found.astimezone(UTC) if found.tzinfo else found).date()
    except (ValueError, OverflowError):
        raise PlatformError(f"{name}: “{text[:100]}” is no day. {OF_A_DAY}", field=name) from None
    if not EARLIEST <= day <= LATEST:
        raise PlatformError(f"{name}: {day} is not from {EARLIEST} to {LATEST}.", field=name)
    return day


def read_number(given: Mapping[str, str], name: str, default: DefaultT, *, least: int, most: int) -> int | DefaultT:
    """A whole number within bounds."""
    text = given.get(name, "").strip()
    if not text:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
        raise PlatformError(f"{name}: “{text[:100]}” is no whole number from {least:,} to {most:,}.", field=name)
    return int(text)


def read_truth(given: Mapping[str, str], name: str) -> bool:
    """`true` or `false` in any case; without it, false."""
    text = given.get(name, "").strip().lower()
    if text not in ("", "true", "false"):
        raise PlatformError(f"{name}: “{text[:100]}” is neither true nor false.", field=name)
    return text == "true"


def read_id(given: Mapping[str, str], name: str) -> UUID | None:
    """A GUID, if it is given; the all-zero one, which .NET sends for none, is none."""
    text = given.get(name, "").strip()
    try:
        found = UUID(text) if text else None
    except ValueError:
        raise PlatformError(f"{name}: “{text[:100]}” is no GUID.", field=name) from None
    return found if found and found.int else None


def read_buckets(texts: list[str]) -> tuple[int, ...]:
    """Bounds of buckets in days past due, as `0,30,60` or one by one; the published default without any."""
    words = [word for text in texts for word in re.split(r"[\s,\[\]]+", text) if word]
    if not words:
        return (*FIVE, 120, 180)
    bounds = [int(word) for word in words if re.fullmatch(r"[0-9]{1,5}", word)]
    is_rising = all(one < other for one, other in pairwise(bounds))
    if len(bounds) != len(words) or not is_rising or len(bounds) > MOST_BUCKETS or bounds[-1] > MOST_DAYS:
        raise PlatformError(
            f"Buckets: “{', '.join(words)[:100]}” is no list of at most {MOST_BUCKETS} rising numbers of days up to "
            f"{MOST_DAYS:,}. Write it as 0,30,60,90.",
            field="Buckets",
        )
    return tuple(bounds)
