"""Uploads: the file of every SDK, as it sends it."""

import io
import zipfile

import pytest

from adsplatform.accounts.models import Role
from syncs.models import SyncRequest, Upload
from tests.callers import Program
from tests.factories import SyncRequestFactory

pytestmark = pytest.mark.django_db


def zip_of(**files):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"{name}.csv", text)
    return packed.getvalue()


ZIP = zip_of(companies="erpKey,companyName\nC1,Acme\n")


def form(content=ZIP, name="books.zip", boundary="b0unda7y"):
    return (
        (
            f"--{boundary}\r\n"
            f'Content-Disposition: form-data; name="file"; filename="{name}"\r\n'
            "Content-Type: application/zip\r\n\r\n"
        ).encode()
        + content
        + f"\r\n--{boundary}--\r\n".encode()
    )


FORM = "multipart/form-data; boundary=b0unda7y"


def stored():
    with Upload.objects.get().content.open() as file:
        return file.read()


def test_an_upload_is_stored_and_queued(program):
    answer = program.send("POST", "Sync/zip", form(), FORM)
    sync_request = SyncRequest.objects.get()
    assert answer.status_code == 200
    assert (answer.json()["statusCode"], sync_request.status_code) == ("Ready", "Connector")
    assert sync_request.connector == "file-upload"
    assert sync_request.upload.file_name == "books.zip"
    assert stored() == ZIP
    assert sync_request.app_enrollment.is_uploads
    assert answer.json()["appEnrollmentId"] == str(sync_request.app_enrollment_id)


def test_a_file_name_loses_what_no_text_can_hold(program):
    assert program.send("POST", "Sync/zip", form(name="a\0\tb.zip"), FORM).status_code == 200
    named = form().replace(b'filename="books.zip"', b"filename*=utf-8''c%00.zip")
    assert program.send("POST", "Sync/zip", named, FORM).status_code == 200
    assert {upload.file_name for upload in Upload.objects.all()} == {"a__b.zip", "c_.zip"}


def test_a_file_name_has_no_character_that_hides_its_ending(program):
    assert program.send("POST", "Sync/zip", form(name="a\u202epiz\x85\u200b.zip"), FORM).status_code == 200
    assert Upload.objects.get().file_name == "apiz_.zip"


def test_the_query_says_where_it_goes_and_which_part_it_is(program, enrollment):
    query = f"appEnrollmentId={enrollment.pk}&isFullSync=True&totalBatches=2"
    first = program.send("POST", "Sync/zip", form(), FORM, query).json()
    query += f"&currentBatch=2&parentSyncRequestId={first['syncRequestId']}"
    second = program.send("POST", "Sync/zip", form(), FORM, query).json()
    assert first["appEnrollmentId"] == second["appEnrollmentId"] == str(enrollment.pk)
    assert (second["currentBatch"], second["totalBatches"], second["runFullSync"]) == (2, 2, True)
    assert second["parentSyncRequestId"] == first["syncRequestId"]


def test_only_an_owner_or_admin_may_say_that_lines_may_delete(program):
    assert "deleteOnMatch" not in program.send("POST", "Sync/zip", form(), FORM).json()
    for role in (Role.OWNER, Role.ADMIN):
        asked = Program(role, program.account).send("POST", "Sync/zip", form(), FORM, "deleteOnMatch=true")
        assert asked.json()["deleteOnMatch"] is True
    refused = Program(Role.MEMBER, program.account).send("POST", "Sync/zip", form(), FORM, "deleteOnMatch=true")
    assert refused.status_code == 403
    assert refused.json()["detail"] == (
        "That the lines of a file may delete records (deleteOnMatch) needs the role Group Owner or Group Admin; yours "
        "is Member."
    )
    assert SyncRequest.objects.filter(delete_on_match=True).count() == 2


@pytest.mark.parametrize("text", ["true", "True", "TRUE", "tRuE", "1"])
def test_a_boolean_is_read_in_any_case(program, text):
    answer = program.send("POST", "Sync/zip", form(), FORM, f"isFullSync={text}")
    assert answer.json()["runFullSync"] is True


def test_a_file_that_is_no_zip_is_taken_and_fails_later(program):
    answer = program.send("POST", "Sync/zip", form(b"nonsense"), FORM)
    assert (answer.status_code, answer.json()["statusCode"]) == (200, "Ready")


@pytest.mark.parametrize(
    ("body", "content_type", "status", "detail"),
    [
        (b"", "", 400, "There is no file in this request. "),
        (b"", "application/*+json", 400, "There is no file in this request. "),
        (b"", FORM, 400, "There is no file in this request. "),
        (b"{}", "application/json", 415, "No file is found in a body of type “application/json”. "),
        (form()[:-10], FORM, 400, "The upload is no complete multipart body: "),
        (form(b""), FORM, 400, "The file “books.zip” is empty. "),
    ],
)
def test_a_request_without_a_usable_file_is_refused(program, body, content_type, status, detail):
    answer = program.send("POST", "Sync/zip", body, content_type)
    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert answer.json()["detail"].startswith(detail)
    assert not SyncRequest.objects.exists()
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ("appEnrollmentId=abc", {"appEnrollmentId": ["appEnrollmentId: Must be a valid UUID."]}),
        ("isFullSync=perhaps", {"isFullSync": ["isFullSync: Must be a valid boolean."]}),
        ("currentBatch=one", {"currentBatch": ["currentBatch: A valid integer is required."]}),
        (
            "currentBatch=2&totalBatches=2",
            {"parentSyncRequestId": ["Part 2 of 2 must name the request of part 1 as its parent."]},
        ),
        (
            "currentBatch=99999999999",
            {"currentBatch": ["currentBatch: Ensure this value is less than or equal to 2147483647."]},
        ),
    ],
)
def test_a_parameter_that_makes_no_sense_is_refused(program, query, errors):
    answer = program.send("POST", "Sync/zip", form(), FORM, query)
    assert (answer.status_code, answer.json()["errors"]) == (400, errors)
    assert not Upload.objects.exists()


def test_a_file_that_is_too_large_is_413(program, settings):
    settings.UPLOAD_MAX_BYTES = len(ZIP) - 1
    answer = program.send("POST", "Sync/zip", form(), FORM)
    assert answer.status_code == 413
    assert answer.json()["errors"] == {
        "file": [f"The file is larger than the {len(ZIP) - 1:,} bytes that may be uploaded at once. Send it in parts."]
    }
    settings.UPLOAD_MAX_BYTES = len(ZIP)
    assert program.send("POST", "Sync/zip", form(), FORM).status_code == 200


def test_a_strangers_enrollment_or_parent_is_a_400_that_gives_nothing_away(program, foreign_enrollment):
    foreign = SyncRequestFactory(app_enrollment=foreign_enrollment)
    for name, id, noun in (
        ("appEnrollmentId", foreign_enrollment.pk, "enrollment"),
        ("parentSyncRequestId", foreign.pk, "sync"),
    ):
        answer = program.send("POST", "Sync/zip", form(), FORM, f"{name}={id}")
        assert answer.status_code == 400
        assert answer.json()["errors"] == {name: [f"There is no {noun} with the id “{id}”."]}
    assert not Upload.objects.exists()
