"""Batches of records: large, lenient, and stored as they came."""

import json
import uuid

import pytest

from adsplatform.records.models import Company
from syncs.models import SyncRequest, Upload
from tests.factories import SyncRequestFactory
from tests.loading.uploading import Uploads

pytestmark = pytest.mark.django_db

BATCH = {"companies": [{"erpKey": "C1", "companyName": "Größe & Co"}], "invoices": None}


def stored():
    upload = Upload.objects.get()
    with upload.content.open() as file:
        return file.read()


def test_a_batch_is_stored_and_queued(program):
    answer = program.post("Sync/batch", BATCH)
    sync_request = SyncRequest.objects.get()
    assert answer.status_code == 200
    assert (answer.json()["statusCode"], sync_request.status_code) == ("Ready", "Connector")
    assert sync_request.connector == "json-batch"
    assert (sync_request.upload.file_name, sync_request.upload.format) == ("batch.json", "batch")
    assert json.loads(stored()) == BATCH
    assert sync_request.app_enrollment.is_uploads


def test_a_batch_says_where_it_goes_and_which_part_it_is(program, enrollment):
    first = program.post(
        "Sync/batch",
        {**BATCH, "AppEnrollmentId": str(enrollment.pk), "IsFullSync": True, "TotalBatches": 2},
    ).json()
    second = program.post(
        "Sync/batch",
        {
            **BATCH,
            "appEnrollmentId": str(enrollment.pk),
            "isFullSync": True,
            "currentBatch": 2,
            "totalBatches": 2,
            "parentSyncRequestId": first["syncRequestId"],
        },
    ).json()
    assert first["appEnrollmentId"] == second["appEnrollmentId"] == str(enrollment.pk)
    assert second["parentSyncRequestId"] == first["syncRequestId"]
    assert (second["currentBatch"], second["totalBatches"], second["runFullSync"]) == (2, 2, True)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (json.dumps(BATCH, ensure_ascii=False).encode(), "application/json; charset=utf-8"),
        (b"\xef\xbb\xbf" + json.dumps(BATCH).encode(), "application/json"),
        (json.dumps([BATCH]).encode(), "application/*+json"),
        (b" \r\n [ " + json.dumps(BATCH).encode() + b" ]\n", "application/*+json"),
        (json.dumps(BATCH, ensure_ascii=False).encode("latin-1"), "text/plain; charset=ISO-8859-1"),
        (json.dumps(BATCH).encode(), ""),
    ],
)
@pytest.mark.parametrize("chunked", [False, True])
def test_a_batch_is_stored_as_utf_8_however_it_came(program, body, content_type, chunked):
    send = program.send_chunked if chunked else lambda *args: program.send("POST", *args)
    assert send("Sync/batch", body, content_type).status_code == 200
    assert json.loads(stored().decode()) == BATCH


def test_a_batch_is_not_held_to_the_limit_of_other_bodies(program, settings):
    settings.BODY_MAX_BYTES = 1000
    batch = {"companies": [{"erpKey": f"C{number}"} for number in range(1000)]}
    assert program.post("Sync/batch", batch).status_code == 200


def test_a_batch_that_is_too_large_is_413(program, settings):
    settings.BATCH_MAX_BYTES = 100
    answer = program.post("Sync/batch", {"companies": [{"erpKey": "C" * 100}]})
    assert answer.status_code == 413
    assert answer.json()["detail"] == (
        "The body is larger than the 100 bytes that may be sent at once. Send it in parts."
    )
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    "body", [{}, {"companies": None}, {"isFullSync": True}, {"appEnrollmentId": None, "companies": {}}, None]
)
def test_a_batch_without_any_list_of_records_is_refused(program, body):
    answer = program.post("Sync/batch", body)
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("The batch holds no records.")
    assert not Upload.objects.exists()


def test_an_empty_list_is_a_list(program):
    assert program.post("Sync/batch", {"companies": []}).status_code == 200


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (
            b'{"companies": [{"erpKey": "C1"},\n {"erpKey": "\xc3\xa9", "city": }]}',
            "The body is not valid JSON at line 2, column 26, in record 2 of “companies”, near “}]}” (invalid "
            "character). Correct it, then send it again.",
        ),
        (
            b'[{"isFullSync": true, "companies": [{"a": {"b": [1, 2]}}, {"a": "],[", "b": 01}]}]',
            "The body is not valid JSON at line 1, column 78, in record 2 of “companies”, near “1}]}]” (invalid "
            "number). ",
        ),
        (b'{"companies": [], "isFullSync": maybe}', "The body is not valid JSON at line 1, column 33, near “maybe}” ("),
        (
            b'{"companies": [{]}',
            "The body is not valid JSON at line 1, column 17, in record 1 of “companies”, near “]}” (",
        ),
        (b'{"companies": [{}, ', "The body is not valid JSON: it ends in record 2 of “companies”. Send all of it."),
        (b'"text"', "The body is no JSON object: "),
        (b"[]", "One object is expected, not a list of none or of more."),
        (b"[{}, {}]", "One object is expected, not a list of none or of more."),
        (b"   ", "The body is not valid JSON: it ends too early. Send all of it."),
        (b'{"companies": ["\xff"]}', "The body is not valid UTF-8: see the byte at position 17."),
        (b'{"companies": [], "isFullSync": "perhaps"}', "isFullSync: Must be a valid boolean."),
        (b'{"companies": [], "currentBatch": 0}', "Part 0 of 1 cannot be"),
        (b'{"companies": [], "currentBatch": 1e400}', "currentBatch: A valid integer is required."),
        (
            b'{"companies": [], "totalBatches": ' + b"9" * 5000 + b"}",
            "The body is no valid JSON: a number has 5,000 digits, more than 1,000.",
        ),
        (b'{"companies": ' + b"[" * 200_000, "The body is no valid JSON: it is nested too deeply."),
        (b"[" * 200_000, "One object is expected, not a list of none or of more."),
    ],
)
def test_a_batch_that_cannot_be_read_is_refused(program, body, detail):
    answer = program.send("POST", "Sync/batch", body, "application/json")
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith(detail)
    assert not Upload.objects.exists()


@pytest.mark.parametrize("half", ["\\ud83d", "\\ude00", "\\ud83d\\ud83d\\ude00", "\\uD83Dxx", "\\\\\\ud83d"])
@pytest.mark.parametrize("form", ["%s", "[%s]", " [ %s ] "])
def test_half_a_character_rejects_its_record_alone(program, half, form):
    record = '{"erpKey": "%s", "companyName": "%s", "companyType": "Customer", "isActive": true}'
    records = [record % ("C1", "whole \\ud83d\\ude00"), record % ("C2", half), record % ("C3", "\\\\ud83d")]
    body = form % f'{{"companies": [{", ".join(records)}]}}'
    answer = program.send("POST", "Sync/batch", body.encode(), "application/json")
    assert answer.status_code == 200
    loaded = Uploads().run(SyncRequest.objects.get())
    assert list(Company.objects.order_by("erp_key").values_list("erp_key", "company_name")) == [
        ("C1", "whole 😀"),
        ("C3", "\\ud83d"),
    ]
    (problem,) = loaded.details.all()
    assert (problem.line, problem.column, problem.code) == (2, "companyName", "bad_encoding")
    assert "holds half a character" in problem.message


def test_another_media_type_is_415(program):
    assert program.send("POST", "Sync/batch", b"<a/>", "application/xml").status_code == 415


def test_a_strangers_enrollment_or_parent_is_a_400_that_gives_nothing_away(program, foreign_enrollment):
    foreign = SyncRequestFactory(app_enrollment=foreign_enrollment)
    for member, id, noun in (
        ("appEnrollmentId", foreign_enrollment.pk, "enrollment"),
        ("appEnrollmentId", uuid.UUID(int=7), "enrollment"),
        ("parentSyncRequestId", foreign.pk, "sync"),
    ):
        answer = program.post("Sync/batch", {**BATCH, member: str(id)})
        assert answer.status_code == 400
        assert answer.json()["errors"] == {member: [f"There is no {noun} with the id “{id}”."]}
    assert not Upload.objects.exists()


def test_a_refused_batch_leaves_no_file_behind(program, enrollment, settings):
    type(enrollment).objects.update(is_active=False)
    answer = program.post("Sync/batch", {**BATCH, "appEnrollmentId": str(enrollment.pk)})
    assert answer.status_code == 400
    assert not Upload.objects.exists()
    from pathlib import Path

    folder = Path(settings.STORAGES["default"]["OPTIONS"]["location"])
    assert [path for path in folder.rglob("*") if path.is_file()] == []
