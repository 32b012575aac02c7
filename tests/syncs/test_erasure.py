"""Erasure: an enrollment's data, an account, and the names of people in the audit trail."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import Error, connection, transaction
from django.utils import timezone

from adsplatform.accounts.models import Account, AuditEntry, Role, User
from adsplatform.records.models import Company
from syncs import tasks
from syncs.models import Correction, SyncDifference, SyncFile, SyncRequest, SyncResultDetail, UnansweredUpload, Upload
from syncs.periodic import retention
from syncs.services import corrections, enrollments
from tests.callers import anonymous
from tests.factories import MembershipFactory, SyncRequestFactory, member
from tests.loading.uploading import Uploads
from tests.security.test_every_interface import PopulatedAccount

pytestmark = pytest.mark.django_db


@pytest.fixture
def populated():
    return PopulatedAccount()


def test_the_data_of_a_deleted_enrollment_go_with_what_was_sent_for_them(populated):
    owner, _ = populated.people["owner"]
    corrections.save_correction(populated.detail, owner.user, {"companyName": "Private B"})
    kept = Uploads()
    kept.load("erpKey,companyName,companyType,isActive\nC1,,Customer,true\n", "companies.csv")
    enrollments.remove_enrollment(populated.enrollment, owner.user, remove_data=True)
    assert tasks.remove_enrollment_data(str(populated.enrollment.pk)) == (
        "Removed: 20 records, 1 rejected rows, 5 uploaded files."
    )
    syncs = SyncRequest.objects.of(populated.account)
    details = SyncResultDetail.objects.filter(sync_request__in=syncs)
    # The delete guard's sentence, which is about the file as a whole.
    assert [(detail.code, detail.raw_line) for detail in details] == [("delete_guard", "")]
    for model in (Correction, SyncDifference, SyncFile):
        assert not model.objects.filter(sync_request__in=syncs).exists(), model
    assert not UnansweredUpload.objects.exists()
    assert default_storage.listdir(str(populated.account.pk))[1] == []
    assert syncs.filter(details_removed=None).count() == 0
    # The counts stay, and so does what is another's.
    assert populated.rejected.results.get().rejected == 1
    assert Upload.objects.filter(removed=None).count() == 1
    assert SyncResultDetail.objects.filter(sync_request__app_enrollment=kept.enrollment).count() == 2
    entry = AuditEntry.objects.get(subject="data of enrollment")
    assert (entry.group_key, entry.user_email, entry.subject_id) == (
        populated.account.pk, owner.user.email, str(populated.enrollment.pk),
    )  # fmt: skip
    assert entry.before == {"records": 20, "rejected_rows": 1, "uploaded_files": 5}


def everything() -> dict[str, list[str]]:
    """The text of every row, by table."""
    found = {}
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            cursor.execute(f'SELECT t::text FROM "{model._meta.db_table}" t')
            found[model._meta.db_table] = [text for (text,) in cursor.fetchall()]
    return found


def test_an_erased_account_leaves_no_row_no_file_and_no_name(populated, capsys):
    account = populated.account
    other = member(Role.OWNER)[0]
    both, _ = member(Role.MEMBER, account, email="both@example.com")
    MembershipFactory(user=both.user, group_key=other.group_key)
    kept = Uploads()
    kept.load("erpKey,companyName,companyType,isActive\nC1,Kept,Customer,true\n", "companies.csv")
    staff = populated.people["staff"][0].user
    people = [person for name, (person, _) in populated.people.items() if name not in ("staff", "stranger")]
    companies = Company.objects.filter(group_key=account.pk).count()
    with pytest.raises(CommandError, match="The account is called “Private Ltd”, not “Private”. Nothing was erased."):
        call_command("erase_account", str(account.pk), "--name=Private")
    assert Company.objects.filter(group_key=account.pk).count() == companies > 0
    call_command("erase_account", str(account.pk), "--name=Private Ltd")
    assert "Erased: " in capsys.readouterr().out
    left = everything()
    trail = left.pop("accounts_auditentry")
    for secret in (str(account.pk), "Private", *(person.user.email for person in people)):
        assert [row for rows in left.values() for row in rows if secret in row] == []
    for name in ("Private", *(person.user.email for person in people), *(person.user.name for person in people)):
        assert [row for row in trail if name in row] == []
    assert not default_storage.exists(str(account.pk))
    # Nobody else lost anything.
    assert set(User.objects.filter(pk__in=[both.user.pk, staff.pk, other.user.pk])) == {both.user, staff, other.user}
    assert Company.objects.get().company_name == "Kept"
    assert len(default_storage.listdir(str(kept.account.pk))[1]) == 1
    entry = AuditEntry.objects.newest_first().first()
    assert (entry.subject, entry.subject_id) == ("all data of account", str(account.pk))
    assert entry.before["people"] == 5
    assert entry.before["rows"] > 40


def test_refused_sign_ins_of_erased_people_are_erased_and_others_stay():
    person, other = member(email="ann@example.com")[0], member(email="joann@example.com")[0]
    for tried in ("Ann@Example.com", "ann@example.com ", other.user.email):
        anonymous().post("/api/v1/sign-in", {"email": tried, "password": "wrong"}, content_type="application/json")
    refused = AuditEntry.objects.filter(action="refused").order_by("audit_entry_id")
    assert len(refused) == 3
    call_command("erase_account", str(person.group_key_id), "--name", person.group_key.name)
    assert [entry.subject_name for entry in refused.all()] == ["", "", other.user.email]
    assert [bool(entry.address) for entry in refused.all()] == [False, False, True]


def test_an_account_is_not_erased_under_a_running_sync():
    running = SyncRequestFactory(running=True)
    account = running.group_key
    with pytest.raises(CommandError, match=f"A sync of {account} is in progress. Cancel it or wait for its end"):
        call_command("erase_account", str(account.pk), "--name", account.name)
    assert Account.objects.filter(pk=account.pk).exists()


@pytest.mark.parametrize("group_key", ["x", "00000000-0000-4000-8000-000000000000"])
def test_an_unknown_account_is_named(group_key):
    with pytest.raises(CommandError, match=f"There is no account with the GroupKey “{group_key}”."):
        call_command("erase_account", group_key)


@pytest.fixture
def trail():
    """Two entries of a person, three years old and of yesterday, and one old entry about the person."""
    now = timezone.now()
    by = {"user_email": "p@example.com", "address": "192.0.2.1", "action": "changed", "before": {"name": "A"}}
    about = {"action": "changed", "subject": "user", "subject_id": "1", "subject_name": "p@example.com"}
    return [
        AuditEntry.objects.create(at=now - timedelta(days=1000), subject="sync", subject_name="x", after={}, **by),
        AuditEntry.objects.create(at=now - timedelta(days=1), subject="sync", subject_name="x", after={}, **by),
        AuditEntry.objects.create(
            at=now - timedelta(days=1000), before={"email": "o@example.com", "is_active": True},
            after={"email": "p@example.com", "is_active": False}, **about,
        ),
    ]  # fmt: skip


def test_people_in_the_audit_trail_are_forgotten_after_their_time(trail, settings, monkeypatch):
    monkeypatch.setattr(retention, "PAUSE_SECONDS", 0)
    settings.KEEP_AUDIT_PERSONS_DAYS = 0
    assert not retention.prune_some()
    settings.KEEP_AUDIT_PERSONS_DAYS = 730
    assert retention.prune_some()
    assert not retention.prune_some()
    old, young, about = (AuditEntry.objects.get(pk=entry.pk) for entry in trail)
    assert (old.user_email, old.address, old.subject_name, old.before) == ("", "", "x", {"name": "A"})
    assert (young.user_email, young.address) == ("p@example.com", "192.0.2.1")
    assert about.subject_name == ""
    assert about.before == {"email": "(erased)", "is_active": True}
    assert about.after == {"email": "(erased)", "is_active": False}


@pytest.mark.parametrize(
    "change",
    [
        "user_email = 'other@example.com'",
        "user_email = '', action = 'added'",
        "at = now()",
        "before = '{}'",
        """before = '{"name": "B"}'""",
        """after = '{"name": "(erased)"}'""",
    ],
)
def test_erasing_is_the_only_change_of_an_entry(trail, change):
    with (
        pytest.raises(Error, match="What the audit trail says stands"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"UPDATE accounts_auditentry SET {change} WHERE audit_entry_id = %s", [trail[0].pk])
