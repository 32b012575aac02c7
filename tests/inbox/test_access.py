"""What each role may see and do, and that nothing of an account is there for others."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from adsplatform.accounts.inbox import urlpatterns as account_urls
from adsplatform.accounts.models import ApiKey, Role
from enrollments.inbox import urlpatterns as enrollment_urls
from enrollments.models import Application
from syncs.inbox.views import urlpatterns as sync_urls
from syncs.models import SyncRequest
from tests.factories import member

PAGES = [
    "home",
    "account",
    "keys",
    "enroll",
    "syncs",
    "password",
    "problem-codes",
    "notices",
    "record-kinds",
    "search",
    "reports",
    "report-items",
]
BUTTONS = [
    "sync-now",
    "switch",
    "try-connection",
    "read-again",
    "streams",
    "cancel",
    "apply",
    "allow-deletes",
    "key-revoke",
    "load-again",
]
OF_AN_ENROLLMENT = ["enrollment", "sync-now", "switch", "try-connection", "read-again", "streams", "credentials"]
OF_AN_ENROLLMENT += ["source", "remove-enrollment"]
OF_A_SYNC = ["sync", "problems", "cancel", "apply", "allow-deletes", "problems-download", "load-again"]


@pytest.fixture
def ids(enrollment, make_sync, membership):
    """For each page with an id in its address, an id of the account's."""
    key, _ = ApiKey.make(account=membership.group_key, user=membership.user, name="Export")
    sync = make_sync(running=True)
    return (
        dict.fromkeys(OF_AN_ENROLLMENT, enrollment.pk)
        | dict.fromkeys(OF_A_SYNC, sync.pk)
        | {"key-revoke": key.pk, "enroll-in": enrollment.app_id}
    )


# Of the account as well; their own modules test that a stranger finds nothing there.
ELSEWHERE = {"line", "profile", "remove-profile", "how-written", "cancel-upload", "upload-part", "staff-action-seen"}
# For enrollments that are connected at a vendor.
ELSEWHERE |= {"tenant", "disconnect"}
ELSEWHERE |= {"records", "record", "record-line", "record-removal", "record-export", "report"}
OF_NO_ACCOUNT = {"columns", "set-password"}


def test_these_tests_know_every_address_with_an_id(ids):
    patterns = account_urls + enrollment_urls + sync_urls
    with_id = {pattern.name for pattern in patterns if "<" in str(pattern.pattern)}
    assert with_id == set(ids) | ELSEWHERE | OF_NO_ACCOUNT


@pytest.mark.parametrize("name", OF_AN_ENROLLMENT + OF_A_SYNC + ["key-revoke"])
def test_a_stranger_finds_nothing_of_the_account(client, ids, name):
    client.force_login(member(Role.OWNER)[0].user)
    address = reverse(f"inbox:{name}", args=[ids[name]])
    assert client.get(address).status_code == 404
    assert client.post(address).status_code == (405 if name in ("sync", "problems", "problems-download") else 404)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("name", PAGES)
def test_every_role_sees_every_page(sign_in_as, role, name):
    assert sign_in_as(role).get(reverse(f"inbox:{name}")).status_code == 200


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("name", ["enrollment", "sync", "problems"])
def test_every_role_sees_every_page_with_an_id(sign_in_as, ids, role, name):
    assert sign_in_as(role).get(reverse(f"inbox:{name}", args=[ids[name]])).status_code == 200


def test_read_only_has_no_buttons(sign_in_as, ids):
    reader = sign_in_as(Role.READ_ONLY)
    for address in ["/", reverse("inbox:enrollment", args=[ids["enrollment"]]), "/enroll/"]:
        text = reader.get(address).text.split('<main id="main"')[1]
        # The catalogue may be searched.
        text = re.sub(r'<form [^>]*role="search".*?</form>', "", text, flags=re.DOTALL)
        assert "<button class" not in text
        assert "<form" not in text
    assert "Cancel" not in reader.get(reverse("inbox:sync", args=[ids["sync"]])).text


@pytest.mark.parametrize("name", ["sync-now", "switch", "cancel"])
def test_read_only_is_refused_with_a_sentence(sign_in_as, ids, name):
    response = sign_in_as(Role.READ_ONLY).post(reverse(f"inbox:{name}", args=[ids[name]]))
    assert response.status_code == 403
    assert "is Read-Only, which may look but not change this." in response.text


def test_read_only_may_not_upload(sign_in_as):
    reader = sign_in_as(Role.READ_ONLY)
    assert reader.get("/upload/").status_code == 403
    assert reader.post("/upload/").status_code == 403


def test_only_owners_and_admins_enrol_switch_and_set(sign_in_as, ids, enrollment):
    for role, status in ((Role.MEMBER, 403), (Role.ADMIN, 302)):
        person = sign_in_as(role)
        for name in ("enroll-in", "switch", "enrollment"):
            values = {"is_active": "true", "delete_limit_percent": 10, "reject_limit_percent": 100}
            response = person.post(reverse(f"inbox:{name}", args=[ids[name]]), values)
            assert response.status_code == status, (role, name)
    assert sign_in_as(Role.MEMBER).get(reverse("inbox:enroll-in", args=[ids["enroll-in"]])).status_code == 403


def test_members_sync_and_cancel(sign_in_as, ids):
    person = sign_in_as(Role.MEMBER)
    assert person.post(reverse("inbox:sync-now", args=[ids["sync-now"]])).status_code == 302
    assert person.post(reverse("inbox:cancel", args=[ids["cancel"]])).status_code == 302
    assert SyncRequest.objects.get(pk=ids["cancel"]).status_code == "Cancelled"


@pytest.mark.parametrize("name", [*BUTTONS, "enroll-in", "enrollment"])
def test_a_post_without_the_token_is_refused(membership, ids, name):
    client = Client(enforce_csrf_checks=True)
    client.force_login(membership.user)
    response = client.post(reverse(f"inbox:{name}", args=[ids[name]]))
    assert response.status_code == 403
    assert "This page was open for too long" in response.text


FORMS = ["upload", "keys", "account", "account/settings", "notices", "password", "sign-in", "sign-out"]


@pytest.mark.parametrize("address", [f"/{form}/" for form in FORMS])
def test_a_form_without_the_token_is_refused(membership, address):
    client = Client(enforce_csrf_checks=True)
    client.force_login(membership.user)
    assert client.post(address).status_code == 403


@pytest.mark.parametrize("name", BUTTONS)
def test_a_button_that_is_only_looked_at_does_nothing(inbox, ids, name):
    assert inbox.get(reverse(f"inbox:{name}", args=[ids[name]])).status_code in (200, 302)
    assert SyncRequest.objects.count() == 1
    assert SyncRequest.objects.get().status_code == "In Progress"
    assert ApiKey.objects.get(pk=ids["key-revoke"]).revoked is None


def test_an_unknown_application_is_not_found(inbox):
    address = reverse("inbox:enroll-in", args=["00000000-0000-0000-0000-000000000000"])
    assert inbox.get(address).status_code == 404
    Application.objects.update(is_active=False)
    address = reverse("inbox:enroll-in", args=[Application.objects.first().pk])
    assert inbox.get(address).status_code == 404


@pytest.mark.parametrize("address", ["/", "/password/", "/sign-in/", "/no-such-page/", "/admin/login/"])
def test_no_page_is_stored_by_a_browser(inbox, address):
    assert "no-store" in inbox.get(address)["Cache-Control"]


def test_a_browser_finds_an_icon_everywhere(client):
    assert client.get("/favicon.ico").url == "/static/inbox/icon.svg"


def test_pages_load_from_this_host_only(inbox):
    response = inbox.get("/")
    assert "default-src 'self'" in response["Content-Security-Policy"]
    assert " style=" not in response.text
    assert "<style" not in response.text
    assert "http://" not in response.text
    assert "https://" not in response.text
