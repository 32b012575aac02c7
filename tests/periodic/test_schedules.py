"""When schedules come round: on the clocks of the account's zone, through every change of them."""

from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adsplatform.zones import instant
from enrollments import schedules
from tests.periodic import calendar


def coming(cron, zone, after, count):
    found = schedules.slots(cron, ZoneInfo(zone), datetime.fromisoformat(after))
    return [moment.astimezone(ZoneInfo(zone)).isoformat(" ", "minutes") for moment in islice(found, count)]


@pytest.mark.parametrize(
    ("cron", "zone", "after", "expected"),
    [
        # Clocks go from 02:00 to 03:00: once, right after the gap.
        (
            "30 2 * * *",
            "Europe/Berlin",
            "2026-03-28T12:00Z",
            ["2026-03-29 03:00+02:00", "2026-03-30 02:30+02:00"],
        ),
        (
            "*/15 2 * * *",
            "America/New_York",
            "2026-03-08T00:00Z",
            ["2026-03-08 03:00-04:00", "2026-03-09 02:00-04:00"],
        ),
        # What is named in the gap and right after it comes once.
        (
            "0,30 2,3 * * *",
            "Europe/Berlin",
            "2026-03-28T12:00Z",
            ["2026-03-29 03:00+02:00", "2026-03-29 03:30+02:00", "2026-03-30 02:00+02:00"],
        ),
        # From 03:00 back to 02:00: the first time only.
        (
            "30 2 * * *",
            "Europe/Berlin",
            "2026-10-24T12:00Z",
            ["2026-10-25 02:30+02:00", "2026-10-26 02:30+01:00"],
        ),
        (
            "0 * * * *",
            "America/New_York",
            "2026-11-01T04:30Z",
            ["2026-11-01 01:00-04:00", "2026-11-01 02:00-05:00"],
        ),
        # Asked in the second pass, what came in the first is over.
        ("45 2 * * *", "Europe/Berlin", "2026-10-25T01:10Z", ["2026-10-26 02:45+01:00"]),
        # Half an hour on Lord Howe Island: 02:00 to 02:30, and 02:00 back to 01:30.
        (
            "15 2 * * *",
            "Australia/Lord_Howe",
            "2026-10-03T00:00Z",
            ["2026-10-04 02:30+11:00", "2026-10-05 02:15+11:00"],
        ),
        (
            "45 1 * * *",
            "Australia/Lord_Howe",
            "2026-04-04T00:00Z",
            ["2026-04-05 01:45+11:00", "2026-04-06 01:45+10:30"],
        ),
        ("30 2 * * *", "Asia/Kolkata", "2026-03-29T00:00Z", ["2026-03-30 02:30+05:30", "2026-03-31 02:30+05:30"]),
        # Samoa went without 30 December 2011.
        (
            "0 12 * * *",
            "Pacific/Apia",
            "2011-12-29T12:00Z",
            ["2011-12-29 12:00-10:00", "2011-12-31 00:00+14:00", "2011-12-31 12:00+14:00"],
        ),
    ],
)
def test_each_time_comes_once(cron, zone, after, expected):
    assert coming(cron, zone, after, len(expected)) == expected


ZONES = ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata", "America/Santiago", "UTC"]
CHANGES = ["2026-03-08", "2026-03-29", "2026-04-05", "2026-09-06", "2026-10-04", "2026-10-25", "2026-11-01"]
CRONS = ["30 2 * * *", "*/15 1-3 * * *", "0 * * * *", "45 1 * * *", "15,45 0-2 * * 0", "*/20 * 1,29 * 6", "59 23 * * *"]


@pytest.mark.parametrize("day", CHANGES)
@pytest.mark.parametrize("zone", ZONES)
def test_schedules_agree_with_a_calendar_read_minute_by_minute(zone, day):
    middle = datetime.fromisoformat(f"{day}T00:00Z")
    start, end = middle - timedelta(days=1, minutes=7), middle + timedelta(days=2)
    for cron in CRONS:
        ours = list(takewhile(lambda slot: slot <= end, schedules.slots(cron, ZoneInfo(zone), start)))
        assert ours == calendar.slots(cron, zone, start, end), cron


@given(
    wall=st.datetimes(datetime(1972, 1, 1), datetime(2037, 1, 1)).map(lambda at: at.replace(microsecond=0)),
    zone=st.sampled_from([*ZONES, "Africa/Cairo", "Pacific/Apia", "Antarctica/Troll", "America/Caracas"]),
)
def test_a_moment_is_the_first_at_which_clocks_show_a_time_or_a_later_one(wall, zone):
    clocks = ZoneInfo(zone)
    found = instant(wall, clocks)

    def shown(moment):
        return moment.astimezone(clocks).replace(tzinfo=None)

    assert found.tzinfo is UTC
    assert shown(found) >= wall
    assert all(shown(found - timedelta(seconds=s)) < wall for s in (1, 59, 1800, 3599, 7200))


@pytest.mark.parametrize(
    ("cron", "reason"),
    [
        ("99 5 * * *", "its minute “99” is out of range or not understood; it may hold 0 to 59"),
        ("0 25 * * *", "its hour “25” is out of range or not understood; it may hold 0 to 23"),
        ("0 5 32 * *", "its day of month “32” is out of range or not understood; it may hold 1 to 31"),
        ("0 5 * 13 *", "its month “13” is out of range or not understood; it may hold 1 to 12"),
        (
            "0 5 * * 8",
            "its day of week “8” is out of range or not understood; it may hold 0 to 7, where 0 and 7 are Sunday",
        ),
        ("*/0 * * * *", "its minute “*/0” is out of range or not understood; it may hold 0 to 59"),
        ("R R * * *", "its minute “R” is out of range or not understood; it may hold 0 to 59"),
        ("H 2 * * *", "its minute “H” is out of range or not understood; it may hold 0 to 59"),
        ("R(0-5) 2 * * *", "its minute “R(0-5)” is out of range or not understood; it may hold 0 to 59"),
        ("@hourly", "it needs five fields: minute, hour, day of month, month, day of week"),
        ("0 0 5 * * *", "it needs five fields: minute, hour, day of month, month, day of week"),
        ("0 0 31 2 *", "no such day ever comes"),
        ("0 0 * * " + "1," * 30, "it is longer than 50 characters"),
    ],
)
def test_a_bad_text_is_refused_with_its_reason(cron, reason):
    with pytest.raises(schedules.PlatformError) as refused:
        schedules.check_cron(cron)
    assert str(refused.value) == (
        f"The schedule “{cron}” cannot be used: {reason}. Example: “30 2 * * 1-5” is 02:30 on working days."
    )
    assert refused.value.field == "cronSettings"


@pytest.mark.parametrize("cron", ["30 2 * * 1-5", "0 0 29 2 *", "0 6 * MAR,APR FRI", "*/5 * * * *", "0 22 L * *"])
def test_a_good_text_is_taken(cron):
    schedules.check_cron(cron)
