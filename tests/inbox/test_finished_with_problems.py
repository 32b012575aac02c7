"""A sync that loaded what it could read is “finished with problems” in the Inbox, the admin and the API alike."""

import io
import zipfile

import pytest
from django.test import Client

from adsplatform.accounts.models import Role
from syncs.loading import pipeline
from syncs.models import SyncRequest
from syncs.services import requests
from tests.callers import Program
from tests.factories import UserFactory, member

LOADED = "erpKey,companyName,companyType,isActive\nC1,Acme,Customer,true\nC2,Bolt,Customer,true\n"
NO_WORKBOOK = "This is no workbook."


@pytest.fixture
def program(db):
    return Program()


@pytest.fixture
def inbox(program):
    browser = Client()
    browser.force_login(member(Role.READ_ONLY, program.account)[0].user)
    return browser


@pytest.fixture
def admin(db):
    browser = Client()
    browser.force_login(UserFactory(staff=True))
    return browser


@pytest.fixture
def load(program, django_capture_on_commit_callbacks):
    """Load files, as a ZIP, and return the finished sync."""

    def load_files(**files):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for name, content in files.items():
                archive.writestr(name.replace("_", "."), content)
        packed.seek(0)
        with django_capture_on_commit_callbacks():
            found = requests.load_upload(program.account, program.user, packed, file_name="books.zip")
        sync = SyncRequest.objects.get(pk=found.pk)
        sync.start()
        pipeline.run(sync)
        sync.refresh_from_db()
        assert sync.status_code == "Success"
        return sync

    return load_files


def listed(page: str, sync) -> bool:
    return str(sync.pk) in page


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (
            {"invoices_xlsx": NO_WORKBOOK},
            "2 companies loaded: 2 added. Not every file could be read; the problems say why.",
        ),
        (
            {"contacts_csv": "erpKey,firstName,isActive\nP1,Ann,perhaps\n"},
            "2 of 3 lines loaded, 1 line rejected (2 added).",
        ),
    ],
    ids=["a file that cannot be read", "a rejected line"],
)
def test_every_interface_says_that_a_sync_had_problems(load, inbox, admin, program, files, message):
    sync = load(companies_csv=LOADED, **files)
    assert "Finished with problems" in inbox.get(f"/syncs/{sync.pk}/").text
    assert listed(inbox.get("/syncs/?problems=yes").text, sync)
    assert not listed(inbox.get("/syncs/?problems=no").text, sync)
    assert "Finished with problems" in admin.get(f"/admin/syncs/syncrequest/{sync.pk}/change/").text
    assert "Finished with problems" in admin.get("/admin/syncs/syncrequest/").text
    assert listed(admin.get("/admin/syncs/syncrequest/?problems=true").text, sync)
    assert not listed(admin.get("/admin/syncs/syncrequest/?problems=false").text, sync)
    answer = program.get(f"Sync/{sync.pk}", query="include=details").json()
    assert answer["processResultMessage"] == message
    assert sum(kind["errorCount"] for kind in answer["details"].values()) == 1


def test_every_interface_says_that_a_sync_had_none(load, inbox, admin, program):
    sync = load(companies_csv=LOADED)
    assert "Finished with problems" not in inbox.get(f"/syncs/{sync.pk}/").text
    assert not listed(inbox.get("/syncs/?problems=yes").text, sync)
    assert listed(inbox.get("/syncs/?problems=no").text, sync)
    assert "Finished with problems" not in admin.get("/admin/syncs/syncrequest/").text
    assert not listed(admin.get("/admin/syncs/syncrequest/?problems=true").text, sync)
    assert listed(admin.get("/admin/syncs/syncrequest/?problems=false").text, sync)
    answer = program.get(f"Sync/{sync.pk}", query="include=details").json()
    assert answer["processResultMessage"] == "2 companies loaded: 2 added."
    assert answer["details"]["Company"]["errorCount"] == 0
