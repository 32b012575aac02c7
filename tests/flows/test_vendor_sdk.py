"""The whole story over HTTP: the vendor's own Python SDK against a live server and a live cluster."""

import pytest
import requests
from lockstep.lockstep_api import LockstepApi

from tests.product import eventually
from tests.samples.workbooks import FAULTS, ROWS, as_zip, with_three_faults, workbooks

NOTHING = "00000000-0000-0000-0000-000000000000"


@pytest.fixture(scope="module")
def api(running):
    client = LockstepApi(f"{running.url}/", "flow tests")
    client.with_api_key(running.demo()["apiKey"])
    return client


def finished(api, answer):
    """The sync once it has ended, with its details."""
    assert answer.success, answer.error and vars(answer.error)

    def ended():
        retrieved = api.sync.retrieve_sync(answer.value.syncRequestId, "details")
        assert retrieved.success
        return retrieved.value if retrieved.value.statusCode in ("Success", "Failed", "Cancelled") else None

    return eventually(ended, seconds=60)


def upload(api, folder, files):
    path = folder / "books.zip"
    path.write_bytes(as_zip(files))
    return finished(api, api.sync.upload_sync_file(None, None, str(path)))


def counts(sync, name):
    return {entity: result[name] for entity, result in sync.details.items() if result[name]}


ENTITIES = {
    "company": "Company",
    "contact": "Contact",
    "invoice": "Invoice",
    "payment": "Payment",
    "paymentapplied": "PaymentApplied",
    "creditmemoapplied": "CreditMemoApplied",
}


def test_status_knows_who_calls(api):
    status = api.status.ping()
    assert status.success
    assert status.value.loggedIn
    assert status.value.emailAddress == "demo@adsplatform.example"
    assert status.value.roles == ["Group Owner"]


def test_a_sync_of_the_demo_connector(api, running):
    asked = api.sync.create_sync({"appEnrollmentId": running.demo()["appEnrollmentId"], "runFullSync": True})
    assert asked.value.statusCode == "Ready"
    sync = finished(api, asked)
    assert sync.statusCode == "Success"
    assert counts(sync, "errorCount") == {}
    assert {"Company", "Contact", "Invoice", "InvoiceLine", "Payment", "PaymentApplied", "FinancialAccount"} <= set(
        counts(sync, "insertCount")
    )
    again = finished(api, api.sync.create_sync({"appEnrollmentId": running.demo()["appEnrollmentId"]}))
    assert (counts(again, "insertCount"), counts(again, "updateCount")) == ({}, {})
    enrollment = api.appEnrollments.retrieve_app_enrollment(running.demo()["appEnrollmentId"], "LastSync,App").value
    assert enrollment.lastSync["syncRequestId"] == again.syncRequestId


def test_six_files_load_then_change_nothing_then_report_their_problems(api, tmp_path):
    first = upload(api, tmp_path, workbooks())
    assert first.statusCode == "Success"
    assert first.processResultMessage == "4,821 lines loaded: 4,821 added."
    assert counts(first, "insertCount") == {ENTITIES[name]: rows for name, rows in ROWS.items()}
    assert counts(first, "errorCount") == {}

    again = upload(api, tmp_path, workbooks())
    assert again.processResultMessage == "Nothing new: 4,821 lines looked at, none had changed."
    assert sum(counts(again, "skipCount").values()) == 4821
    assert counts(again, "insertCount") == counts(again, "updateCount") == {}

    faulty = upload(api, tmp_path, with_three_faults())
    assert faulty.statusCode == "Success"
    assert faulty.processResultMessage == "4,818 of 4,821 lines loaded, 3 lines rejected (4,818 unchanged)."
    assert counts(faulty, "errorCount") == {"CreditMemoApplied": 1, "Invoice": 1, "PaymentApplied": 1}
    for entity, file, line, _, _, message in FAULTS:
        assert list(faulty.details[entity]["errors"].values()) == [[f"{file}, line {line}: {message}"]]

    # The SDK has no call for this: every rejected line with its place and value.
    found = requests.get(
        f"{api.serverUrl}api/v1/Sync/{faulty.syncRequestId}/details/query",
        params={"filter": "kind eq 'error'", "order": "entity"},
        headers={"Api-Key": api.apiKey},
        timeout=10,
    ).json()
    names = ("entity", "file", "line", "column", "value", "message")
    assert [tuple(record[name] for name in names) for record in found["records"]] == FAULTS
    assert found["totalCount"] == 3


def test_a_json_batch_is_loaded(api):
    batch = {
        "companies": [{"erpKey": "B1", "companyName": "Batch Ltd", "companyType": "Customer", "isActive": True}],
        "invoices": [
            {"erpKey": "BI1", "companyErpKey": "B1", "customerErpKey": "B1", "currencyRate": 1, "totalAmount": 0.1},
            {"erpKey": "BI2", "companyErpKey": "B2", "customerErpKey": "B1", "currencyRate": 1, "totalAmount": 0.2},
        ],
    }
    sync = finished(api, api.sync.create_batch_import(batch))
    assert sync.processResultMessage == "2 of 3 lines loaded, 1 line rejected (2 added)."
    assert list(sync.details["Invoice"]["errors"]) == ["BI2"]


def test_syncs_are_found_by_query_and_a_finished_one_cannot_be_cancelled(api):
    found = api.sync.query_syncs("statusCode eq 'Success'", None, "created desc", 2, 0)
    assert found.success
    assert found.value.pageSize == 2
    assert len(found.value.records) == 2
    refused = api.sync.cancel_sync(found.value.records[0].syncRequestId)
    assert not refused.success
    assert refused.error.status == 400
    assert "This sync is Success" in refused.error.detail


def test_refused_requests_explain_why(api):
    refused = api.sync.create_sync({"appEnrollmentId": NOTHING})
    assert (refused.success, refused.error.status) == (False, 400)
    refused = api.sync.query_syncs("statuscod eq 'x'", None, None, None, None)
    assert refused.error.status == 400
    assert "No field is called “statuscod” (position 1). Did you mean “statusCode”?" in refused.error.detail


def test_a_file_that_is_not_a_zip_fails_with_the_reason(api, tmp_path):
    path = tmp_path / "books.zip"
    path.write_bytes(b"PK this is not a ZIP")
    sync = finished(api, api.sync.upload_sync_file(None, None, str(path)))
    assert sync.statusCode == "Failed"
    assert "books.zip" in sync.processResultMessage
