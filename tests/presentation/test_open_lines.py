"""Lines that were not loaded stay in sight until they are, whatever is loaded after them."""

import pytest

from adsplatform.accounts.models import Role
from adsplatform.records.models import Company
from enrollments.models import Application
from syncs.loading import pipeline
from syncs.models import SyncRequest
from syncs.presentation.open_lines import open_lines
from syncs.services import corrections
from tests.factories import AppEnrollmentFactory, member
from tests.loading.uploading import Uploads

HEADER = "erpKey,companyName,companyType,isActive\n"


@pytest.fixture
def owner(db):
    return member(Role.OWNER)[0]


@pytest.fixture
def uploads(owner):
    app = Application.objects.get(connector="file-upload")
    return Uploads(AppEnrollmentFactory(group_key=owner.group_key, app=app, name="Books"))


@pytest.fixture
def inbox(client, owner):
    client.force_login(owner.user)
    return client


def counts(uploads):
    found = open_lines(uploads.account, [uploads.enrollment.pk])
    return {open.sync.pk: open.count for open in found.get(uploads.enrollment.pk, ())}


def test_a_later_success_does_not_hide_them_and_what_loads_them_does(uploads, owner, inbox):
    first = uploads.load(
        f"{HEADER}C1,A,Customer,maybe\nC2,B,Customer,odd\nC3,C,Customer,2\nC4,D,Customer,true\n", "companies.csv"
    )
    assert counts(uploads) == {first.pk: 3}
    # The last sync says so itself.
    assert "nor by any sync since" not in inbox.get("/").text
    uploads.load(f"{HEADER}C9,Other,Customer,true\n", "companies.csv")
    for page in ("/", f"/enrollments/{uploads.enrollment.pk}/"):
        text = inbox.get(page).text
        assert f'href="/syncs/{first.pk}/problems/?kind=error">3 lines</a>' in text
        assert "were not loaded, nor by any sync since." in text
    uploads.load(f"{HEADER}C2,B,Customer,true\n", "companies.csv")
    assert counts(uploads) == {first.pk: 2}
    detail = first.details.get(kind="error", erp_key="C1")
    corrections.save_correction(detail, owner.user, {"isActive": "true"})
    assert counts(uploads) == {first.pk: 2}
    replay = SyncRequest.objects.get(pk=corrections.load_again(first, owner.user).pk)
    replay.start()
    pipeline.run(replay)
    assert counts(uploads) == {first.pk: 1}
    uploads.load(f"{HEADER}C3,C,Customer,true\n", "companies.csv")
    assert counts(uploads) == {}
    assert Company.objects.filter(app_enrollment=uploads.enrollment).count() == 5


def test_previews_and_other_accounts_have_no_part_in_it(uploads, client):
    uploads.load(f"{HEADER}C1,A,Customer,maybe\nC2,B,Customer,true\n", "companies.csv", dry_run=True)
    assert counts(uploads) == {}
    uploads.load(f"{HEADER}C1,A,Customer,maybe\nC2,B,Customer,true\n", "companies.csv")
    client.force_login(member(Role.OWNER)[0].user)
    assert "To correct" not in client.get("/").text
    assert client.get(f"/enrollments/{uploads.enrollment.pk}/").status_code == 404
