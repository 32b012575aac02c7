"""The upload form: what it takes, and what it says when it cannot."""

import base64
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from adsplatform.accounts.models import Role
from enrollments.models import AppEnrollment
from syncs.models import ResumableUpload, SyncRequest, Upload
from tests.factories import AppEnrollmentFactory, member


def csv(name="companies.csv", content=b"erpKey,companyName\nC1,Acme\n"):
    return SimpleUploadedFile(name, content)


def test_a_file_goes_into_uploads_and_leads_to_its_live_page(inbox, account, membership):
    response = inbox.post("/upload/", {"file": csv()})
    sync = SyncRequest.objects.get()
    assert response.url == f"/syncs/{sync.pk}/"
    assert (sync.status_code, sync.run_full_sync, sync.modified_user) == ("Connector", False, membership.user)
    assert sync.app_enrollment == AppEnrollment.objects.of(account).get(is_uploads=True)
    assert (sync.upload.file_name, sync.upload.format) == ("companies.csv", "csv")
    assert sync.upload.content.read() == b"erpKey,companyName\nC1,Acme\n"


def test_a_complete_data_set_goes_into_the_chosen_enrollment(inbox, enrollment):
    page = inbox.get(f"/upload/?enrollment={enrollment.pk}").text
    assert f'<option value="{enrollment.pk}" selected>' in page
    inbox.post("/upload/", {"file": csv(), "enrollment": enrollment.pk, "full": "on"})
    sync = SyncRequest.objects.get()
    assert (sync.app_enrollment, sync.run_full_sync) == (enrollment, True)


def test_only_an_owner_or_admin_may_say_that_lines_may_delete(inbox, sign_in_as):
    assert "Lines may delete records" in inbox.get("/upload/").text
    inbox.post("/upload/", {"file": csv(), "delete_on_match": "on"})
    assert SyncRequest.objects.get().delete_on_match
    member = sign_in_as(Role.MEMBER)
    assert "Lines may delete records" not in member.get("/upload/").text
    member.post("/upload/", {"file": csv(), "delete_on_match": "on"})
    assert not SyncRequest.objects.latest("created").delete_on_match


def test_another_accounts_enrollment_cannot_be_chosen(inbox):
    foreign = AppEnrollmentFactory()
    response = inbox.post("/upload/", {"file": csv(), "enrollment": foreign.pk})
    assert "enrollment" in response.context["form"].errors
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({}, "Choose a file to upload."),
        ({"file": csv(content=b"")}, "This file is empty. Choose a file with data in it."),
    ],
)
def test_a_missing_or_empty_file_is_explained(inbox, files, sentence):
    assert sentence in inbox.post("/upload/", files).text
    assert not SyncRequest.objects.exists()


def test_a_file_above_the_limit_is_explained_and_not_stored(inbox, settings, tmp_path):
    settings.UPLOAD_MAX_BYTES = 100_000
    response = inbox.post("/upload/", {"file": csv(content=b"x" * 300_000)})
    assert response.status_code == 200
    assert response.context["form"].errors["file"] == [
        "The file “companies.csv” is larger than the 97.7\xa0KB (100,000 bytes) "
        "that may be uploaded at once. Send it in parts."
    ]
    assert not Upload.objects.exists()
    assert not list(tmp_path.rglob("uploads/**/*.*"))


def test_a_large_file_is_never_held_in_memory(inbox, monkeypatch):
    """What Django hands on is a file on disk, and the service reads it in chunks."""
    from django.core.files.uploadedfile import TemporaryUploadedFile

    from syncs.services import unanswered, uploads

    seen = []
    store = uploads.stored_upload

    def watched(account, user, content, **values):
        seen.append(type(content))
        return store(account, user, content, **values)

    monkeypatch.setattr(unanswered, "stored_upload", watched)
    inbox.post("/upload/", {"file": io.BytesIO(b"erpKey\n" * 600_000)})
    assert seen == [TemporaryUploadedFile]
    assert Upload.objects.get().size == 4_200_000


def test_a_strangers_file_is_not_stored_while_the_form_is_searched_for_its_token(monkeypatch, db):
    from django.core.files.uploadhandler import MemoryFileUploadHandler, TemporaryFileUploadHandler

    kept = []
    for handler in (MemoryFileUploadHandler, TemporaryFileUploadHandler):
        monkeypatch.setattr(handler, "receive_data_chunk", lambda self, data, start: kept.append(data))
    client = Client(enforce_csrf_checks=True)
    client.get("/sign-in/")
    assert client.post("/upload/", {"file": csv()}).status_code == 403
    assert kept == []


def begin_in_parts(browser, content, name="companies.csv", **headers):
    """A file begun by the page's script; its address."""
    metadata = f"filename {base64.b64encode(name.encode()).decode()}"
    answer = browser.post(
        "/upload/parts/", headers={"Upload-Length": str(len(content)), "Upload-Metadata": metadata, **headers}
    )
    assert answer.status_code == 201
    return answer.headers["Location"]


def add_part(browser, place, offset, part, **headers):
    return browser.patch(
        place, part, content_type="application/offset+octet-stream",
        headers={"Upload-Offset": str(offset), **headers},
    )  # fmt: skip


PARTS = b"erpKey,companyName\nC7,In parts\n"


def test_a_file_in_parts_goes_where_an_ordinary_one_goes(inbox, enrollment):
    place = begin_in_parts(inbox, PARTS)
    assert add_part(inbox, place, 0, PARTS[:9]).status_code == 204
    assert inbox.head(place).headers["Upload-Offset"] == "9"
    assert add_part(inbox, place, 9, PARTS[9:]).status_code == 204
    answer = inbox.post("/upload/", {"parts": place.split("/")[-2], "enrollment": enrollment.pk, "full": "on"})
    sync = SyncRequest.objects.get()
    assert answer.url == f"/syncs/{sync.pk}/"
    assert (sync.app_enrollment, sync.run_full_sync, sync.upload.file_name) == (enrollment, True, "companies.csv")
    assert sync.upload.content.read() == PARTS
    assert not ResumableUpload.objects.exists()


def test_a_file_of_which_a_part_is_missing_is_not_taken(inbox):
    place = begin_in_parts(inbox, PARTS)
    add_part(inbox, place, 0, PARTS[:9])
    page = inbox.post("/upload/", {"parts": place.split("/")[-2]}).text
    assert "Not all of the file has arrived. Choose it again, then upload it." in page
    assert not SyncRequest.objects.exists()
    assert ResumableUpload.objects.get().received == 9


def test_parts_of_another_account_are_not_taken(inbox, client):
    other = Client()
    other.force_login(member(Role.OWNER)[0].user)
    place = begin_in_parts(other, PARTS)
    add_part(other, place, 0, PARTS)
    assert "Not all of the file has arrived." in inbox.post("/upload/", {"parts": place.split("/")[-2]}).text
    assert not SyncRequest.objects.exists()


def test_parts_need_the_token_of_the_form(membership):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(membership.user)
    headers = {"Upload-Length": "3"}
    assert browser.post("/upload/parts/", headers=headers).status_code == 403
    browser.get("/upload/")
    token = browser.cookies["csrftoken"].value
    place = browser.post("/upload/parts/", headers={**headers, "X-CSRFToken": token}).headers["Location"]
    assert add_part(browser, place, 0, b"abc").status_code == 403
    assert add_part(browser, place, 0, b"abc", **{"X-CSRFToken": token}).status_code == 204
