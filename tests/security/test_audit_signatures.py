"""Who made a change is signed: SQL alone can have the audit trail name nobody else."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client, RequestFactory

from adsplatform.accounts.audit import ActorMiddleware
from adsplatform.accounts.models import AuditEntry
from tests.callers import Program
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
UNPROVEN = "Not known: the name in this entry is not signed"


@pytest.fixture
def owner():
    return Program()


def change_as(actor, account):
    """Change an account with this actor in the database session; returns the entry."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('ads.actor', %s, false)", [json.dumps(actor) if actor else ""])
        cursor.execute("UPDATE accounts_account SET name = name || '!' WHERE group_key = %s", [account.pk])
        cursor.execute("SELECT set_config('ads.actor', '', false)")
    return AuditEntry.objects.newest_first().first()


def actor_of(user, change):
    """What the session has while a person makes a request, and the entry of a change in it."""
    found = []

    def serve(request):
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('ads.actor')")
            found.append(json.loads(cursor.fetchone()[0]))
        change()
        found.append(AuditEntry.objects.newest_first().first())

    request = RequestFactory().post("/account/settings/")
    request.user = user
    ActorMiddleware(serve)(request)
    return found


def test_a_person_who_makes_a_request_is_named(owner):
    assert owner.post("ApiKeys", {"name": "Another"}).status_code == 201
    entry = AuditEntry.objects.newest_first().first()
    assert (entry.is_signed, entry.who, entry.user_id) == (True, owner.user.email, owner.user.pk)


def test_sql_cannot_have_the_trail_name_somebody(owner):
    victim = UserFactory(email="ana@example.com")
    forged = {"user_id": str(victim.pk), "user_email": victim.email, "door": "inbox", "address": "203.0.113.7"}
    entry = change_as(forged, owner.account)
    assert (entry.user_email, entry.is_signed, entry.who) == ("ana@example.com", False, UNPROVEN)
    entry = change_as(
        forged | {"signed_at": "2026-01-01T00:00Z", "signature": "00", "person_signature": "00"}, owner.account
    )
    assert entry.who == UNPROVEN
    # The pages for owners and for staff say so too.
    browser = Client()
    browser.force_login(owner.user)
    page = browser.get("/changes/").text
    assert UNPROVEN in page
    browser.force_login(UserFactory(is_staff=True, is_superuser=True))
    assert UNPROVEN in browser.get(f"/admin/accounts/auditentry/{entry.pk}/change/").text


@pytest.mark.parametrize(
    "changed",
    [
        {"user_id": "00000000-0000-4000-8000-000000000007"},
        {"user_email": "ana@example.com"},
        {"address": "203.0.113.7"},
        {"key_prefix": "LSPK-abc"},
        {"door": "admin"},
        {"request_id": "another"},
        {"signed_at": "2026-01-01T00:00:00+00:00"},
    ],
)
def test_nothing_of_a_signed_actor_can_be_changed(owner, changed):
    actor, _ = actor_of(owner.user, owner.account.save)
    assert change_as(actor, owner.account).is_signed
    assert not change_as(actor | changed, owner.account).is_signed


def test_a_signature_cannot_be_copied_from_an_entry(owner):
    owner.post("ApiKeys", {"name": "Another"})
    entry = AuditEntry.objects.newest_first().first()
    copied = {
        "user_id": str(entry.user_id), "user_email": entry.user_email, "key_prefix": entry.key_prefix,
        "door": entry.door, "address": entry.address, "request_id": entry.request_id,
        "signed_at": entry.signed_at.isoformat(), "signature": bytes(entry.actor_proof).hex(),
        "person_signature": bytes(entry.person_proof).hex(),
    }  # fmt: skip
    assert entry.is_signed
    assert not change_as(copied, owner.account).is_signed


def test_a_signature_does_not_hold_for_long(owner):
    actor, _ = actor_of(owner.user, owner.account.save)
    entry = change_as(actor, owner.account)
    assert entry.is_signed
    entry.at += timedelta(hours=1)
    assert not entry.is_signed


def test_after_the_person_is_erased_the_id_is_still_signed(owner):
    owner.post("ApiKeys", {"name": "Another"})
    AuditEntry.objects.filter(user_id=owner.user.pk).erase_persons()
    entry = AuditEntry.objects.newest_first().first()
    assert (entry.user_email, entry.is_signed, entry.who) == ("", True, f"User {owner.user.pk}")


def test_a_former_key_still_checks(owner, settings):
    owner.post("ApiKeys", {"name": "Another"})
    entry = AuditEntry.objects.newest_first().first()
    former = settings.AUDIT_KEYS
    settings.AUDIT_KEYS = ["new"]
    assert not entry.is_signed
    settings.AUDIT_KEYS = ["new", *former]
    assert entry.is_signed


def test_what_the_platform_does_by_itself_needs_no_signature(owner):
    entry = change_as(None, owner.account)
    assert (entry.is_signed, entry.who) == (True, "The platform itself")


def test_entries_from_before_there_were_signatures_name_whom_they_named():
    assert AuditEntry(actor_proof=None, user_email="ana@example.com", door="api").who == "ana@example.com"
    assert AuditEntry(user_email="ana@example.com", door="api").who == UNPROVEN
