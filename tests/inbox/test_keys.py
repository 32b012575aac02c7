"""API keys: made and shown once, listed, revoked."""

from datetime import timedelta

import pytest
from django.utils import timezone

from adsplatform.accounts import services
from adsplatform.accounts.models import ApiKey, Role
from tests.factories import member


def test_a_key_is_shown_once(inbox, membership):
    response = inbox.post("/keys/", {"name": "Nightly", "expires": ""})
    secret = response.context["secret"]
    assert secret in response.text
    assert "no-store" in response["Cache-Control"]
    assert ApiKey.objects.get(name="Nightly").key_hash == ApiKey.hash(secret)
    again = inbox.get("/keys/").text
    assert secret not in again
    assert "Nightly" in again


def test_a_form_that_is_sent_again_makes_no_second_key(inbox):
    once = inbox.get("/keys/").context["form"]["once"].value()
    assert inbox.post("/keys/", {"name": "Nightly", "once": once}).context["secret"]
    again = inbox.post("/keys/", {"name": "Nightly", "once": once}, follow=True)
    assert "The key “Nightly” was made when this form was sent the first time" in again.text
    assert ApiKey.objects.filter(name="Nightly").count() == 1


def test_a_key_that_nobody_uses_is_recognisable(inbox, membership):
    key, secret = ApiKey.make(account=membership.group_key, user=membership.user, name="Nightly")
    unused = inbox.get("/keys/").text.count('<span class="soft">no use noted</span>')
    services.caller_of_key(secret)
    page = inbox.get("/keys/").text
    key.refresh_from_db()
    assert page.count('<span class="soft">no use noted</span>') == unused - 1
    assert f'<time datetime="{key.last_used.isoformat()}"' in page


def test_a_key_needs_a_name_and_a_day_to_come(inbox):
    response = inbox.post("/keys/", {"name": "", "expires": "2001-01-01"})
    assert "The day 01 Jan 2001 has passed." in response.text
    assert set(response.context["form"].errors) == {"name", "expires"}


def test_the_last_day_is_a_whole_day(inbox):
    day = timezone.now().date() + timedelta(days=10)
    inbox.post("/keys/", {"name": "Trial", "expires": f"{day}"})
    assert f"{ApiKey.objects.get(name='Trial').expires:%Y-%m-%d %H:%M:%S}" == f"{day} 23:59:59"


def test_a_key_has_an_end_within_a_year(inbox, settings):
    settings.API_KEY_DAYS = 30
    latest = timezone.now() + timedelta(days=30)
    assert f"At most until {latest:%d %b %Y}; leave empty for that day." in inbox.get("/keys/").text
    refused = inbox.post("/keys/", {"name": "For ever", "expires": "9999-12-31"})
    assert "The day 31 Dec 9999 is too late: a key works until" in refused.text
    for name, day in (("Last day", f"{latest.date()}"), ("No day", "")):
        inbox.post("/keys/", {"name": name, "expires": day})
        assert abs(ApiKey.objects.get(name=name).expires - latest) < timedelta(minutes=1)


def test_a_key_shows_who_made_it_and_with_which_key(inbox, membership):
    made_with, _ = ApiKey.make(account=membership.group_key, user=membership.user, name="Nightly")
    ApiKey.make(account=membership.group_key, user=membership.user, name="Child", made_with=made_with, role=Role.MEMBER)
    page = inbox.get("/keys/").text
    assert f"by {membership.user}, with the key “Nightly”" in page
    assert 'Child<br><span class="soft">Member</span>' in page


def test_a_revoked_key_stays_in_the_list(inbox, membership):
    key, _ = ApiKey.make(account=membership.group_key, user=membership.user, name="Old")
    response = inbox.post(f"/keys/{key.pk}/revoke/", follow=True)
    assert "The key “Old” is revoked." in response.text
    assert "Revoked</span>" in response.text
    assert not ApiKey.objects.filter(name="Old").usable().exists()


@pytest.mark.parametrize("role", [Role.MEMBER, Role.READ_ONLY])
def test_people_see_and_revoke_their_own_keys_only(sign_in_as, membership, role):
    theirs, _ = ApiKey.make(account=membership.group_key, user=membership.user, name="Owner's")
    person = sign_in_as(role)
    assert "Owner&#x27;s" not in person.get("/keys/").text
    assert person.post(f"/keys/{theirs.pk}/revoke/").status_code == 404
    person.post("/keys/", {"name": "Mine"})
    mine = ApiKey.objects.get(name="Mine")
    person.post(f"/keys/{mine.pk}/revoke/")
    theirs.refresh_from_db()
    mine.refresh_from_db()
    assert theirs.revoked is None
    assert mine.revoked_user == mine.created_user


def test_owners_and_admins_see_and_revoke_everyones(sign_in_as, membership):
    key, _ = ApiKey.make(account=membership.group_key, user=membership.user, name="Nightly")
    person = sign_in_as(Role.ADMIN)
    assert "Nightly" in person.get("/keys/").text
    person.post(f"/keys/{key.pk}/revoke/")
    assert not ApiKey.objects.usable().filter(pk=key.pk).exists()


def test_the_key_of_someone_who_left_does_not_seem_to_work(inbox, account):
    left, _ = member(Role.MEMBER, account)
    left.delete()
    ApiKey.objects.exclude(created_user=left.user).delete()
    text = inbox.get("/keys/").text
    assert "Revoked</span>" in text
    assert "Works</span>" not in text


def test_keys_of_other_accounts_are_not_listed(inbox):
    stranger, _ = member()
    ApiKey.make(account=stranger.group_key, user=stranger.user, name="Foreign")
    assert "Foreign" not in inbox.get("/keys/").text


def test_a_key_may_be_made_that_only_reads(inbox):
    inbox.post("/keys/", {"name": "Dashboard", "is_read_only": "on"})
    assert ApiKey.objects.get(name="Dashboard").is_read_only
    assert '<span class="soft">reads only</span>' in inbox.get("/keys/").text
