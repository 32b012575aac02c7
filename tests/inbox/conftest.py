"""A signed-in person of each role, and an account with something in it."""

import pytest
from django.core.cache import cache

from adsplatform.accounts.models import Role
from tests.factories import AppEnrollmentFactory, SyncRequestFactory, member


@pytest.fixture(autouse=True)
def no_memory_of_other_tests(db):
    cache.clear()


@pytest.fixture
def membership(db):
    """An owner and the account."""
    return member(Role.OWNER)[0]


@pytest.fixture
def account(membership):
    return membership.group_key


@pytest.fixture
def inbox(client, membership):
    """The owner's browser."""
    client.force_login(membership.user)
    return client


@pytest.fixture
def sign_in_as(client, account):
    """The browser of a new member with this role."""

    def sign_in(role):
        client.force_login(member(role, account)[0].user)
        return client

    return sign_in


@pytest.fixture
def enrollment(account):
    return AppEnrollmentFactory(group_key=account)


@pytest.fixture
def make_sync(enrollment):
    return lambda *args, **values: SyncRequestFactory(app_enrollment=enrollment, **values)
