"""An enrollment that is synced every night at two in Berlin, and the time of a night in January."""

from datetime import timedelta

import pytest

from adsplatform.accounts.models import Role
from syncs.models.notices import Notice
from syncs.monitoring.freshness import update_notices
from tests.factories import AccountFactory, SyncRequestFactory, member
from tests.periodic.conftest import at, planned


@pytest.fixture
def owner(db):
    return member(Role.OWNER, AccountFactory(name="Northwind", time_zone="Europe/Berlin"), email="ann@example.com")[0]


@pytest.fixture
def enrollment(owner, settings):
    settings.SCHEDULE_SPREAD_SECONDS, settings.FRESHNESS_GRACE_MINUTES = 0, 120
    return planned(owner.group_key, "0 2 * * *", at("6 12:00"), name="Lisbon")


@pytest.fixture
def loaded(enrollment):
    """Make a sync of the enrollment that ended at a time; successful unless stated otherwise."""

    def make(moment, **values):
        ending = {"succeeded": True} if not values.keys() & {"failed"} else {}
        return SyncRequestFactory(
            app_enrollment=enrollment,
            created=at(moment) - timedelta(minutes=5),
            finished=at(moment),
            **{**ending, **values},
        )

    return make


@pytest.fixture
def notices():
    """Update the notices at a time, and list the kinds of those that are open then."""

    def look(moment):
        update_notices(at(moment))
        return list(Notice.objects.open().order_by("kind").values_list("kind", flat=True))

    return look
