"""What connectors ask for, whether a source can be reached, and how far it has been read, by the API."""

import pytest

from adsplatform.accounts.models import AuditEntry, Role
from enrollments import services
from enrollments.models import AppEnrollment, Application
from syncs.models import SourceState
from tests.callers import Program

pytestmark = pytest.mark.django_db


@pytest.fixture
def program():
    return Program()


@pytest.fixture
def app(example_erp):
    return Application.objects.get(connector="demo-data")


def test_the_form_of_a_connector_says_what_it_asks_for(program, app):
    form = program.get(f"Applications/{app.pk}/form").json()
    assert [(field["name"], field["type"], field["default"]) for field in form["settings"]] == [
        ("ledger", "text", "main"), ("days", "number", "12.50"), ("note", "text", ""),
    ]  # fmt: skip
    assert form["credentials"][1] == {
        "name": "password", "label": "Password", "type": "password", "helpText": "", "isSecret": True,
        "isRequired": True, "default": "", "group": "", "choices": [],
    }  # fmt: skip


def test_a_source_is_tried_and_nothing_is_stored(program, app, example_erp):
    path = f"Applications/{app.pk}/check"
    answer = program.post(path, {"settings": {"ledger": "branch"}, "connectorInfo": {"password": "right"}})
    assert (answer.status_code, answer.json()["message"]) == (200, "Example ERP has 3 ledgers.")
    assert example_erp.tried == [{"password": "right"}]
    refused = program.post(path, {"connectorInfo": {"password": "wrong"}})
    assert (refused.status_code, "does not accept this user" in refused.text) == (424, True)
    assert not AppEnrollment.objects.exists()
    assert Program(Role.MEMBER).post(path, {}).status_code == 403


def test_settings_are_given_when_an_account_enrols(program, app):
    wanted = {"appId": str(app.pk), "connectorInfo": {"password": "right"}, "settings": {"ledger": "branch"}}
    assert program.post("AppEnrollments", [wanted]).status_code == 201
    assert services.setting_values(AppEnrollment.objects.get()) == {"ledger": "branch", "days": "12.50", "note": ""}


def test_a_setting_that_there_is_not_is_refused(program, app):
    wanted = {"appId": str(app.pk), "connectorInfo": {"password": "right"}, "settings": {"legder": "branch"}}
    refused = program.post("AppEnrollments", [wanted])
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["$[0].settings"])
    assert "has no setting called “legder”. Known: ledger, days, note." in refused.text
    assert not AppEnrollment.objects.exists()


def test_the_state_is_shown_and_forgotten(program, app):
    enrollment = services.enroll(program.account, app, program.user)
    SourceState.objects.create(group_key=program.account, app_enrollment=enrollment, kind="Invoice", state={"page": 7})
    path = f"AppEnrollments/{enrollment.pk}/state"
    (state,) = program.get(path).json()["states"]
    assert (state["kind"], state["state"], "syncRequestId" in state) == ("Invoice", {"page": 7}, False)
    for method in ("get", "delete"):
        assert getattr(Program(), method)(path).status_code == 404
    answer = program.delete(path).json()
    assert answer["messages"] == [f"The next sync of {enrollment} reads everything again."]
    assert program.get(path).json() == {"states": [], "budgets": []}


def test_kinds_are_offered_chosen_and_changed(program, example_ledger):
    app = Application.objects.get(connector="example-ledger")
    form = program.get(f"Applications/{app.pk}/form").json()
    assert form["group"] == "ERP"
    assert form["kinds"][1] == {"kind": "Invoice", "label": "Invoices", "isIncremental": True, "deletes": ""}
    assert form["settings"][1]["choices"] == [
        {"value": "Company", "label": "Customers"}, {"value": "Invoice", "label": "Invoices"},
    ]  # fmt: skip
    found = program.post(f"Applications/{app.pk}/check", {"connectorInfo": {"authToken": "right"}}).json()
    assert [choice["label"] for choice in found["settings"][0]["choices"]] == ["Acme Holding", "Globex & Sons"]
    enrollment = services.enroll(program.account, app, program.user, credentials={"authToken": "right"})
    path = f"AppEnrollments/{enrollment.pk}"
    changed = program.patch(path, {"settings": {"kinds": "Invoice"}, "name": "Invoices only"})
    assert (changed.status_code, changed.json()["name"]) == (200, "Invoices only")
    assert services.setting_values(enrollment) == {"company": "", "kinds": "Invoice"}
    unknown = program.patch(path, {"settings": {"kind": "Invoice"}, "name": "Other"})
    assert (unknown.status_code, "Known: company, kinds." in unknown.text) == (400, True)
    services.replace_credentials(enrollment, None, {"authToken": "wrong"})
    assert program.patch(path, {"settings": {"kinds": ""}, "name": "Other"}).status_code == 424
    enrollment.refresh_from_db()
    assert (enrollment.name, services.setting_values(enrollment)["kinds"]) == ("Invoices only", "Invoice")


def test_an_enrollment_is_tried_with_what_is_stored(program, app, example_erp):
    enrollment = services.enroll(program.account, app, program.user, credentials={"password": "right"})
    path = f"AppEnrollments/{enrollment.pk}/check"
    assert program.post(path, {}).json() == {"messages": ["Example ERP has 3 ledgers."]}
    assert example_erp.tried == [{"password": "right"}] * 2
    services.replace_credentials(enrollment, None, {"password": "wrong"})
    assert program.post(path, {}).status_code == 424
    assert Program().post(path, {}).status_code == 404


def test_forgetting_the_state_leaves_an_entry(program, app):
    enrollment = services.enroll(program.account, app, program.user)
    SourceState.objects.create(group_key=program.account, app_enrollment=enrollment, kind="", state=1)
    program.delete(f"AppEnrollments/{enrollment.pk}/state")
    entry = AuditEntry.objects.get(subject="state of source")
    assert (entry.user_id, entry.door, list(entry.before)) == (program.user.pk, "api", ["the whole source"])
