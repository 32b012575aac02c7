"""Bodies made to exhaust the web server: refused while they are read, in little memory, and counted before that."""

import json

import pytest

from adsplatform.rest.json_limits import MemberCount
from syncs.models import Upload
from tests.callers import Program, anonymous
from tests.security.test_hostile_uploads import MEGABYTE, measured_memory

pytestmark = pytest.mark.django_db
SIZE = 60 * MEGABYTE
NOT_ONE = "One object is expected, not a list of none or of more."
MANY_MEMBERS = "The object has more than 1,000 members. Send lists of records."


@pytest.fixture
def program(db):
    return Program()


@pytest.mark.parametrize(
    ("first", "repeated", "last", "detail"),
    [
        ("[", "0,", "0]", NOT_ONE),
        ("[", "[],", "{}]", NOT_ONE),
        ('[{"companies": []}', ', {"a": [0]}', "]", NOT_ONE),
        ("{", '"a":0,', '"b":0}', MANY_MEMBERS),
        ('[{"companies": [', '{"a":0},', '{}], "x": []' + ', "y": {"z": 0}' * 1_000 + "}]", MANY_MEMBERS),
        ('{"companies": ', "[", "", "The body is no valid JSON: it is nested too deeply."),
    ],
)
def test_a_batch_that_is_no_object_with_lists_is_refused_in_little_memory(program, first, repeated, last, detail):
    body = (first + repeated * (SIZE // len(repeated)) + last).encode()
    with measured_memory() as measured:
        answer = program.send("POST", "Sync/batch", body, "application/json")
    assert (answer.status_code, answer.json()["detail"]) == (400, detail)
    # Twice the body is in the test client.
    assert measured.peak < 2 * SIZE + 70 * MEGABYTE
    assert not Upload.objects.exists()


def test_pieces_are_counted_wherever_they_are_cut():
    records = [{"text\\": '"{[,\\"', "n": {"of": [1, 2]}, "quote": '\\\\"'}] * 3
    body = json.dumps({"a": records, "b": records, **{str(number): [] for number in range(50)}}).encode()
    for size in (1, 7, 64, len(body)):
        count = MemberCount()
        for start in range(0, len(body), size):
            count.add(body[start : start + size])
        assert count.members == 52


def test_members_of_any_name_are_read_as_before(program):
    batch = {"cOmPaNiEs": [{"erpKey": "C1"}], "isfullsync": "true", "Whatever": None}
    assert program.post("Sync/batch", batch).json()["runFullSync"] is True


def test_a_batch_has_a_limited_number_of_records(program, settings):
    settings.BATCH_MAX_RECORDS = 5
    records = [{"erpKey": f"C{number}", "name": "{, {", "customFieldValues": [{}, {}]} for number in range(3)]
    batch = {"companies": records, "contacts": [{"erpKey": "P1"}] * 2, "invoices": []}
    assert program.post("Sync/batch", batch).status_code == 200
    answer = program.post("Sync/batch", batch | {"invoices": [{"erpKey": "I1"}]})
    assert (answer.status_code, answer.json()["title"]) == (413, "Too large.")
    assert answer.json()["detail"] == "The batch has more than 5 records. Send several batches, or a ZIP of files."
    assert Upload.objects.count() == 1


def test_a_body_of_many_megabytes_is_no_sign_in(settings):
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": {"sign-in-many": "2/min"}}
    body = b"[" + b"[]," * 3_300_000
    with measured_memory() as measured:
        answers = [anonymous().post("/api/v1/sign-in", body, content_type="application/json") for _ in range(3)]
    # The last one is not even looked at: each try counts, whatever its body is.
    assert [answer.status_code for answer in answers] == [413, 413, 429]
    assert answers[0].json()["detail"] == (
        "The body is larger than the 16,384 bytes that may be sent at once. Send less at once."
    )
    assert measured.peak < 3 * len(body)


def test_a_document_may_be_larger_than_other_bodies(program):
    long = [{"appId": "0" * 30_000}]
    assert program.post("AppEnrollments", long).status_code == 400
    assert program.post("ApiKeys", {"name": "m" * 30_000}).status_code == 413
