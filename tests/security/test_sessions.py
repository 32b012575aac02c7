"""Sessions: what the database contains is not enough to continue one."""

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from adsplatform.accounts.models import Membership
from adsplatform.accounts.sessions import digest
from tests.factories import AccountFactory, member

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed_in():
    """A client of a person who is in two accounts, signed in by the form."""
    membership, _ = member(email="ana@example.com")
    Membership.objects.create(group_key=AccountFactory(), user=membership.user)
    client = Client()
    client.post("/sign-in/", {"username": "ana@example.com", "password": "correct horse battery"})
    assert client.get("/").status_code == 200
    return client


def test_a_copy_of_the_database_contains_no_live_session(signed_in):
    (stored,) = Session.objects.all()
    assert stored.session_key == digest(signed_in.cookies["sessionid"].value)
    thief = Client()
    thief.cookies["sessionid"] = stored.session_key
    assert thief.get("/").status_code == 302


def test_a_request_of_an_account_can_change_and_end_its_session(signed_in):
    chosen = Membership.objects.order_by("-pk").first().group_key
    assert signed_in.post("/account/", {"group_key": str(chosen.pk)}).status_code == 302
    # Was saved, for the next request.
    assert signed_in.get("/account/").context["request"].tenant.account == chosen
    assert signed_in.post("/sign-out/").status_code == 302
    assert not Session.objects.exists()


def test_a_session_that_has_ended_is_not_found(signed_in):
    Session.objects.update(expire_date="2020-01-01T00:00Z")
    assert signed_in.get("/").status_code == 302
