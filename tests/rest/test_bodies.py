"""JSON bodies under every name, in every case and wrapping the SDKs use."""

import io
import json

import pytest

from adsplatform.rest.bodies import CHUNK
from adsplatform.rest.json_limits import NOT_ONE_OBJECT
from tests.callers import Program
from tests.factories import AppEnrollmentFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def program():
    return Program()


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        "APPLICATION/JSON",
        "text/json",
        "text/plain; charset=ISO-8859-1",
        "text/plain",
        "application/*+json",
        "application/vnd.example+json",
        "",
    ],
)
def test_json_is_json_whatever_it_is_called(program, content_type):
    answer = program.send("POST", "ApiKeys", b'{"name": "mine"}', content_type)
    assert (answer.status_code, answer.json()["name"]) == (201, "mine")


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ('{"name": "Größe"}'.encode(), "application/json"),
        (b"\xef\xbb\xbf" + '{"name": "Größe"}'.encode(), "application/json; charset=utf-8"),
        ('{"name": "Größe"}'.encode("latin-1"), "text/plain; charset=ISO-8859-1"),
        ('{"name": "Größe"}'.encode("cp1252"), "text/plain; charset=windows-1252"),
        ('{"name": "Größe"}'.encode("utf-16"), 'application/json; charset="utf-16"'),
        (b'{"name": "Gr\\u00f6\\u00dfe"}', "application/json; charset=us-ascii"),
    ],
)
def test_a_body_is_decoded_by_its_declared_charset(program, body, content_type):
    assert program.send("POST", "ApiKeys", body, content_type).json()["name"] == "Größe"


@pytest.mark.parametrize(
    "body",
    [
        {"name": "mine"},
        {"Name": "mine"},
        {"NAME": "mine", "expires": None},
        [{"name": "mine"}],
        [{"apiKeyId": None, "groupKey": None, "Name": "mine", "unknown": [1, {"a": None}]}],
    ],
)
def test_members_come_in_any_case_and_an_object_may_stand_in_a_list(program, body):
    assert program.post("ApiKeys", body).json()["name"] == "mine"


def test_a_null_counts_as_absent(program):
    enrollment = AppEnrollmentFactory(group_key=program.account)
    answer = program.post("Sync", {"appEnrollmentId": str(enrollment.pk), "runFullSync": None})
    assert answer.json()["runFullSync"] is False


@pytest.mark.parametrize(
    ("body", "content_type", "status", "detail"),
    [
        (
            b"<a/>",
            "text/xml",
            415,
            "A body of type “text/xml” is not understood. Send JSON, as application/json.",
        ),
        (
            b"name=mine",
            "application/x-www-form-urlencoded",
            415,
            "A body of type “application/x-www-form-urlencoded” is not understood. Send JSON, as application/json.",
        ),
        (
            b"{}",
            "text/plain; charset=klingon",
            415,
            "No character set is called “klingon”. Send the body as UTF-8.",
        ),
        (
            b"{}",
            "text/plain; charset=base64",
            415,
            "No character set is called “base64”. Send the body as UTF-8.",
        ),
        (
            b'{"name":\n  oops}',
            "application/json",
            400,
            "The body is no valid JSON: Expecting value at line 2, column 3.",
        ),
        (b'{"name": NaN}', "application/json", 400, "The body is no valid JSON: NaN is no number."),
        (b"[" * 10_000, "application/json", 400, "The body is no valid JSON: it is nested too deeply."),
        (
            b'{"name": ' + b"7" * 5000 + b"}",
            "application/json",
            400,
            "The body is no valid JSON: a number has 5,000 digits, more than 1,000.",
        ),
        (
            b'{"name": "Gr\xf6\xdfe"}',
            "application/json",
            400,
            "The body is not valid UTF-8: see the byte at position 13.",
        ),
        (b"[]", "application/json", 400, "$: An object with named members is expected here."),
        (b'["a"]', "application/json", 400, "$: An object with named members is expected here."),
        (b"null", "application/json", 400, "name: This is missing."),
        (b"7", "application/json", 400, "$: An object with named members is expected here."),
        (b"", "application/xml", 400, "name: This is missing."),
        (b'{"name": null}', "application/json", 400, "name: This is missing."),
        (b'{"name": ""}', "application/json", 400, "name: This must not be empty."),
        (b'{"name": {"a": 1}}', "application/json", 400, "name: Not a valid string."),
        (b'{"name": "a\\u0000b"}', "application/json", 400, "name: Null characters are not allowed."),
        (
            b'{"name": "\\ud800"}',
            "application/json",
            400,
            "name: Surrogate characters are not allowed: U+D800.",
        ),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_with_the_reason(program, body, content_type, status, detail):
    answer = program.send("POST", "ApiKeys", body, content_type)
    assert (answer.status_code, answer.json()["detail"]) == (status, detail)


def test_a_chunked_body_without_content_length_is_read(program):
    answer = program.send_chunked("ApiKeys", b'{"name": "mine"}', "application/json")
    assert answer.json()["name"] == "mine"


def test_a_body_that_is_too_large_is_refused_before_it_is_read(program, settings):
    settings.BODY_MAX_BYTES = 50
    answer = program.post("ApiKeys", {"name": "m" * 60})
    assert (answer.status_code, answer.json()["title"]) == (413, "Too large.")
    assert answer.json()["detail"] == (
        "The body is larger than the 50 bytes that may be sent at once. Send less at once."
    )


def test_a_declared_length_beyond_all_numbers_is_too_large(program):
    answer = program.client.generic(
        "POST", "/api/v1/ApiKeys", b"{}", headers=program.headers, CONTENT_LENGTH="9" * 5000
    )
    assert answer.status_code == 413


def test_a_chunked_body_that_is_too_large_is_cut_off(program, settings):
    settings.BODY_MAX_BYTES = 50
    body = json.dumps({"name": "m" * 60}).encode()
    assert program.send_chunked("ApiKeys", body, "application/json").status_code == 413


def test_a_body_that_breaks_off_is_refused(program):
    answer = program.client.generic(
        "POST", "/api/v1/ApiKeys", b'{"name": "mine"}', headers=program.headers, CONTENT_LENGTH="400"
    )
    assert answer.status_code == 400
    assert "The body broke off after " in answer.json()["detail"]


@pytest.mark.parametrize("beginning", ["[0", "\ufeff [ \n1", '["a"', "[[", "[null"])
def test_a_list_of_anything_but_objects_is_not_read_to_its_end(program, beginning):
    body = io.BytesIO(beginning.encode() + b"," + b"0," * (4 * CHUNK))
    answer = program.send_chunked("Sync/batch", body, "application/json")
    assert (answer.status_code, answer.json()["detail"]) == (400, NOT_ONE_OBJECT)
    assert body.tell() < 2 * CHUNK
