"""Previews, allowed deletes and known files, for people."""

import pytest

from adsplatform.accounts.models import Role
from adsplatform.records.models import Company
from syncs import tasks
from syncs.models import SyncRequest
from tests.factories import SyncRequestFactory, SyncResultDetailFactory
from tests.inbox.test_upload import csv

HEADER = b"erpKey,companyName,companyType,isActive\n"


def companies(*names):
    lines = [f"C{at},{name},Customer,true\n".encode() for at, name in enumerate(names)]
    return csv(content=HEADER + b"".join(lines))


def upload(browser, file, **values):
    """Upload, let the worker run, and return the sync's page."""
    address = browser.post("/upload/", {"file": file} | values).url
    tasks.run_next_sync()
    return address, browser.get(address).text


def test_a_preview_is_shown_and_applied_without_uploading_again(inbox, membership):
    upload(inbox, companies("Acme", "Beta"))
    address, text = upload(inbox, companies("Acme Ltd", "Beta", "Gamma <b>"), preview="1")
    assert "Preview: 1 would be added, 1 changed. Nothing was changed." in text
    assert "This is a preview: it says what would happen, and nothing was changed." in text
    assert '<code>companyName</code> <del><span class="unseen">before: </span>Acme</del>' in text
    assert '<ins><span class="unseen">after: </span>Acme Ltd</ins>' in text
    assert "Gamma &lt;b&gt;" in text
    assert "Apply: load it now" in text
    assert Company.objects.filter(company_name="Acme").exists()
    applied = inbox.post(f"{address}apply/").url
    tasks.run_next_sync()
    assert set(Company.objects.values_list("company_name", flat=True)) == {"Acme Ltd", "Beta", "Gamma <b>"}
    assert f'applies a preview: see <a href="{address}">' in inbox.get(applied).text
    text = inbox.get(address).text
    assert "Apply: load it now" not in text
    assert f'It was applied: see <a href="{applied}">' in text


def test_applying_twice_is_explained(inbox):
    address, _ = upload(inbox, companies("Acme"), preview="1")
    inbox.post(f"{address}apply/")
    tasks.run_next_sync()
    assert "This has been done" in inbox.post(f"{address}apply/", follow=True).text
    assert SyncRequest.objects.count() == 2


def test_a_file_that_was_loaded_before_is_recognised(inbox):
    first, _ = upload(inbox, companies("Acme"))
    loaded = SyncRequest.objects.get()
    _, text = upload(inbox, companies("Acme"))
    assert f'The same file was loaded on <a href="{first}">{loaded.finished:%-d %b %Y, %H:%M} UTC</a>' in text


@pytest.fixture
def stopped(inbox):
    upload(inbox, companies(*["Acme"] * 20))
    return upload(inbox, companies("Acme"), full="on")


def test_deletes_are_allowed_after_a_look_at_the_figures(inbox, stopped):
    address, text = stopped
    assert "Delete them and run again…" in text
    asked = inbox.get(f"{address}allow-deletes/").text
    assert "Stopped: this full sync would delete 19 of 20 companies, more than the 50 % that Uploads allows." in asked
    assert Company.objects.count() == 20
    again = inbox.post(f"{address}allow-deletes/").url
    tasks.run_next_sync()
    assert Company.objects.count() == 1
    assert "deletes allowed" in inbox.get(again).text
    text = inbox.get(address).text
    assert "Delete them and run again…" not in text
    assert f'It was allowed and run again: see <a href="{again}">' in text
    assert inbox.post(f"{address}allow-deletes/").url == address


@pytest.mark.parametrize("role", [Role.MEMBER, Role.READ_ONLY])
def test_a_person_who_may_not_allow_deletes_reads_who_may(sign_in_as, stopped, role):
    address, _ = stopped
    person = sign_in_as(role)
    text = person.get(address).text
    assert "Delete them and run again…" not in text
    assert "Someone who is Owner or Admin of the account may allow the deletes." in text
    assert person.get(f"{address}allow-deletes/").url == address
    assert person.post(f"{address}allow-deletes/").status_code == 403
    assert Company.objects.count() == 20


def test_read_only_is_not_offered_to_apply(sign_in_as, enrollment):
    preview = SyncRequestFactory(app_enrollment=enrollment, succeeded=True, dry_run=True)
    assert "Apply: load it now" in sign_in_as(Role.MEMBER).get(f"/syncs/{preview.pk}/").text
    assert "Apply: load it now" not in sign_in_as(Role.READ_ONLY).get(f"/syncs/{preview.pk}/").text


def test_a_preview_is_not_the_enrollments_last_sync(inbox, enrollment):
    real = SyncRequestFactory(app_enrollment=enrollment, succeeded=True)
    preview = SyncRequestFactory(app_enrollment=enrollment, succeeded=True, dry_run=True)
    text = inbox.get("/").text
    assert f"/syncs/{real.pk}/" in text
    assert f"/syncs/{preview.pk}/" not in text
    # In the history it is there, and called what it is.
    assert ", preview" in inbox.get("/syncs/").text


def test_another_failure_offers_nothing(inbox, make_sync):
    failed = make_sync(failed=True)
    SyncResultDetailFactory(sync_request=failed, code="nothing_loaded")
    assert "allow-deletes" not in inbox.get(f"/syncs/{failed.pk}/").text
    assert inbox.get(f"/syncs/{failed.pk}/allow-deletes/").url == f"/syncs/{failed.pk}/"
