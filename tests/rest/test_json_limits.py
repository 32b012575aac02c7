"""Bodies made to exhaust the web server: refused while they are read, in little memory, and counted before that."""

import json
import time

import pytest

from adsplatform.rest.json_limits import MOST_MEMBERS, BatchLimits
from syncs.models import Upload
from tests.callers import Program, anonymous
from tests.security.test_hostile_uploads import MEGABYTE, measured_memory

pytestmark = pytest.mark.django_db
SIZE = 60 * MEGABYTE
NOT_OBJECTS = "More than 1,000 elements of the lists are no objects. Send a list of records, each an object like "


@pytest.fixture
def program(db):
    return Program()


@pytest.mark.parametrize(
    ("first", "repeated", "status", "detail"),
    [
        ("[", "0,", 400, "One object is expected, not a list of none or of more."),
        ("[", "[],", 400, "One object is expected, not a list of none or of more."),
        ('{"companies": [', "0,", 400, NOT_OBJECTS),
        ('[{"companies": [{}, ', "[],", 400, NOT_OBJECTS),
        ("{", '"a":0,', 400, "The object has more than 1,000 members. Send lists of records."),
        ("{", '"a\\\\\\"":[{"b":1}],', 400, "The object has more than 1,000 members. Send lists of records."),
        ('{"companies": ', "[", 400, "The body is no valid JSON: it is nested too deeply."),
        (
            '{"companies": [',
            "{},",
            413,
            "The batch has more than 1,000,000 records, the most that may be sent at once. ",
        ),
    ],
)
def test_a_batch_that_is_no_list_of_records_is_refused_while_it_is_read(
    program, settings, first, repeated, status, detail
):
    settings.BATCH_MAX_RECORDS = 1_000_000
    body = (first + repeated * (SIZE // len(repeated))).encode()
    began = time.thread_time()
    with measured_memory() as measured:
        answer = program.send("POST", "Sync/batch", body, "application/json")
    assert (answer.status_code, answer.json()["detail"][: len(detail)]) == (status, detail)
    # Twice the body is in the test client.
    assert measured.peak < 2 * SIZE + 40 * MEGABYTE
    assert time.thread_time() - began < 3
    assert not Upload.objects.exists()


def test_pieces_are_counted_wherever_they_are_cut():
    records = [{"text\\": '"{[,\\"', "n": {"of": [1, 2]}, "quote": '\\\\"'}] * 3
    body = json.dumps(
        [{"a": records, "b": records, **{str(number): [] for number in range(MOST_MEMBERS - 2)}}]
    ).encode()
    for size in (1, 7, 64, len(body)):
        limits = BatchLimits()
        for start in range(0, len(body), size):
            limits.add(body[start : start + size])
        assert (limits._depth, limits._is_in_text, limits._members, limits._objects) == (0, False, MOST_MEMBERS - 1, 6)


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
