"""Entries about what changes no row: refused sign-ins, and staff who look at an account's data."""

import io

import pytest
from django.test import Client

from adsplatform.accounts.models import AuditEntry
from syncs.services.uploads import store_upload
from tests.factories import AppEnrollmentFactory, SyncRequestFactory, UserFactory, member

pytestmark = pytest.mark.django_db


def events():
    found = AuditEntry.objects.filter(action__in=["refused", "seen"]).order_by("pk")
    return [(entry.action, entry.subject, entry.subject_name, entry.user_email, entry.door) for entry in found]


def test_a_refused_sign_in_says_who_was_tried_and_from_where():
    member(email="ana@example.com")
    wrong = {"username": "Ana@example.com", "password": "wrong"}
    client = Client(REMOTE_ADDR="203.0.113.7")
    client.post("/sign-in/", wrong)
    client.post("/admin/login/", wrong)
    api = {"email": "nobody@example.com", "password": "wrong"}
    assert client.post("/api/v1/sign-in", api, content_type="application/json").status_code == 401
    client.post("/sign-in/", {"username": "my-secret-password", "password": "x"})
    assert events() == [
        ("refused", "user", "Ana@example.com", "", "inbox"),
        ("refused", "user", "Ana@example.com", "", "admin"),
        ("refused", "user", "nobody@example.com", "", "api"),
        ("refused", "user", "(no e-mail address)", "", "inbox"),
    ]
    assert {*AuditEntry.objects.filter(action="refused").values_list("address", flat=True)} == {"203.0.113.7"}


def test_staff_who_look_at_a_list_are_recorded_once_a_page():
    ours, theirs = AppEnrollmentFactory(name="Ours"), AppEnrollmentFactory(name="Theirs")
    for enrollment in (ours, ours, theirs):
        SyncRequestFactory(app_enrollment=enrollment)
    client = Client()
    client.force_login(UserFactory(email="staff@example.com", is_staff=True, is_superuser=True))
    of_ours = f"/admin/syncs/syncrequest/?account={ours.group_key_id}"
    for page in ("/admin/syncs/syncrequest/?q=ana@example.com", "/admin/syncs/syncrequest/", of_ours):
        assert client.get(page).status_code == 200
    found = AuditEntry.objects.filter(action="seen").order_by("pk")
    assert [(entry.subject, entry.user_email, entry.door) for entry in found] == [
        ("list of sync requests", "staff@example.com", "admin")
    ] * 3
    searched, all_of_them, narrowed = found
    assert (searched.group_key, searched.after) == (None, {"q": "(not kept here)", "rows": 0})
    both = ", ".join(sorted([str(ours.group_key_id), str(theirs.group_key_id)]))
    assert (all_of_them.group_key, all_of_them.after) == (None, {"rows": 3, "accounts": both})
    assert narrowed.group_key == ours.group_key_id
    assert narrowed.after == {"account": str(ours.group_key_id), "rows": 2}
    # The account's owner sees who looked.
    owner = Client()
    owner.force_login(member("Group Owner", account=ours.group_key)[0].user)
    assert "Seen by staff: list of sync requests" in owner.get("/changes/").text


def test_looking_at_the_catalogue_is_not_recorded():
    client = Client()
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    for page in ("enrollments/application", "auth/group"):
        assert client.get(f"/admin/{page}/").status_code == 200
    assert events() == []


def test_staff_who_look_at_an_accounts_data_or_download_a_file_are_recorded():
    enrollment = AppEnrollmentFactory()
    upload = store_upload(enrollment.group_key, None, io.BytesIO(b"erpKey\n"), file_name="books.csv")
    sync = SyncRequestFactory(app_enrollment=enrollment, upload=upload)
    staff = UserFactory(email="staff@example.com", is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(staff)
    assert client.get(f"/admin/syncs/syncrequest/{sync.pk}/change/").status_code == 200
    assert client.get(f"/admin/syncs/syncrequest/{sync.pk}/upload/").getvalue() == b"erpKey\n"
    assert client.get(f"/admin/accounts/account/{enrollment.group_key_id}/change/").status_code == 200
    assert [event[0] for event in events()] == ["seen"] * 3
    assert {event[3:] for event in events()} == {("staff@example.com", "admin")}
    assert events()[1][1:3] == ("upload", "books.csv")
    # The account's owner sees them.
    assert AuditEntry.objects.of(enrollment.group_key_id).filter(action="seen").count() == 3
    owner = Client()
    owner.force_login(member("Group Owner", account=enrollment.group_key)[0].user)
    assert "Seen by staff: upload" in owner.get("/changes/").text
