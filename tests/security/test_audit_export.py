"""The audit trail as a file: for an account's owners and admins in the Inbox, for staff in the admin."""

import csv
import io
import json

import pytest
from django.test import Client

from adsplatform.accounts import audit_export
from adsplatform.accounts.models import AuditEntry, Role
from tests.callers import Program
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(monkeypatch):
    monkeypatch.setattr(audit_export, "ENTRIES_AT_ONCE", 2)
    program = Program()
    for number in range(5):
        assert program.post("ApiKeys", {"name": f"=Key {number}"}).status_code == 201
    return program


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def lines_of(answer):
    return [json.loads(line) for line in answer.getvalue().decode().splitlines()]


def test_an_owner_gets_every_entry_of_the_account_and_no_other(owner):
    Program().post("ApiKeys", {"name": "Of a stranger"})
    answer = signed_in(owner.user).get("/changes/export/?format=jsonl")
    assert answer.headers["Content-Type"] == "application/jsonl; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="changes-')
    lines = lines_of(answer)
    own = AuditEntry.objects.of(owner.account.pk).order_by("pk")
    assert [line["id"] for line in lines] == list(own.values_list("pk", flat=True))
    assert len(lines) > 5
    last = lines[-1]
    assert (last["subject"], last["action"], last["after"]["name"]) == ("API key", "added", "=Key 4")
    assert (last["userEmail"], last["isSigned"], last["interface"]) == (owner.user.email, True, "api")


def test_a_csv_file_is_safe_in_a_spreadsheet(owner):
    text = signed_in(owner.user).get("/changes/export/").getvalue().decode()
    assert text.startswith("\ufeffid,at,groupKey,")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert len(rows) == AuditEntry.objects.of(owner.account.pk).count()
    assert rows[-1]["subjectName"] == "'=Key 4"
    assert (rows[-1]["isSigned"], rows[-1]["before"]) == ("true", "")
    assert json.loads(rows[-1]["after"])["name"] == "=Key 4"


def test_an_unproven_name_is_marked(owner):
    AuditEntry.objects.create(
        at=owner.account.created, group_key=owner.account.pk, user_email="ana@example.com", action="changed",
        subject="account", before={}, after={},
    )  # fmt: skip
    last = lines_of(signed_in(owner.user).get("/changes/export/?format=jsonl"))[-1]
    assert (last["userEmail"], last["isSigned"]) == ("ana@example.com", False)


def test_an_unknown_format_is_explained(owner):
    browser = signed_in(owner.user)
    assert browser.get("/changes/export/?format=xml").url == "/changes/"
    assert "The audit trail comes as jsonl or csv, not as “xml”." in browser.get("/changes/").text


def test_members_may_not_take_it(owner):
    member = Program(Role.MEMBER, owner.account)
    assert signed_in(member.user).get("/changes/export/").status_code == 403


def test_staff_take_what_the_filters_select_and_the_trail_says_so(owner):
    other = Program()
    staff = signed_in(UserFactory(email="staff@example.com", staff=True))
    page = staff.get(f"/admin/accounts/auditentry/?account={other.account.pk}").text
    assert f"/admin/accounts/auditentry/export/jsonl/?account={other.account.pk}" in page
    answer = staff.get(f"/admin/accounts/auditentry/export/jsonl/?account={other.account.pk}")
    taken = AuditEntry.objects.newest_first().first()
    assert (taken.action, taken.subject, taken.user_email) == ("seen", "export of changes", "staff@example.com")
    rows = AuditEntry.objects.of(other.account.pk).count() - 1
    assert taken.after == {"account": str(other.account.pk), "rows": rows}
    assert taken.group_key == other.account.pk
    assert {line["groupKey"] for line in lines_of(answer)} == {str(other.account.pk)}
    every = lines_of(staff.get("/admin/accounts/auditentry/export/jsonl/"))
    assert len(every) == AuditEntry.objects.count()
    assert staff.get("/admin/accounts/auditentry/export/xml/").status_code == 302


def test_staff_without_the_permission_get_nothing(owner):
    helper = signed_in(UserFactory(is_staff=True))
    assert helper.get("/admin/accounts/auditentry/export/csv/").status_code == 403
