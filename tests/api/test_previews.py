"""Previews, allowed deletes and known files, for programs."""

import json

import pytest

from adsplatform.accounts.models import Role
from adsplatform.records.models import Company
from syncs import tasks
from syncs.models import SyncDifference, SyncRequest
from tests.api.test_sync_zip import FORM, form, zip_of
from tests.callers import Program
from tests.factories import SyncRequestFactory, SyncResultDetailFactory

pytestmark = pytest.mark.django_db
COMPANY = {"erpKey": "C1", "companyName": "Acme", "companyType": "Customer", "isActive": True}
BATCH = {"companies": [COMPANY]}


def finished(program, answer):
    """The sync as it is after the worker has run it."""
    assert answer.status_code == 200, answer.json()
    tasks.run_next_sync()
    return program.get(f"Sync/{answer.json()['syncRequestId']}", "include=details").json()


def test_a_batch_is_previewed_then_applied(program):
    preview = finished(program, program.post("Sync/batch", BATCH | {"DRYRUN": "True"}))
    assert (preview["statusCode"], preview["dryRun"]) == ("Success", True)
    assert preview["processResultMessage"] == "Preview: 1 would be added. Nothing was changed."
    assert preview["details"]["Company"]["insertCount"] == 1
    assert not Company.objects.exists()
    differences = program.get(f"Sync/{preview['syncRequestId']}/differences/query").json()
    (difference,) = differences["records"]
    assert differences["totalCount"] == 1
    assert {name: difference[name] for name in ("entity", "action", "erpKey", "file", "line")} == {
        "entity": "Company", "action": "insert", "erpKey": "C1", "file": "batch", "line": 1,
    }  # fmt: skip
    assert {"name": "companyName", "after": "Acme"} in difference["fields"]
    applied = finished(program, program.post(f"Sync/{preview['syncRequestId']}/apply"))
    assert (applied["repeatOf"], "dryRun" in applied) == (preview["syncRequestId"], False)
    assert Company.objects.get().erp_key == "C1"


@pytest.mark.parametrize("query", ["dryRun=true", "DRYRUN=True", "params=" + json.dumps({"dryrun": True})])
def test_a_zip_is_previewed(program, query):
    packed = zip_of(companies="erpKey,companyName,companyType,isActive\nC1,Acme,Customer,true\n")
    preview = finished(program, program.send("POST", "Sync/zip", form(packed), FORM, query))
    assert (preview["statusCode"], preview["dryRun"]) == ("Success", True)
    assert not Company.objects.exists()


def test_a_connectors_sync_is_previewed(program, enrollment):
    body = {"appEnrollmentId": str(enrollment.pk), "runFullSync": True}
    preview = program.post("Sync", body | {"dryRun": True}).json()
    assert preview["dryRun"] is True
    # Asking for the real one meanwhile is another request.
    assert program.post("Sync", body).json()["syncRequestId"] != preview["syncRequestId"]
    assert program.post("Sync", body | {"dryRun": True}).json()["syncRequestId"] == preview["syncRequestId"]


def test_a_preview_is_neither_the_last_sync_nor_the_last_that_succeeded(program, enrollment):
    real = SyncRequestFactory(app_enrollment=enrollment, succeeded=True)
    SyncRequestFactory(app_enrollment=enrollment, succeeded=True, dry_run=True)
    body = program.get(f"AppEnrollments/{enrollment.pk}", "include=LastSync,LastSuccessfulSync").json()
    assert body["lastSync"]["syncRequestId"] == body["lastSuccessfulSync"]["syncRequestId"] == str(real.pk)


def test_previews_can_be_queried_separately(program, enrollment):
    SyncRequestFactory(app_enrollment=enrollment, succeeded=True)
    preview = SyncRequestFactory(app_enrollment=enrollment, succeeded=True, dry_run=True)
    found = program.get("Sync/query", "filter=dryRun EQ true").json()["records"]
    assert [one["syncRequestId"] for one in found] == [str(preview.pk)]


def test_a_part_cannot_be_previewed(program):
    answer = program.post("Sync/batch", BATCH | {"dryRun": True, "totalBatches": 2})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["dryRun"])


def test_a_value_that_is_not_a_boolean_is_refused(program):
    answer = program.post("Sync/batch", BATCH | {"dryRun": "perhaps"})
    assert answer.json()["errors"] == {"dryRun": ["dryRun: Must be a valid boolean."]}


def test_the_same_content_names_the_sync_that_loaded_it(program):
    first = finished(program, program.post("Sync/batch", BATCH))
    assert "sameContentAs" not in first
    second = program.post("Sync/batch", BATCH).json()
    assert second["sameContentAs"] == first["syncRequestId"]


@pytest.fixture
def stopped(program):
    many = [COMPANY | {"erpKey": f"C{number}"} for number in range(20)]
    finished(program, program.post("Sync/batch", {"companies": many}))
    return finished(program, program.post("Sync/batch", BATCH | {"isFullSync": True}))


def test_deletes_are_allowed_by_an_owner_or_admin(program, stopped):
    assert stopped["statusCode"] == "Failed"
    assert "19 of 20 companies" in stopped["processResultMessage"]
    path = f"Sync/{stopped['syncRequestId']}/allow-deletes"
    for role in (Role.MEMBER, Role.READ_ONLY):
        refused = Program(role, program.account).post(path)
        assert refused.status_code == 403
        assert refused.json()["detail"] == f"This needs the role Group Owner or Group Admin; yours is {role}."
    admin = Program(Role.ADMIN, program.account)
    again = finished(admin, admin.post(path))
    assert (again["statusCode"], again["allowDeletes"]) == ("Success", True)
    assert (again["repeatOf"], again["modifiedUserId"]) == (stopped["syncRequestId"], str(admin.user.pk))
    assert Company.objects.count() == 1
    assert admin.post(path).status_code == 409


def test_a_sync_that_no_guard_stopped_cannot_be_allowed_to_delete(program, enrollment):
    other = SyncRequestFactory(app_enrollment=enrollment, failed=True)
    answer = program.post(f"Sync/{other.pk}/allow-deletes")
    assert answer.status_code == 409
    assert answer.json()["detail"] == (
        "This sync is Failed, but was not stopped because of what it would delete; there is nothing to allow."
    )


@pytest.mark.parametrize(
    ("role", "status"), [(Role.OWNER, 200), (Role.ADMIN, 200), (Role.MEMBER, 200), (Role.READ_ONLY, 403)]
)
def test_a_person_who_may_write_may_apply_a_preview(program, enrollment, role, status):
    preview = SyncRequestFactory(app_enrollment=enrollment, succeeded=True, dry_run=True)
    assert Program(role, program.account).post(f"Sync/{preview.pk}/apply").status_code == status


def test_a_stranger_neither_sees_nor_applies_nor_allows(stranger, enrollment):
    preview = SyncRequestFactory(app_enrollment=enrollment, succeeded=True, dry_run=True)
    SyncDifference.objects.create(sync_request=preview, group_key=preview.group_key, entity="Company", action="insert")
    stopped = SyncRequestFactory(app_enrollment=enrollment, failed=True)
    SyncResultDetailFactory(sync_request=stopped, code="delete_guard")
    before = SyncRequest.objects.count()
    assert stranger.get(f"Sync/{preview.pk}/differences/query").status_code == 404
    assert stranger.post(f"Sync/{preview.pk}/apply").status_code == 404
    assert stranger.post(f"Sync/{stopped.pk}/allow-deletes").status_code == 404
    assert SyncRequest.objects.count() == before
