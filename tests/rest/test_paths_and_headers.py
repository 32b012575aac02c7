"""Paths in any spelling, and the headers of every answer."""

import pytest

from tests.callers import Program, anonymous

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/Sync/query",
        "/api/V1/sync/QUERY",
        "/API/v1/Sync/query/",
        "//api/v1/Sync/query",
        "/api//v1/Sync//query//",
        "///api/v1/Sync/query///",
    ],
)
def test_a_path_is_read_in_any_case_with_any_slashes(path):
    # An absolute address, or the test client would take // for the host's name.
    answer = Program().get(f"http://testserver{path}")
    assert (answer.status_code, answer.json()["records"]) == (200, [])


def test_an_id_is_read_in_any_case():
    program = Program()
    key = program.post("ApiKeys", {"name": "mine"}).json()
    assert program.get(f"ApiKeys/{key['apiKeyId'].upper()}").json()["apiKeyId"] == key["apiKeyId"]


@pytest.mark.parametrize("path", ["/api/v1/Status", "/api/v1/Sync/query", "/api/v1/nothing", "/api", "/API//v2"])
def test_every_answer_carries_the_headers_the_sdks_read(path):
    answer = anonymous().get(path)
    assert answer.headers["Server-Duration"].isdecimal()
    assert answer.headers["ServerDuration"] == answer.headers["Server-Duration"]
    assert answer.headers["Api-Supported-Versions"] == "1.0"
    assert answer.headers["Cache-Control"] == "no-store, no-cache"


def test_other_pages_are_left_alone():
    answer = anonymous().get("http://testserver//Admin/Login/")
    assert answer.status_code == 404
    assert "Server-Duration" not in answer.headers


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/v1", "/api/v1/", "/api/v2/Sync/query", "/api/v1/Nothing"])
@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_an_unknown_path_is_a_problem_document_and_never_a_redirect(path, method):
    answer = getattr(anonymous(), method)(path)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json; charset=utf-8"
    assert answer.json()["detail"].startswith("There is nothing at /api")


def test_a_page_that_is_not_the_apis_is_no_problem_document():
    answer = anonymous().get("/no-such-page")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")


def test_accept_is_ignored():
    program = Program()
    answer = program.send("GET", "Sync/query", headers={**program.headers, "Accept": "text/html, image/png"})
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize("charset", ["ISO-8859-1", "utf-16", "hex", "undefined", "klingon"])
def test_the_charset_of_the_body_is_not_that_of_the_address(charset):
    answer = Program().send("GET", "Sync/query", b"", f"text/plain; charset={charset}", "include=Gr%C3%B6%C3%9Fe")
    assert answer.json()["detail"] == "Nothing called “Größe” can be included. Known names: Details."
