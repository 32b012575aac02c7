"""A tap as people use it: enrolled, its streams explained by the questions about files, read, changed, read again."""

import re

import pytest

from adsplatform.accounts.models import Role
from adsplatform.records.models import Company, Invoice
from enrollments.models import AppEnrollment, Application
from enrollments.services import enroll
from syncs.loading import pipeline
from syncs.models import ImportProfileVersion, SyncRequest, UnansweredUpload, Upload
from tests.factories import SyncRequestFactory, member
from tests.singer.books import TAP, credentials_of, settings_of
from tests.singer.html_forms import Form

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner():
    return member(Role.OWNER)[0]


@pytest.fixture
def inbox(client, owner):
    client.force_login(owner.user)
    return client


def enrolled(owner, streams):
    app = Application.objects.get(connector="singer")
    return enroll(
        owner.group_key, app, owner.user, settings=settings_of(streams), credentials=credentials_of(token="t0ken")
    )


def loaded(enrollment, **values):
    """A sync, and its counts of each kind, without zeroes."""
    found = SyncRequestFactory(app_enrollment=enrollment, running=True, connector="singer", **values)
    pipeline.run(found)
    found.refresh_from_db()
    assert found.status_code == SyncRequest.Status.SUCCESS, found.process_result_message
    names = ("inserted", "updated", "unchanged", "rejected", "deleted_as_missing", "deleted_by_match")
    return {
        result.entity: {name: getattr(result, name) for name in names if getattr(result, name)}
        for result in found.results.all()
    }


def test_enrolling_shows_the_streams_and_never_the_secrets(inbox, books):
    page = f"/enroll/{Application.objects.get(connector='singer').pk}/"
    form = {f"setting_{name}": value for name, value in settings_of().items()}
    form |= {"credential_secrets": credentials_of(token="t0ken")["secrets"]}
    assert f'<option value="{TAP}">' in inbox.get(page).text
    tried = inbox.post(page, form | {"try": "1"}).text
    assert "offers 2 of its 3 streams: companies and invoices." in tried
    assert "t0ken" not in tried
    wrong = inbox.post(page, form | {"credential_secrets": '{"password": "battery"}'}).text
    assert "the password “[secret]” is wrong" in wrong
    assert "battery" not in wrong
    assert not AppEnrollment.objects.exists()
    answer = inbox.post(page, form, follow=True).text
    assert "is enrolled." in answer
    assert "t0ken" not in answer


def test_streams_with_our_names_load_at_once(owner, books):
    enrollment = enrolled(owner, "companies\ninvoices")
    assert loaded(enrollment) == {"Company": {"inserted": 3}, "Invoice": {"inserted": 3}}
    totals = dict(Invoice.objects.filter(app_enrollment=enrollment).values_list("erp_key", "total_amount"))
    assert {key: f"{total:f}".rstrip("0") for key, total in totals.items()} == {
        "I1": "10.125", "I2": "1.25", "I3": "-0.5",
    }  # fmt: skip
    del books.rows["companies"][2], books.rows["companies"][0]["companyName"]
    books.save()
    again = loaded(enrollment)
    assert again["Company"]["deleted_as_missing"] == 1
    # A member that a record does not have leaves the value as it is.
    assert Company.objects.get(app_enrollment=enrollment, erp_key="C1").company_name == "Acme"


def test_streams_with_names_of_their_own_are_asked_about_once(inbox, owner, books):
    enrollment = enrolled(owner, "customers")
    page = f"/enrollments/{enrollment.pk}/"
    assert "Say what the streams are" in inbox.get(page).text
    asked = inbox.post(f"{page}streams/", follow=True)
    assert "What are these streams?" in asked.text
    assert "customers.csv" in asked.text
    form = Form(asked.text, "how-written").values | {"f0-q-kind": '"Company"'}
    for _ in range(3):
        shown = inbox.post(asked.request["PATH_INFO"], form | {"do": "check"}).text
        form = Form(shown, "how-written").values
    confirmed = inbox.post(asked.request["PATH_INFO"], form | {"do": "confirm"})
    assert confirmed.status_code == 302, re.sub(r"<[^>]+>", " ", confirmed.text)
    (profile,) = ImportProfileVersion.objects.filter(app_enrollment=enrollment)
    assert profile.file_pattern == "customers"
    assert SyncRequest.objects.get(app_enrollment=enrollment).connector == "singer"
    assert not Upload.objects.exists()
    assert not UnansweredUpload.objects.exists()

    SyncRequest.objects.all().delete()
    assert loaded(enrollment) == {"Company": {"inserted": 2}}
    names = Company.objects.filter(app_enrollment=enrollment).values_list("company_name", flat=True)
    assert set(names) == {"Kabel GmbH", "Rohr AG"}
    books.rows["customers"][1]["_sdc_deleted_at"] = "2026-01-02T00:00:00+00:00"
    books.rows["customers"][0]["Customer Name"] = "Kabel & Co"
    books.save()
    assert loaded(enrollment)["Company"] == {"updated": 1, "deleted_by_match": 1}
    assert "All that" in inbox.post(f"{page}streams/", follow=True).text


def test_streams_of_another_account_are_not_asked_about(client, owner, books):
    enrollment = enrolled(owner, "customers")
    client.force_login(member(Role.OWNER)[0].user)
    assert client.post(f"/enrollments/{enrollment.pk}/streams/").status_code == 404
