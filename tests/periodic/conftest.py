"""An enrollment of an account in Berlin."""

from datetime import datetime

import pytest

from adsplatform.accounts.models import Role
from enrollments.schedules import plan
from tests.factories import AccountFactory, AppEnrollmentFactory, member


def at(text: str) -> datetime:
    """A moment in UTC, in January where only the day and the time are given: `7 02:30`."""
    if " " in text and "-" not in text:
        day, time = text.split()
        text = f"2026-01-{int(day):02} {time}"
    return datetime.fromisoformat(f"{text}+00:00")


@pytest.fixture
def owner(db):
    return member(Role.OWNER, AccountFactory(name="Northwind", time_zone="Europe/Berlin"))[0]


@pytest.fixture
def enrollment(owner, settings):
    """Synced hourly and planned on 7 January at 00:30 UTC, without a spread."""
    settings.SCHEDULE_SPREAD_SECONDS = 0
    return planned(owner.group_key, "0 * * * *", at("7 00:30"), name="Lisbon")


def planned(account, cron, now, **values):
    enrollment = AppEnrollmentFactory(group_key=account, cron_settings=cron, **values)
    plan(enrollment, now)
    return enrollment
