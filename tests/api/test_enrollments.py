"""Enrollments in the API: created all or none, changed, reconnected, deleted; secrets never come back."""

import uuid

import pytest

from adsplatform.accounts.models import Role
from enrollments.models import AppEnrollment, Application, CustomFieldDefinition
from enrollments.services import enroll
from syncs.models import SyncRequest
from tests.callers import Program
from tests.factories import AppEnrollmentFactory, SyncRequestFactory

pytestmark = pytest.mark.django_db

SECRET = "s3cret-canary"


@pytest.fixture
def demo(db):
    return Application.objects.get(connector="demo-data")


def test_enrolling_takes_a_list_and_answers_one(program, demo):
    answer = program.post("AppEnrollments", [{"appId": str(demo.pk)}])
    enrollment = AppEnrollment.objects.get()
    assert answer.status_code == 201
    (body,) = answer.json()
    created, modified = body.pop("created"), body.pop("modified")
    assert created.endswith("Z")
    assert modified.endswith("Z")
    assert body == {
        "appEnrollmentId": str(enrollment.pk),
        "appId": str(demo.pk),
        "groupKey": str(program.account.pk),
        "isActive": True,
        "createdUserId": str(program.user.pk),
        "modifiedUserId": str(program.user.pk),
        "syncScheduleIsActive": True,
        "isDeleted": False,
        "timeZone": "UTC",
        "nextRuns": [],
    }
    assert not SyncRequest.objects.exists()


def test_a_single_object_counts_as_a_list_of_one(program, demo):
    answer = program.post("AppEnrollments", {"AppId": str(demo.pk)})
    assert (answer.status_code, len(answer.json())) == (201, 1)


def test_the_nested_lists_and_nulls_of_the_ruby_sdk_are_accepted(program, demo):
    enrollment = {
        "appEnrollmentId": None,
        "appId": str(demo.pk),
        "isActive": None,
        "cronSettings": None,
        "syncScheduleIsActive": None,
        "connectorInfo": [{"realmId": None, "username": "ann", "password": SECRET, "serverPort": 1433}],
    }
    answer = program.post("AppEnrollments", [[enrollment], [enrollment]])
    assert answer.status_code == 201
    assert [row.credentials for row in AppEnrollment.objects.all()] == [
        {"username": "ann", "password": SECRET, "serverPort": "1433"}
    ] * 2


def test_start_sync_starts_one_for_each_connector_that_fetches(program, demo):
    uploads = Application.objects.get(connector="file-upload")
    body = [{"appId": str(demo.pk)}, {"appId": str(uploads.pk)}]
    answer = program.post("AppEnrollments", body, query="startSync=True")
    assert answer.status_code == 201
    assert [str(sync.app_enrollment_id) for sync in SyncRequest.objects.all()] == [answer.json()[0]["appEnrollmentId"]]


def test_secrets_are_encrypted_and_no_answer_has_them(program, demo, example_erp):
    info = dict.fromkeys(
        "RealmId username password authCode tokenId tokenSecret subsidiaryId redirectUri email "
        "serverName serverPort clientId clientSecret tenant authToken".split(),
        SECRET,
    )
    answer = program.post("AppEnrollments", [{"appId": str(demo.pk), "ConnectorInfo": info}])
    (enrollment,) = AppEnrollment.objects.all()
    assert len(enrollment.credentials) == 15
    assert SECRET not in str(list(AppEnrollment.objects.values()))
    path = f"AppEnrollments/{enrollment.pk}"
    everything = "include=App,CustomFields,LastSync,LastSuccessfulSync"
    answers = [
        answer,
        program.get(path, query=everything),
        program.get("AppEnrollments/query", query=everything),
        program.get(f"AppEnrollments/settings/{enrollment.pk}"),
        program.patch(path, {"isActive": False}),
        program.post(f"{path}/reconnect", {"password": SECRET}),
        program.get(f"Applications/{demo.pk}", query="include=Enrollments"),
        program.get("AppEnrollments/query", query="filter=connectorInfo+eq+1"),
        program.get("AppEnrollments/query", query="filter=encryptedCredentials+contains+'a'"),
    ]
    assert [answer.status_code for answer in answers] == [201, *[200] * 6, 400, 400]
    for answer in answers:
        assert SECRET not in answer.content.decode()
        assert "connectorInfo" not in answer.content.decode() or answer.status_code == 400


def test_credentials_that_the_connector_refuses_are_a_424_and_nothing_is_created(program, demo, example_erp):
    body = [
        {"appId": str(demo.pk), "connectorInfo": {"password": "right"}},
        {"appId": str(demo.pk), "connectorInfo": {"password": "wrong"}},
    ]
    answer = program.post("AppEnrollments", body)
    assert answer.status_code == 424
    assert answer.json()["errors"] == {"$[1].connectorInfo": ["Example ERP does not accept this user and password."]}
    assert not AppEnrollment.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "errors"),
    [
        ({}, {"$[1].appId": ["$[1].appId: This is missing."]}),
        ({"appId": "abc"}, {"$[1].appId": ["$[1].appId: Must be a valid UUID."]}),
        (
            {"appId": "00000000-0000-0000-0000-000000000007"},
            {"$[1].appId": ["$[1].appId: No application has the id “00000000-0000-0000-0000-000000000007”."]},
        ),
        (
            {"appId": "00000000-0000-0000-0000-000000000000"},
            {"$[1].appId": ["$[1].appId: No application has the id “00000000-0000-0000-0000-000000000000”."]},
        ),
        (
            {"cronSettings": "every day"},
            {
                "$[1].cronSettings": [
                    "The schedule “every day” cannot be used: it needs five fields: minute, hour, day of "
                    "month, month, day of week. Example: “30 2 * * 1-5” is 02:30 on working days."
                ]
            },
        ),
        ({"isActive": "perhaps"}, {"$[1].isActive": ["$[1].isActive: Must be a valid boolean."]}),
        (
            {"connectorInfo": 7},
            {"$[1].connectorInfo": ["$[1].connectorInfo: An object with named members is expected here."]},
        ),
        (
            {"connectorInfo": {"username": {}}},
            {"$[1].connectorInfo.username": ["$[1].connectorInfo.username: Not a valid string."]},
        ),
    ],
)
def test_if_one_object_of_the_list_is_wrong_none_is_enrolled(program, demo, wrong, errors):
    good = {"appId": str(demo.pk)}
    answer = program.post("AppEnrollments", [good, {**good, **wrong} if wrong and "appId" not in wrong else wrong])
    assert (answer.status_code, answer.json()["errors"]) == (400, errors)
    assert not AppEnrollment.objects.exists()


def test_a_list_that_is_too_long_is_refused(program, demo):
    answer = program.post("AppEnrollments", [{"appId": str(demo.pk)}] * 101)
    assert answer.json()["detail"] == "The list has 101 objects; at most 100 can be sent at once."
    assert not AppEnrollment.objects.exists()


def test_an_empty_list_is_refused(program):
    answer = program.post("AppEnrollments", [])
    assert answer.json()["detail"] == "The list is empty. Send at least one object in it."


def test_an_application_that_was_retired_cannot_be_enrolled(program, demo):
    Application.objects.filter(pk=demo.pk).update(is_active=False)
    answer = program.post("AppEnrollments", [{"appId": str(demo.pk)}])
    assert answer.json()["errors"] == {
        "$[0].appId": ["The application “Demo Data Connector” is no longer available. Choose another one."]
    }


def test_a_patch_changes_what_it_names_and_nothing_else(program, enrollment):
    path = f"AppEnrollments/{enrollment.pk}"
    body = {"IsActive": "False", "cronSettings": "30 2 * * *", "name": "Head office"}
    body = program.patch(path, body).json()
    assert (body["isActive"], body["cronSettings"], body["name"]) == (False, "30 2 * * *", "Head office")
    assert body["syncScheduleIsActive"] is True
    assert body["modifiedUserId"] == str(program.user.pk)
    body = program.patch(path, {"syncScheduleIsActive": False, "isActive": None}).json()
    assert (body["syncScheduleIsActive"], body["isActive"]) == (False, False)


@pytest.mark.parametrize("nothing", [None, ""])
def test_a_null_in_a_patch_clears(program, enrollment, nothing):
    AppEnrollment.objects.update(cron_settings="30 2 * * *", name="Head office")
    body = program.patch(f"AppEnrollments/{enrollment.pk}", {"cronSettings": nothing, "name": nothing}).json()
    assert "cronSettings" not in body
    assert "name" not in body
    enrollment.refresh_from_db()
    assert (enrollment.cron_settings, enrollment.name) == (None, "")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"cronSettings": "61 * * * *"}, "cronSettings"),
        ({"cronSettings": "0 0 31 2 *"}, "cronSettings"),
        ({"cronSettings": "*" * 51}, "cronSettings"),
        ({"isActive": 7}, "isActive"),
        ({"name": "x" * 101}, "name"),
    ],
)
def test_an_invalid_patch_is_a_400_that_names_the_member(program, enrollment, body, field):
    answer = program.patch(f"AppEnrollments/{enrollment.pk}", body)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])


@pytest.mark.parametrize("body", [{}, {"isDeleted": True, "groupKey": str(uuid.uuid4())}])
def test_a_patch_that_changes_nothing_says_what_can_be_changed(program, enrollment, body):
    answer = program.patch(f"AppEnrollments/{enrollment.pk}", body)
    assert answer.status_code == 400
    assert answer.json()["detail"] == (
        "There is nothing to change. These members can be: name, isActive, cronSettings, syncScheduleIsActive, "
        "expectedEveryHours, settings."
    )


def test_deleting_an_enrollment_keeps_its_records(program, enrollment):
    waiting = SyncRequestFactory(app_enrollment=enrollment, queued=True)
    answer = program.delete(f"AppEnrollments/{enrollment.pk}")
    assert answer.status_code == 200
    assert answer.json() == {
        "messages": [
            f"Deleted enrollment {enrollment.pk}",
            "Cancelled 1 waiting sync",
            "The records of the enrollment were kept",
        ]
    }
    assert program.get(f"Sync/{waiting.pk}").json()["statusCode"] == "Cancelled"
    assert program.get(f"AppEnrollments/{enrollment.pk}").status_code == 404
    assert program.get("AppEnrollments/query").json()["records"] == []


@pytest.mark.parametrize("text", ["true", "True", "TRUE"])
def test_deleting_an_enrollment_can_remove_its_records(program, enrollment, text):
    answer = program.delete(f"AppEnrollments/{enrollment.pk}", query=f"removeEnrollmentData={text}")
    assert "All records of the enrollment are being removed" in answer.json()["messages"]


def test_an_error_of_delete_is_a_delete_result_too(program, enrollment):
    missing = program.delete(f"AppEnrollments/{uuid.UUID(int=7)}")
    assert missing.status_code == 404
    assert missing.json()["messages"] == [missing.json()["detail"]]
    SyncRequestFactory(app_enrollment=enrollment, running=True)
    running = program.delete(f"AppEnrollments/{enrollment.pk}")
    assert running.status_code == 400
    assert running.json()["messages"] == [
        "A sync of Demo Data Connector is in progress. Cancel it or wait for its end, then delete the enrollment."
    ]
    odd = program.delete(f"AppEnrollments/{enrollment.pk}", query="removeEnrollmentData=perhaps")
    assert odd.status_code == 400
    assert odd.json()["messages"] == ["removeEnrollmentData: Must be a valid boolean."]


def test_settings_are_a_fetch_result(program, demo, example_erp):
    id = program.post("AppEnrollments", [{"appId": str(demo.pk)}]).json()[0]["appEnrollmentId"]
    answer = program.get(f"AppEnrollments/settings/{id}").json()
    assert {name: answer[name] for name in answer if name != "records"} == {"totalCount": 3, "pageSize": 250}
    rows = answer["records"]
    assert [row.pop("customFieldDefinitionId") for row in rows] == [
        str(row.pk) for row in CustomFieldDefinition.objects.order_by("sort_order")
    ]
    shared = {
        "appEnrollmentId": id,
        "appId": str(demo.pk),
        "name": "Demo Data Connector",
        "appType": "Connector",
        "groupKey": str(program.account.pk),
    }
    assert rows == [
        {
            **shared,
            "customFieldLabel": "Ledger",
            "dataType": "String",
            "sortOrder": 0,
            "stringValue": "main",
            "value": "main",
        },
        {
            **shared,
            "customFieldLabel": "Days",
            "dataType": "Number",
            "sortOrder": 1,
            "numericValue": 12.5,
            "value": "12.50",
        },
        {**shared, "customFieldLabel": "Note", "dataType": "String", "sortOrder": 2},
    ]


def test_reconnecting_replaces_the_credentials_that_are_given(program, demo, example_erp):
    body = {"appId": str(demo.pk), "connectorInfo": {"username": "ann", "password": "old"}}
    id = program.post("AppEnrollments", [body]).json()[0]["appEnrollmentId"]
    answer = program.post(f"AppEnrollments/{id}/reconnect", {"Password": "new", "realmId": None})
    assert answer.status_code == 200
    assert [(row["customFieldLabel"], row["recordKey"]) for row in answer.json()] == [
        ("Ledger", id),
        ("Days", id),
        ("Note", id),
    ]
    assert answer.json()[0]["tableKey"] == "AppEnrollment"
    assert AppEnrollment.objects.get().credentials == {"username": "ann", "password": "new"}
    assert example_erp.tried[-1] == {"username": "ann", "password": "new"}


def test_reconnecting_with_wrong_credentials_is_a_424_and_keeps_the_old(program, demo, example_erp):
    body = {"appId": str(demo.pk), "connectorInfo": {"username": "ann", "password": "old"}}
    id = program.post("AppEnrollments", [body]).json()[0]["appEnrollmentId"]
    answer = program.post(f"AppEnrollments/{id}/reconnect", {"password": "wrong"})
    assert answer.status_code == 424
    assert answer.json()["detail"] == "Example ERP does not accept this user and password."
    assert AppEnrollment.objects.get().credentials["password"] == "old"


def test_nothing_is_included_unless_asked_for(program, enrollment):
    body = program.get(f"AppEnrollments/{enrollment.pk}").json()
    assert not {"app", "customFieldDefinitions", "customFieldValues", "lastSync"} & set(body)


def test_an_enrollment_is_returned_with_what_is_included(program, demo, example_erp):
    enrollment = enroll(program.account, demo, program.user)
    path = f"AppEnrollments/{enrollment.pk}"
    everything = "include=app, customfields, LastSync,lastSuccessfulSync"
    body = program.get(path, query=everything).json()
    assert body["app"]["name"] == "Demo Data Connector"
    assert [row["customFieldLabel"] for row in body["customFieldDefinitions"]] == ["Ledger", "Days", "Note"]
    assert body["customFieldValues"][0]["value"] == "main"
    assert "lastSync" not in body
    assert "lastSuccessfulSync" not in body
    success = SyncRequestFactory(app_enrollment=enrollment, succeeded=True)
    last = SyncRequestFactory(app_enrollment=enrollment, failed=True)
    body = program.get(path, query=everything).json()
    assert body["lastSync"]["syncRequestId"] == str(last.pk)
    assert body["lastSuccessfulSync"]["syncRequestId"] == str(success.pk)
    only = program.get(path, query="include=CustomFieldValues").json()
    assert "customFieldValues" in only
    assert "customFieldDefinitions" not in only


def test_a_page_with_everything_included_takes_as_many_queries_as_one_object(program, django_assert_num_queries):
    def enrolled():
        enrollment = AppEnrollmentFactory(group_key=program.account)
        SyncRequestFactory.create_batch(2, app_enrollment=enrollment, succeeded=True)

    enrolled()
    query = "include=App,CustomFields,LastSync,LastSuccessfulSync"
    # The first call of a minute records that the key is in use.
    program.get("AppEnrollments/query", query=query)
    # Key, membership, taking the role, page, settings, last, last success, count, resetting the role; and three for the
    # transaction with the time limit of reads.
    with django_assert_num_queries(12):
        program.get("AppEnrollments/query", query=query)
    for _ in range(10):
        enrolled()
    with django_assert_num_queries(12):
        records = program.get("AppEnrollments/query", query=query).json()["records"]
    assert len({row["lastSync"]["appEnrollmentId"] for row in records}) == 11


def test_another_account_finds_no_enrollment(stranger, enrollment):
    path = f"AppEnrollments/{enrollment.pk}"
    answers = [
        stranger.get(path),
        stranger.patch(path, {"isActive": False}),
        stranger.delete(path),
        stranger.post(f"{path}/reconnect", {"password": "x"}),
        stranger.get(f"AppEnrollments/settings/{enrollment.pk}"),
    ]
    assert [answer.status_code for answer in answers] == [404] * 5
    assert {answer.json()["detail"] for answer in answers} == {f"There is no enrollment with the id “{enrollment.pk}”."}
    assert stranger.get("AppEnrollments/query").json()["records"] == []
    enrollment.refresh_from_db()
    assert enrollment.is_active


@pytest.mark.parametrize("role", [Role.MEMBER, Role.READ_ONLY])
def test_only_owners_and_admins_manage_enrollments(role, program, enrollment, demo):
    caller = Program(role, account=program.account)
    path = f"AppEnrollments/{enrollment.pk}"
    assert caller.get(path).status_code == 200
    assert caller.get("AppEnrollments/query").json()["totalCount"] == 1
    assert caller.get(f"AppEnrollments/settings/{enrollment.pk}").status_code == 200
    answers = [
        caller.post("AppEnrollments", [{"appId": str(demo.pk)}]),
        caller.patch(path, {"isActive": False}),
        caller.delete(path),
        caller.post(f"{path}/reconnect", {}),
    ]
    assert [answer.status_code for answer in answers] == [403] * 4
    assert answers[0].json()["detail"] == f"This needs the role Group Owner or Group Admin; yours is {role.value}."
    assert answers[2].json()["messages"] == [answers[2].json()["detail"]]


def test_an_admin_manages_enrollments(program, enrollment):
    admin = Program(Role.ADMIN, account=program.account)
    assert admin.patch(f"AppEnrollments/{enrollment.pk}", {"isActive": False}).status_code == 200
