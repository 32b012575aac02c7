"""The audit trail: every change through an interface is attributed to a person, in the change's own transaction."""

from itertools import product

import pytest
from django.core.cache import cache
from django.db import Error, connection, transaction
from django.test import Client, RequestFactory

from adsplatform.accounts.audit import ActorMiddleware, record_actor
from adsplatform.accounts.models import ApiKey, AuditEntry, Role
from tests.callers import Program
from tests.factories import AppEnrollmentFactory, SyncRequestFactory, member
from tests.security.populated_account import PopulatedAccount
from tests.security.test_every_interface import ROUTES

SYNC = {("sync", "added"), ("sync", "changed")}
# What it had, and the enrollment itself, which is kept as deleted.
REMOVAL = {("enrollment", "removed"), ("enrollment", "changed")}
# The entries that an owner (or platform staff) causes by a valid call of each route that changes something. A new route
# that changes something fails here until its entries are named.
ENTRIES = {
    ("POST", "account/settings/"): {("account", "changed")},
    ("POST", "api/v1/apikeys"): {("API key", "added")},
    ("DELETE", "api/v1/apikeys/<str:pk>"): {("API key", "changed")},
    ("POST", "api/v1/appenrollments"): {("enrollment", "added")},
    ("DELETE", "api/v1/appenrollments/<str:pk>"): REMOVAL,
    ("POST", "api/v1/appenrollments/<str:pk>/reconnect"): {("enrollment", "changed")},
    ("PUT", "api/v1/appenrollments/<str:pk>/import-profile"): {("import profile", "added")},
    ("POST", "api/v1/applications"): {("application", "added")},
    ("PATCH", "api/v1/applications/<str:pk>"): {("application", "changed")},
    ("DELETE", "api/v1/applications/<str:pk>"): {("application", "changed")},
    ("POST", "api/v1/sync"): SYNC,
    ("POST", "api/v1/sync/<str:pk>/allow-deletes"): SYNC,
    ("POST", "api/v1/sync/<str:pk>/apply"): SYNC,
    ("PATCH", "api/v1/sync/<str:pk>/details/<str:detail>"): {("mended line", "added")},
    ("POST", "api/v1/sync/batch"): SYNC,
    ("POST", "api/v1/sync/zip"): SYNC,
    ("POST", "enroll/<uuid:pk>/"): {("enrollment", "added"), ("setting", "added")},
    ("PUT", "enroll/<uuid:pk>/"): {("enrollment", "added"), ("setting", "added")},
    ("POST", "enrollments/<uuid:pk>/"): {("enrollment", "changed")},
    ("POST", "enrollments/<uuid:pk>/remove/"): REMOVAL,
    # One that the connector has got since the account enrolled.
    ("POST", "enrollments/<uuid:pk>/source/"): {("setting", "added")},
    ("PUT", "enrollments/<uuid:pk>/source/"): {("setting", "added")},
    ("POST", "enrollments/<uuid:pk>/profiles/<uuid:profile>/remove/"): {("import profile", "changed")},
    ("POST", "keys/<uuid:pk>/revoke/"): {("API key", "changed")},
    ("POST", "keys/test-batch/"): {("enrollment", "added"), *SYNC},
    ("POST", "notices/"): {("membership", "changed")},
    ("POST", "notices/staff/<uuid:pk>/seen/"): {("action of staff", "changed")},
    ("POST", "password/"): {("user", "refused")},
    ("PUT", "password/"): {("user", "refused")},
    ("POST", "syncs/<uuid:pk>/allow-deletes/"): SYNC,
    ("POST", "syncs/<uuid:pk>/apply/"): SYNC,
    ("POST", "syncs/<uuid:pk>/lines/<int:detail>/"): {("mended line", "added")},
}


@pytest.fixture
def since(db):
    """A function that returns the entries since its last call, oldest first."""
    cache.clear()
    seen = []

    def entries() -> list[AuditEntry]:
        found = AuditEntry.objects.order_by("pk").exclude(pk__in=seen)
        seen.extend(found.values_list("pk", flat=True))
        return list(found)

    return entries


@pytest.fixture
def owner(since):
    program = Program()
    since()
    return program


@pytest.fixture
def inbox(since, owner):
    client = Client()
    client.force_login(owner.user)
    since()
    return client


@pytest.mark.untraced
def test_every_route_records_who_changed_what(since):
    populated = PopulatedAccount()
    recorded = {}
    for route, method in product(ROUTES, ("POST", "PUT", "PATCH", "DELETE")):
        actor = "staff" if "applications" in route else "owner"
        user = populated.people[actor][0].user
        since()
        with transaction.atomic():
            answer = populated.ask(actor, route, method)
            entries = since()
            for entry in entries:
                # Whoever gives a wrong password is not known to be that person.
                by = (None, "") if entry.action == "refused" else (user.pk, user.email)
                assert (entry.user_id, entry.user_email, entry.address) == (*by, "127.0.0.1")
                assert entry.door == ("api" if route.startswith("api/") else "inbox")
                assert entry.request_id == answer.headers["X-Request-ID"]
                assert bool(entry.key_prefix) == (entry.door == "api")
                is_of_no_account = entry.subject == "application" or entry.action == "refused"
                assert entry.group_key == (None if is_of_no_account else populated.account.pk)
            if entries:
                recorded[method, route] = {(entry.subject, entry.action) for entry in entries}
            cache.clear()
            transaction.set_rollback(True)
    assert recorded == ENTRIES


def test_every_route_named_here_exists():
    assert {route for _, route in ENTRIES} <= set(ROUTES)


def test_an_entry_has_the_values_before_and_after(since, owner):
    enrollment = AppEnrollmentFactory(group_key=owner.account, name="Books", delete_limit_percent=50)
    since()
    owner.patch(f"AppEnrollments/{enrollment.pk}", {"cronSettings": "0 2 * * *", "isActive": False})
    (entry,) = since()
    assert (entry.subject, entry.subject_id, entry.subject_name) == ("enrollment", str(enrollment.pk), "Books")
    assert entry.before == {"is_active": True}
    assert entry.after == {"is_active": False, "cron_settings": "0 2 * * *"}
    assert entry.differences == [("cron settings", "nothing", "0 2 * * *"), ("is active", "yes", "no")]


def test_an_entry_about_secrets_says_only_that_they_changed(since, owner, inbox):
    enrollment = AppEnrollmentFactory(group_key=owner.account)
    enrollment.credentials = {"password": "first"}
    enrollment.save()
    owner.user.set_password("A-longer-secret-1")
    owner.user.save()
    since()
    owner.post(f"AppEnrollments/{enrollment.pk}/reconnect", {"password": "second"})
    inbox.force_login(owner.user)
    since()
    new = "Another-longer-secret-2"
    answer = inbox.post("/password/", {"old_password": "A-longer-secret-1", "new_password1": new, "new_password2": new})
    assert answer.status_code == 302
    (entry,) = since()
    assert (entry.subject, entry.before, entry.after) == (
        "user", {"password": "(not kept here)"}, {"password": "(not kept here)"},
    )  # fmt: skip
    reconnected = AuditEntry.objects.newest_first().filter(subject="enrollment").first()
    assert reconnected.after == {"encrypted_credentials": "(not kept here)"}
    owner.user.refresh_from_db()
    enrollment.refresh_from_db()
    for secret in (owner.user.password, enrollment.encrypted_credentials, owner.key, "second"):
        assert not any(secret in f"{entry.before}{entry.after}" for entry in AuditEntry.objects.all())


def test_creating_a_key_and_cancelling_a_sync_in_the_inbox_are_recorded(since, owner, inbox):
    inbox.post("/keys/", {"name": "Nightly"})
    (made,) = since()
    assert (made.subject, made.action, made.subject_name, made.user_email) == (
        "API key", "added", "Nightly", owner.user.email,
    )  # fmt: skip
    sync_request = SyncRequestFactory(app_enrollment__group_key=owner.account, queued=True)
    assert [entry.user_email for entry in since() if entry.subject == "sync"] == []
    inbox.post(f"/syncs/{sync_request.pk}/cancel/")
    (cancelled,) = since()
    assert (cancelled.before["status_code"], cancelled.after["status_code"]) == ("Connector", "Cancelled")


def test_changes_in_the_admin_are_recorded(since):
    staff, _ = member(Role.OWNER, is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(staff.user)
    since()
    page = f"/admin/accounts/account/{staff.group_key_id}/change/"
    empty = {f"memberships-{name}": 0 for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    assert client.post(page, {"name": "Renamed", "time_zone": "UTC", **empty}).status_code == 302
    (entry,) = [entry for entry in since() if entry.subject == "account"]
    assert (entry.door, entry.user_email, entry.after) == ("admin", staff.user.email, {"name": "Renamed"})


def test_signing_in_is_recorded_with_the_address(since, owner):
    owner.user.set_password("A-longer-secret-1")
    owner.user.save()
    since()
    Client().post("/sign-in/", {"username": owner.user.email, "password": "A-longer-secret-1"})
    (entry,) = since()
    assert (entry.subject, entry.subject_name, entry.door, entry.address, entry.user_id) == (
        "user", owner.user.email, "inbox", "127.0.0.1", None,
    )  # fmt: skip
    assert list(entry.after) == ["last_login"]


def test_what_the_platform_does_by_itself_has_no_actor(since, owner):
    owner.account.name = "By hand"
    owner.account.save()
    (entry,) = since()
    assert (entry.user_id, entry.user_email, entry.door, entry.address) == (None, "", "", "")


def test_after_a_request_that_fails_the_actor_is_cleared(since, owner):
    def fail(request):
        owner.account.name = "Half-way"
        owner.account.save()
        raise ValueError("half-way")

    request = RequestFactory().post("/account/settings/")
    request.user = owner.user
    with pytest.raises(ValueError, match="half-way"):
        ActorMiddleware(fail)(request)
    owner.account.name = "Afterwards"
    owner.account.save()
    assert [entry.user_email for entry in since()] == [owner.user.email, ""]


def current_actor():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('ads.actor', true)")
        return cursor.fetchone()[0]


def test_reading_requests_set_no_actor(since, owner, inbox):
    assert owner.get("Sync/query").status_code == inbox.get("/syncs/").status_code == 200
    assert not current_actor()
    owner.account.name = "Afterwards"
    owner.account.save()
    assert [entry.user_email for entry in since()] == [""]


def test_a_connection_that_replaces_a_lost_one_gets_the_actor(transactional_db, since):
    owner = Program()
    since()

    def lose_connection(request):
        record_actor(request, owner.user)
        connection.close()
        owner.account.name = "Later"
        owner.account.save()

    request = RequestFactory().post("/account/settings/")
    request.user = owner.user
    ActorMiddleware(lose_connection)(request)
    assert not current_actor()
    assert [entry.user_email for entry in since()] == [owner.user.email]


def test_behind_a_pooler_changes_have_no_actor(since, owner, settings):
    settings.POOLED_BY_TRANSACTION = True
    owner.post("ApiKeys", {"name": "Another"})
    (entry,) = since()
    assert (entry.subject, entry.user_email, entry.door) == ("API key", "", "")


def test_the_content_of_a_corrected_line_is_not_recorded(since):
    populated = PopulatedAccount()
    since()
    populated.ask("owner", "api/v1/sync/<str:pk>/details/<str:detail>", "PATCH")
    (entry,) = [entry for entry in since() if entry.subject == "mended line"]
    assert entry.after["cells"] == "(not kept here)"
    assert "Bee" not in f"{entry.after}"


def test_a_rolled_back_change_is_not_recorded(since, owner):
    with transaction.atomic():
        owner.account.name = "Never"
        owner.account.save()
        transaction.set_rollback(True)
    assert since() == []


@pytest.mark.parametrize("how", ["UPDATE accounts_auditentry SET user_email = 'x'", "DELETE FROM accounts_auditentry"])
def test_entries_cannot_be_changed_or_deleted(since, owner, how):
    with (
        pytest.raises(Error, match="What the audit trail says stands"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(how)


def test_owners_see_only_their_own_changes_in_the_inbox(since, owner, inbox):
    theirs = Program()
    theirs.post("ApiKeys", {"name": "Of a stranger"})
    for number in range(60):
        key, _ = ApiKey.make(account=owner.account, user=owner.user, name=f"Key {number}")
    assert owner.delete(f"ApiKeys/{key.pk}").status_code == 200
    page = inbox.get("/changes/").text
    assert "Key 59" in page
    assert "Key 1<" not in page
    assert "Of a stranger" not in page
    assert owner.user.email in page
    assert theirs.user.email not in page
    older = page.partition("?before=")[2].partition('"')[0]
    assert "Key 1<" in inbox.get(f"/changes/?before={older}").text
    assert inbox.get("/changes/?before=x").status_code == 200
