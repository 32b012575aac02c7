"""Asking for syncs, following and stopping them."""

import uuid

import pytest
from django.core.cache import cache
from django.utils import timezone

from adsplatform.accounts.models import Role
from enrollments.models import Application
from syncs.models import SyncRequest
from tests.callers import Program
from tests.factories import AppEnrollmentFactory, SyncRequestFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(enrollment):
    return Program(account=enrollment.group_key, staff=True)


@pytest.fixture
def sync_request(enrollment):
    return SyncRequestFactory(app_enrollment=enrollment, queued=True)


def test_a_new_sync_is_ready_in_the_answer_and_queued_in_the_books(program, enrollment):
    answer = program.post("Sync", {"appEnrollmentId": str(enrollment.pk), "runFullSync": True})
    sync_request = SyncRequest.objects.get()
    assert answer.status_code == 200
    body = answer.json()
    for stamp in (body.pop("created"), body.pop("modified")):
        assert len(stamp) == len("2025-03-01T14:02:09.120Z")
        assert stamp.endswith("Z")
    assert body == {
        "syncRequestId": str(sync_request.pk),
        "groupKey": str(program.account.pk),
        "statusCode": "Ready",
        "operationTypeName": "Read",
        "operationType": 0,
        "failureCount": 0,
        "runFullSync": True,
        "appEnrollmentId": str(enrollment.pk),
        "modifiedUserId": str(program.user.pk),
        "currentBatch": 1,
        "totalBatches": 1,
    }
    assert sync_request.status_code == "Connector"
    assert program.get(f"Sync/{sync_request.pk}").json()["statusCode"] == "Connector"


def test_asking_twice_while_one_waits_returns_the_one(program, enrollment):
    body = {"appEnrollmentId": str(enrollment.pk)}
    first, second = program.post("Sync", body).json(), program.post("Sync", body).json()
    assert first["syncRequestId"] == second["syncRequestId"]


@pytest.mark.parametrize("body", [{}, {"appEnrollmentId": None}, None])
def test_a_sync_needs_an_enrollment(program, body):
    answer = program.post("Sync", body)
    assert answer.status_code == 400
    assert answer.json()["errors"] == {"appEnrollmentId": ["appEnrollmentId: This is missing."]}


def test_the_all_zero_id_is_no_enrollment(program):
    answer = program.post("Sync", {"appEnrollmentId": "00000000-0000-0000-0000-000000000000"})
    assert (answer.status_code, answer.json()["detail"]) == (400, "Name the enrollment to sync.")


def test_an_unknown_enrollment_and_a_strangers_are_the_same_400(program, foreign_enrollment):
    for id in (uuid.uuid4(), foreign_enrollment.pk):
        answer = program.post("Sync", {"appEnrollmentId": str(id)})
        assert answer.status_code == 400
        assert answer.json()["errors"] == {"appEnrollmentId": [f"There is no enrollment with the id “{id}”."]}
    assert not SyncRequest.objects.exists()


def test_an_enrollment_without_a_connector_cannot_fetch(program):
    uploads = AppEnrollmentFactory(group_key=program.account, app=Application.objects.get(connector="file-upload"))
    answer = program.post("Sync", {"appEnrollmentId": str(uploads.pk)})
    assert answer.status_code == 400
    assert answer.json()["detail"] == (
        "File Upload has no connector to ask. Load its data by uploading a file or sending a batch."
    )


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"is_active": False}, "Demo Data Connector is switched off. Switch it on, then sync."),
        (
            {"is_deleted": True},
            "Demo Data Connector has been deleted. Enrol the application again, then sync.",
        ),
    ],
)
def test_an_enrollment_out_of_use_cannot_sync(program, enrollment, changes, detail):
    type(enrollment).objects.update(**changes)
    answer = program.post("Sync", {"appEnrollmentId": str(enrollment.pk)})
    assert (answer.status_code, answer.json()["detail"]) == (400, detail)


def test_a_waiting_sync_is_cancelled(program, sync_request):
    answer = program.delete(f"Sync/{sync_request.pk}")
    assert answer.status_code == 200
    assert answer.json()["statusCode"] == "Cancelled"
    assert answer.json()["modifiedUserId"] == str(program.user.pk)
    again = program.delete(f"Sync/{sync_request.pk}")
    assert (again.status_code, again.json()["statusCode"]) == (200, "Cancelled")


def test_a_running_sync_is_cancelled(program, enrollment):
    running = SyncRequestFactory(app_enrollment=enrollment, running=True)
    assert program.delete(f"Sync/{running.pk}").json()["statusCode"] == "Cancelled"


@pytest.mark.parametrize(("trait", "status"), [("succeeded", "Success"), ("failed", "Failed")])
def test_a_finished_sync_cannot_be_cancelled(program, enrollment, trait, status):
    finished = SyncRequestFactory(app_enrollment=enrollment, **{trait: True})
    answer = program.delete(f"Sync/{finished.pk}")
    assert answer.status_code == 400
    assert answer.json()["detail"] == f"This sync is {status}; it can no longer become Cancelled."


@pytest.mark.parametrize("id", [str(uuid.uuid4()), "not-a-guid", "0"])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_id_that_names_no_sync_is_a_404(program, id, method):
    answer = program.send(method, f"Sync/{id}")
    assert answer.status_code == 404
    assert answer.json()["detail"] == f"There is no sync with the id “{id}”."


def test_a_stranger_finds_no_sync(stranger, sync_request):
    path = f"Sync/{sync_request.pk}"
    answers = [
        stranger.get(path),
        stranger.get(path, query="include=details"),
        stranger.delete(path),
        stranger.patch(path, {"statusCode": "Failed"}),
        stranger.get(f"{path}/details/query"),
    ]
    assert [answer.status_code for answer in answers] == [404] * 5
    assert stranger.get("Sync/query").json()["records"] == []
    sync_request.refresh_from_db()
    assert sync_request.status_code == "Connector"


def test_only_platform_staff_may_correct_a_sync(program, sync_request):
    answer = program.patch(f"Sync/{sync_request.pk}", {"statusCode": "Failed"})
    assert answer.status_code == 403
    assert answer.json()["detail"] == (
        "Only those of the platform's own staff who have that permission may change a sync. To stop it, cancel it."
    )


def test_staff_cannot_have_two_syncs_of_an_enrollment_in_progress(staff, enrollment):
    SyncRequestFactory(app_enrollment=enrollment, running=True)
    waiting = SyncRequestFactory(app_enrollment=enrollment, queued=True)
    answer = staff.patch(f"Sync/{waiting.pk}", {"statusCode": "In Progress"})
    assert answer.status_code == 400
    assert answer.json()["detail"] == "Another sync of the enrollment is in progress; one runs at a time."


@pytest.mark.parametrize("state", [{}, {"queued": True}, {"running": True}], ids=["ready", "waiting", "running"])
@pytest.mark.parametrize("message", [{}, {"processResultMessage": "All loaded."}])
def test_staff_cannot_say_that_a_sync_was_a_success(staff, enrollment, state, message):
    sync_request = SyncRequestFactory(app_enrollment=enrollment, **state)
    before = sync_request.status_code
    answer = staff.patch(f"Sync/{sync_request.pk}", {"statusCode": "Success", **message})
    assert answer.status_code == 400
    assert answer.json()["errors"] == {
        "statusCode": [
            "Only the platform itself ends a sync as Success, when its data are loaded. End this one as Failed or "
            "Cancelled, with a processResultMessage that says why."
        ]
    }
    sync_request.refresh_from_db()
    assert (sync_request.status_code, sync_request.process_result_message) == (before, "")


@pytest.mark.parametrize("status", ["Failed", "Cancelled"])
@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"processResultMessage": "The file was that of another company."}, "The file was that of another company."),
        ({}, "Ended as {status} by the platform’s staff. Nothing was changed."),
        ({"processResultMessage": " "}, "Ended as {status} by the platform’s staff. Nothing was changed."),
    ],
)
def test_staff_ends_a_running_sync_with_a_message(staff, enrollment, status, message, expected):
    sync_request = SyncRequestFactory(app_enrollment=enrollment, running=True)
    answer = staff.patch(f"Sync/{sync_request.pk}", {"statusCode": status, **message}).json()
    assert (answer["statusCode"], answer["processResultMessage"]) == (status, expected.format(status=status))
    sync_request.refresh_from_db()
    assert sync_request.finished
    assert sync_request.modified_user == staff.user
    refused = staff.patch(f"Sync/{sync_request.pk}", {"statusCode": "Success"}).json()["detail"]
    assert refused == f"This sync is {status}; it can no longer become Success."


def test_the_reason_of_an_earlier_attempt_stays_the_message(staff, enrollment):
    waiting = SyncRequestFactory(app_enrollment=enrollment, queued=True, process_result_message="It did not answer.")
    answer = staff.patch(f"Sync/{waiting.pk}", {"statusCode": "Failed"}).json()
    assert answer["processResultMessage"] == "It did not answer."


def test_staff_corrects_a_sync_along_the_allowed_moves(staff, sync_request):
    body = {"StatusCode": "Failed", "ProcessResultMessage": "Stopped by support."}
    answer = staff.patch(f"Sync/{sync_request.pk}", body)
    assert answer.status_code == 200
    assert answer.json()["statusCode"] == "Failed"
    assert answer.json()["processResultMessage"] == "Stopped by support."
    assert staff.patch(f"Sync/{sync_request.pk}", {"statusCode": "In Progress"}).status_code == 400
    unknown = staff.patch(f"Sync/{sync_request.pk}", {"statusCode": "Done"})
    assert unknown.json()["errors"] == {
        "statusCode": ["No status is called “Done”. Known: Ready, Connector, In Progress, Success, Failed, Cancelled."]
    }
    half = staff.send("PATCH", f"Sync/{sync_request.pk}", b'{"statusCode": "\\ud800"}', "application/json")
    assert half.status_code == 400
    nothing = staff.patch(f"Sync/{sync_request.pk}", {"traceParent": "x"})
    assert nothing.json()["detail"] == (
        "There is nothing to change. These members can be: statusCode, processResultMessage."
    )


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "Read"),
        ("operationType=Read", "Read"),
        ("operationType=read", "Read"),
        ("operationType=0", "Read"),
        ("operationType=None", "Read"),
        ("OPERATIONTYPE=WRITE", "Write"),
        ("operationType=1", "Write"),
        ("params=%7B%22operationType%22:1%7D", "Write"),
    ],
)
def test_a_query_shows_reads_unless_writes_are_asked_for(program, enrollment, query, expected):
    SyncRequestFactory(app_enrollment=enrollment, operation_type=0)
    SyncRequestFactory(app_enrollment=enrollment, operation_type=1)
    records = program.get("Sync/query", query=query).json()["records"]
    assert [row["operationTypeName"] for row in records] == [expected]


def test_another_operation_type_is_a_400(program):
    answer = program.get("Sync/query", query="operationType=Delete")
    assert answer.status_code == 400
    assert answer.json()["errors"] == {
        "operationType": ["operationType: “Delete” is none of the possible values: Read (0), Write (1)."]
    }


@pytest.mark.parametrize(
    "condition",
    [
        "syncRequestId eq '{id}'",
        "groupKey eq {account}",
        "statusCode eq 'In Progress'",
        "operationType eq 'Read'",
        "operationTypeName eq Read",
        "processResultMessage contains 'half'",
        "failureCount eq 7",
        "runFullSync eq true",
        "appEnrollmentId eq {enrollment}",
        "created > 2020-01-01 AND modified < TOMORROW",
        "modifiedUserId eq {user}",
        "parentSyncRequestId eq {parent}",
        "currentBatch eq 2 AND totalBatches eq 3",
    ],
)
def test_every_scalar_field_can_be_filtered(program, enrollment, condition):
    parent = SyncRequestFactory(app_enrollment=enrollment, total_batches=3)
    wanted = SyncRequestFactory(
        app_enrollment=enrollment,
        running=True,
        process_result_message="by half",
        failure_count=7,
        run_full_sync=True,
        modified_user=program.user,
        parent_sync_request=parent,
        current_batch=2,
        total_batches=3,
    )
    condition = condition.format(
        id=wanted.pk,
        account=program.account.pk,
        enrollment=enrollment.pk,
        user=program.user.pk,
        parent=parent.pk,
    )
    query = program.client.request().wsgi_request.GET.copy()
    query["filter"] = f"currentBatch gt 1 AND {condition}"
    records = program.get("Sync/query", query=query.urlencode()).json()["records"]
    assert [row["syncRequestId"] for row in records] == [str(wanted.pk)]
    assert records[0]["parentSyncRequestId"] == str(parent.pk)


def test_how_the_e2b_test_program_polls(program, enrollment):
    for _ in range(2):
        last = SyncRequestFactory(app_enrollment=enrollment, finished=timezone.now(), status_code="Success")
    answer = program.get(
        "sync/query", query=f"appEnrollmentId={enrollment.pk}&order=created desc&pageSize=1&include=details"
    )
    assert [row["syncRequestId"] for row in answer.json()["records"]] == [str(last.pk)]
    assert answer.json()["totalCount"] == 2


@pytest.mark.parametrize("role", [Role.OWNER, Role.ADMIN, Role.MEMBER])
def test_members_may_ask_for_syncs(role, program, enrollment):
    writer = Program(role, account=program.account)
    assert writer.post("Sync", {"appEnrollmentId": str(enrollment.pk)}).status_code == 200


def test_readers_may_follow_but_neither_start_nor_stop(program, enrollment, sync_request):
    reader = Program(Role.READ_ONLY, account=program.account)
    assert reader.get(f"Sync/{sync_request.pk}").status_code == 200
    assert reader.get("Sync/query").json()["totalCount"] == 1
    answers = [
        reader.post("Sync", {"appEnrollmentId": str(enrollment.pk)}),
        reader.post("Sync/batch", {"companies": []}),
        reader.post("Sync/zip"),
        reader.delete(f"Sync/{sync_request.pk}"),
        reader.patch(f"Sync/{sync_request.pk}", {"statusCode": "Failed"}),
    ]
    assert [answer.status_code for answer in answers] == [403] * 5
    assert answers[0].json()["detail"] == (
        "This needs the role Group Owner, Group Admin or Member; yours is Read-Only."
    )


@pytest.mark.parametrize("path", ["Sync", "Sync/batch", "Sync/zip"])
def test_creating_too_many_syncs_is_429_for_that_key_alone(program, stranger, settings, path):
    cache.clear()
    settings.REST_FRAMEWORK = {
        **settings.REST_FRAMEWORK,
        "DEFAULT_THROTTLE_RATES": {"create-sync": "2/min", "create-sync-account": "100/min"},
    }
    assert [program.post(path).status_code for _ in range(3)] == [400, 400, 429]
    answer = program.post(path)
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert answer.json()["title"] == "Too Many Requests"
    assert program.get("Sync/query").status_code == 200
    assert stranger.post(path).status_code == 400


def test_more_keys_make_no_more_syncs(program, stranger, settings):
    cache.clear()
    settings.REST_FRAMEWORK = {
        **settings.REST_FRAMEWORK,
        "DEFAULT_THROTTLE_RATES": {"create-sync": "100/min", "create-sync-account": "2/min", "make-key": "9/min"},
    }
    assert [program.post("Sync").status_code for _ in range(2)] == [400, 400]
    program.headers = {"Api-Key": program.post("ApiKeys", {"name": "Another"}).json()["apiKey"]}
    assert program.post("Sync").status_code == 429
    assert stranger.post("Sync").status_code == 400
