"""A request that is sent again with its Idempotency-Key: carried out once, answered twice."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from adsplatform.accounts.models import ApiKey, Role
from adsplatform.rest import idempotency
from adsplatform.rest.models import KeptAnswer
from enrollments.models import AppEnrollment, Application
from syncs.models import SyncRequest, Upload
from syncs.services import requests
from tests.api.test_sync_zip import FORM, ZIP, form
from tests.callers import Program
from tests.factories import AppEnrollmentFactory

pytestmark = pytest.mark.django_db
BATCH = {"companies": [{"erpKey": "C1", "companyName": "Acme"}]}


def with_key(program, key="K-1"):
    program.headers["Idempotency-Key"] = key
    return program


def test_the_same_request_with_the_same_key_is_one_sync(program, enrollment):
    with_key(program)
    body = {"appEnrollmentId": str(enrollment.pk)}
    first = program.post("Sync", body)
    SyncRequest.objects.get().cancel("Stopped.")
    second = program.post("sync/", dict(body))
    assert SyncRequest.objects.count() == 1
    assert (second.status_code, second.content) == (first.status_code, first.content)
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert second.headers["Content-Type"] == first.headers["Content-Type"]


def test_a_batch_sent_again_is_one_sync(program):
    with_key(program)
    first, second = program.post("Sync/batch", BATCH), program.post("Sync/batch", BATCH)
    assert first.json()["syncRequestId"] == second.json()["syncRequestId"]
    assert (SyncRequest.objects.count(), Upload.objects.count()) == (1, 1)


def test_a_file_sent_again_is_one_sync_however_it_is_wrapped(program):
    with_key(program)
    first = program.send("POST", "Sync/zip", form(), FORM)
    second = program.send("POST", "Sync/zip", form(boundary="other"), "multipart/form-data; boundary=other")
    assert first.json()["syncRequestId"] == second.json()["syncRequestId"]
    assert Upload.objects.get().content.read() == ZIP


@pytest.mark.parametrize(
    ("query", "content", "name"),
    [("isFullSync=true", ZIP, "books.zip"), ("", b"other", "books.zip"), ("", ZIP, "other.zip")],
)
def test_another_request_with_a_used_key_is_a_conflict_in_words(program, query, content, name):
    with_key(program)
    program.send("POST", "Sync/zip", form(), FORM)
    answer = program.send("POST", "Sync/zip", form(content, name), FORM, query)
    created = KeptAnswer.objects.get().created
    assert answer.status_code == 409
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert answer.json()["detail"] == (
        f"The Idempotency-Key “K-1” was used for a different request on {created:%Y-%m-%d at %H:%M:%S} UTC. "
        "Send the very same request, or give this one a key of its own."
    )
    assert SyncRequest.objects.count() == 1


def test_a_key_is_the_callers_own_and_counts_for_one_endpoint(program, stranger, enrollment):
    colleague = Program(Role.ADMIN, program.account)
    for caller in (program, stranger, colleague):
        assert with_key(caller).post("Sync/batch", BATCH).status_code == 200
    assert with_key(program).post("Sync", {"appEnrollmentId": str(enrollment.pk)}).status_code == 200
    assert SyncRequest.objects.count() == 4


def test_a_refusal_is_not_stored(program, enrollment):
    with_key(program)
    AppEnrollment.objects.update(is_active=False)
    body = {"appEnrollmentId": str(enrollment.pk)}
    assert program.post("Sync", body).status_code == 400
    AppEnrollment.objects.update(is_active=True)
    assert program.post("Sync", body).status_code == 200


def test_a_role_that_was_taken_away_gets_no_old_answer(program):
    with_key(program).post("Sync/batch", BATCH)
    type(program.membership).objects.filter(pk=program.membership.pk).update(role=Role.READ_ONLY)
    assert program.post("Sync/batch", BATCH).status_code == 403


def test_enrolling_again_with_the_same_key_enrols_once(program):
    with_key(program)
    body = [{"appId": str(Application.objects.get(connector="demo-data").pk), "name": "Ours"}]
    first, second = program.post("AppEnrollments", body), program.post("AppEnrollments", body)
    assert (second.status_code, second.content) == (201, first.content)
    assert AppEnrollment.objects.of(program.account).filter(name="Ours").count() == 1


def test_the_text_of_an_api_key_is_answered_once_and_never_stored(program):
    with_key(program)
    before = ApiKey.objects.count()
    first, second = program.post("ApiKeys", {"name": "ci"}), program.post("ApiKeys", {"name": "ci"})
    assert ApiKey.objects.count() == before + 1
    secret = first.json().pop("apiKey")
    assert second.json() == {name: value for name, value in first.json().items() if name != "apiKey"}
    assert secret not in KeptAnswer.objects.get().body


@pytest.mark.parametrize("key", ["x" * 256, "a\x7fb"])
def test_a_key_that_cannot_be_stored_is_refused(program, key):
    answer = with_key(program, key).post("Sync/batch", BATCH)
    assert answer.status_code == 400
    assert answer.json()["detail"] == "Idempotency-Key must be at most 255 printable characters."


def test_an_empty_key_is_none(program):
    with_key(program, " ")
    program.post("Sync/batch", BATCH)
    program.post("Sync/batch", BATCH)
    assert SyncRequest.objects.count() == 2


def test_a_key_is_forgotten_after_a_day(program, monkeypatch):
    monkeypatch.setattr(idempotency, "PRUNED_AT_ONCE", 2)
    for key in ("K-1", "K-2", "K-3", "K-4"):
        with_key(program, key).post("Sync/batch", BATCH)
    KeptAnswer.objects.update(created=timezone.now() - timedelta(hours=24, seconds=1))
    answer = with_key(program, "K-4").post("Sync/batch", {"companies": [{"erpKey": "C2"}]})
    assert (answer.status_code, "Idempotency-Replayed" in answer.headers) == (200, False)
    assert SyncRequest.objects.count() == 5
    assert KeptAnswer.objects.count() == 2
    with_key(program, "K-5").post("Sync/batch", BATCH)
    assert set(KeptAnswer.objects.values_list("key", flat=True)) == {"K-4", "K-5"}


@pytest.mark.django_db(transaction=True)
def test_the_second_of_two_simultaneous_requests_waits_for_the_first(monkeypatch):
    program = with_key(Program())
    AppEnrollmentFactory(group_key=program.account)

    def send(_):
        try:
            return program.post("Sync/batch", BATCH)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as at_once:
        answers = list(at_once.map(send, range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert len({answer.content for answer in answers}) == 1
    assert sorted("Idempotency-Replayed" in answer.headers for answer in answers) == [False, True, True, True]
    assert (SyncRequest.objects.count(), Upload.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_a_request_that_waits_too_long_gets_an_answer_that_the_first_is_in_progress(monkeypatch):
    monkeypatch.setattr(idempotency, "WAIT_SECONDS", 0.1)
    program = with_key(Program())
    answers = []
    load = requests.load_upload

    def slow(*args, **values):
        with ThreadPoolExecutor(1) as elsewhere:
            elsewhere.submit(again).result()
        return load(*args, **values)

    def again():
        try:
            answers.append(program.post("Sync/batch", BATCH))
        finally:
            connection.close()

    monkeypatch.setattr(requests, "load_upload", slow)
    assert program.post("Sync/batch", BATCH).status_code == 200
    (answer,) = answers
    assert answer.status_code == 409
    assert answer.json()["title"] == "The same request is being worked on."
    assert answer.json()["detail"] == (
        "A request with the Idempotency-Key “K-1” is being worked on. Ask again for its answer in a moment."
    )
    assert SyncRequest.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_answer_that_cannot_be_stored_leaves_no_sync(monkeypatch):
    program = with_key(Program())
    monkeypatch.setattr(KeptAnswer.objects, "update_or_create", lambda **values: 1 / 0)
    assert program.post("Sync/batch", BATCH).status_code == 500
    assert not SyncRequest.objects.exists()
    assert not transaction.get_connection().in_atomic_block
