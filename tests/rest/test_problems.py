"""One shape for everything that can go wrong."""

import logging

import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404

from adsplatform.errors import Conflict, DependencyFailed, NotAllowed, NotFound, PlatformError, TooLarge
from syncs.services import requests
from tests.callers import Program, anonymous
from tests.factories import SyncRequestFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def program():
    return Program()


def test_a_problem_says_what_where_and_which_call(program):
    answer = program.get("Sync/query", query="pageSize=0")
    problem = answer.json()
    assert answer.status_code == 400
    assert len(problem.pop("traceId")) == 32
    assert problem == {
        "type": "https://www.rfc-editor.org/rfc/rfc9110#section-15.5.1",
        "title": "The query could not be understood.",
        "status": 400,
        "detail": "“0” is no pageSize: it is a whole number from 1 to 500.",
        "instance": "/api/v1/sync/query",
        "errors": {"pageSize": ["“0” is no pageSize: it is a whole number from 1 to 500."]},
    }


@pytest.mark.parametrize(
    ("error", "status", "title", "detail"),
    [
        (PlatformError("No."), 400, "The request could not be carried out.", "No."),
        (NotFound("No."), 404, "Not found.", "No."),
        (NotAllowed("No."), 403, "Not allowed.", "No."),
        (Conflict("No."), 409, "Conflict.", "No."),
        (TooLarge("No."), 413, "Too large.", "No."),
        (DependencyFailed("No."), 424, "The connected system refused.", "No."),
        (
            Http404("SyncRequest matching query does not exist"),
            404,
            "Not Found",
            "There is no such thing here.",
        ),
        (PermissionDenied("secret"), 403, "Forbidden", "You may not do this."),
        (
            RequestDataTooBig("settings.X"),
            413,
            "Request Entity Too Large",
            "The body is larger than what may be sent at once.",
        ),
        (SuspiciousOperation("secret"), 400, "Bad Request", "The request is not understood."),
    ],
)
def test_every_error_is_reported_without_class_names(program, monkeypatch, error, status, title, detail):
    sync_request = SyncRequestFactory(app_enrollment__group_key=program.account)

    def refuse(*args):
        raise error

    monkeypatch.setattr(requests, "cancel_sync", refuse)
    answer = program.delete(f"Sync/{sync_request.pk}")
    problem = answer.json()
    assert answer.status_code == problem["status"] == status
    assert (problem["title"], problem["detail"]) == (title, detail)
    assert answer.headers["Content-Type"] == "application/problem+json; charset=utf-8"


def test_an_internal_error_is_reported_and_logged_with_its_trace_id(program, monkeypatch, caplog):
    sync_request = SyncRequestFactory(app_enrollment__group_key=program.account)

    def fail(*args):
        raise OperationalError("password of the database")

    monkeypatch.setattr(requests, "cancel_sync", fail)
    with caplog.at_level(logging.ERROR):
        answer = program.delete(f"Sync/{sync_request.pk}")
    problem = answer.json()
    assert (answer.status_code, problem["title"]) == (500, "Internal Server Error")
    assert problem["detail"] == "Something went wrong on our side. Nothing was changed."
    assert "password" not in answer.content.decode()
    record = next(record for record in caplog.records if record.name == "adsplatform.rest.problems")
    assert problem["traceId"] in record.getMessage()
    assert "password of the database" in str(record.exc_info[1])


def test_a_failure_outside_of_the_views_is_a_problem_document_too(program, monkeypatch, caplog):
    from django.contrib.sessions.middleware import SessionMiddleware

    def fail(self, request):
        raise OperationalError("secret")

    monkeypatch.setattr(SessionMiddleware, "process_request", fail)
    problem = program.get("Sync/query").json()
    assert problem["detail"] == "Something went wrong on our side. Nothing was changed."
    assert any(problem["traceId"] in record.getMessage() for record in caplog.records)


def test_an_unknown_host_is_a_problem_document(settings):
    settings.ALLOWED_HOSTS = ["ads.example.com"]
    answer = anonymous().get("/api/v1/Sync/query", headers={"Host": "evil.example.com"})
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json; charset=utf-8"
    assert answer.json()["detail"] == (
        "The request is not understood: its host, its headers or its form are not right."
    )


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "Applications/", "POST"),
        ("GET", "Sync", "POST"),
        ("GET", "Sync/batch", "POST"),
        ("GET", "AppEnrollments", "POST"),
        ("DELETE", "Sync/query", "GET, HEAD"),
        ("PUT", "Sync/query", "GET, HEAD"),
        ("OPTIONS", "Sync", "POST"),
        ("TRACE", "Sync", "POST"),
        ("POST", "Status", "GET, HEAD"),
        ("GET", "sign-in", "POST"),
    ],
)
def test_a_method_that_a_path_does_not_know_is_405_and_says_what_it_knows(program, method, path, allowed):
    answer = program.send(method, path)
    assert answer.status_code == 405
    assert answer.headers["Allow"] == allowed
    assert answer.json()["detail"] == f"{method} is not possible here; possible: {allowed}."


def test_head_answers_as_get_does(program):
    answer = program.send("HEAD", "Sync/query")
    assert (answer.status_code, answer.content) == (200, b"")


def test_half_of_a_surrogate_pair_is_replaced_in_the_answer(program):
    answer = program.get("Sync/query", query='params={"operationType":"%5Cud800"}')
    assert answer.status_code == 400
    assert answer.json()["detail"] == ("operationType: “?” is none of the possible values: Read (0), Write (1).")


def test_several_faults_are_reported_at_once(program):
    answer = program.post("AppEnrollments", [{"appId": "x"}, {"isActive": "perhaps"}])
    assert answer.status_code == 400
    assert answer.json()["title"] == "One or more validation errors occurred."
    assert answer.json()["errors"] == {
        "$[0].appId": ["$[0].appId: Must be a valid UUID."],
        "$[1].appId": ["$[1].appId: This is missing."],
        "$[1].isActive": ["$[1].isActive: Must be a valid boolean."],
    }
