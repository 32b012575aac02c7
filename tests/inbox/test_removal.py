"""Removing an enrollment in the Inbox: what goes is counted, its name is typed, and an entry says so."""

import pytest

from adsplatform.accounts.models import AuditEntry, Role
from adsplatform.records.models import Company
from enrollments.models import AppEnrollment
from syncs import tasks
from syncs.models import SourceState
from syncs.services.enrollment_removal import remove_some_data_of
from tests.factories import member
from tests.loading.uploading import Uploads


@pytest.fixture
def loaded(inbox, enrollment, account):
    """An enrollment with two companies, a rejected row and a state; returns its page of removal."""
    uploads = Uploads(enrollment)
    uploads.load("erpKey,companyName,companyType,isActive\nC1,A,Customer,true\nC2,B,Customer,true\nC3,,Customer,true\n",
                 "companies.csv")  # fmt: skip
    SourceState.objects.create(group_key=account, app_enrollment=enrollment, kind="Company", state=7)
    return f"/enrollments/{enrollment.pk}/remove/"


def test_the_page_counts_what_goes(inbox, loaded, enrollment):
    assert f'href="{loaded}"' in inbox.get(f"/enrollments/{enrollment.pk}/").text
    text = inbox.get(loaded).text
    for part in ("2 records: 2 companies", "1 uploaded file, 1 rejected row, 0 import profiles", "1 state)", "1 sync,"):
        assert part in text


def test_another_name_removes_nothing(inbox, loaded, enrollment):
    answer = inbox.post(loaded, {"records": "remove", "name": "demo"})
    assert "It is called “Demo Data Connector”, not “demo”. Nothing was removed." in answer.text
    assert AppEnrollment.objects.current().filter(pk=enrollment.pk).exists()


@pytest.mark.parametrize(("records", "left"), [("keep", 2), ("remove", 0)])
def test_its_name_removes_it_and_perhaps_its_records(inbox, loaded, enrollment, membership, records, left):
    text = inbox.post(loaded, {"records": records, "name": "Demo Data Connector"}, follow=True).text
    assert f"Demo Data Connector is removed. Its records {'were kept' if left else 'are being removed'}." in text
    assert not AppEnrollment.objects.current().exists()
    assert not SourceState.objects.exists()
    tasks.remove_enrollment_data(str(enrollment.pk))
    assert Company.objects.count() == left
    entry = AuditEntry.objects.get(subject="enrollment", action="removed")
    assert (entry.user_id, entry.door, entry.subject_id) == (membership.user.pk, "inbox", str(enrollment.pk))
    assert entry.before == {
        "records of Company": 2, "uploaded_files": 1, "rejected_rows": 1, "source_states": 1, "syncs_kept": 1,
        "the records": "are kept" if left else "are removed",
    }  # fmt: skip
    assert inbox.get(loaded).status_code == 404


def test_what_is_much_goes_in_steps_and_is_counted_over_all_of_them(loaded, inbox, enrollment, monkeypatch):
    monkeypatch.setattr("syncs.services.enrollment_removal.ROWS_AT_ONCE", 1)
    inbox.post(loaded, {"records": "remove", "name": "Demo Data Connector"})
    assert remove_some_data_of(enrollment.pk) is None
    assert Company.objects.count() == 1
    assert tasks.remove_enrollment_data(str(enrollment.pk)) == "Removed: 2 records, 1 rejected rows, 1 uploaded files."
    entry = AuditEntry.objects.get(subject="data of enrollment")
    assert entry.before == {"records": 2, "rejected_rows": 1, "uploaded_files": 1}


@pytest.mark.parametrize("role", [Role.MEMBER, Role.READ_ONLY])
def test_only_owners_and_admins_remove(sign_in_as, loaded, enrollment, role):
    browser = sign_in_as(role)
    assert loaded not in browser.get(f"/enrollments/{enrollment.pk}/").text
    assert browser.get(loaded).status_code == 403
    assert browser.post(loaded, {"records": "keep", "name": "Demo Data Connector"}).status_code == 403


def test_another_account_finds_nothing_to_remove(client, loaded):
    client.force_login(member(Role.OWNER)[0].user)
    assert client.get(loaded).status_code == 404
    assert client.post(loaded, {"records": "keep", "name": "Demo Data Connector"}).status_code == 404


def test_reading_everything_again_leaves_an_entry(inbox, loaded, enrollment, membership):
    inbox.post(f"/enrollments/{enrollment.pk}/read-again/")
    entry = AuditEntry.objects.get(subject="state of source")
    assert (entry.user_id, entry.door, list(entry.before)) == (membership.user.pk, "inbox", ["Company"])
