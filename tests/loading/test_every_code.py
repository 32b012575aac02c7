"""Every code of the catalogue of problems, brought about by an upload: its exact place and its sentence."""

import pytest
from django.core.files.storage import default_storage

from adsplatform.records.models import Company
from enrollments.models import CustomFieldDefinition
from syncs.connectors import registry
from syncs.connectors.formats import xlsx_texts
from syncs.connectors.protocol import ConnectorError
from syncs.loading import pipeline
from syncs.problem_codes import CODES
from tests.connectors.reading import zipped
from tests.factories import AppEnrollmentFactory, SyncRequestFactory
from tests.loading.bad_inputs import BAD, COMPANY, ELSEWHERE, INVOICE, WITH_BOOKS, WITH_PROFILE
from tests.loading.expected_of_files import OF_FILES
from tests.loading.expected_of_rows import OF_ROWS

EXPECTED = OF_ROWS | OF_FILES


@pytest.mark.parametrize("code", list(BAD))
def test_the_place_and_the_sentence_are_exact(code, uploads, settings, monkeypatch):
    given, limits = BAD[code], {}
    if isinstance(given, tuple) and isinstance(given[1], dict):
        given, limits = given
    id = fill_books(uploads, code)
    for name, value in limits.items():
        setattr(settings, name, value)
    if code == "workbook_too_big":
        monkeypatch.setattr(xlsx_texts, "MAX_TEXTS", 5)
    if code == "reject_limit":
        uploads.enrollment.reject_limit_percent = 10
        uploads.enrollment.save()
    if isinstance(given, dict):
        files = {name: text.replace("{B1}", id) if isinstance(text, str) else text for name, text in given.items()}
        given = ("books.zip", zipped(files))
    format = "batch" if given[0] == "batch.json" else ""
    is_full = code in ("kept_because_referenced", "kept_because_incomplete", "delete_guard")
    may_delete = code == "still_referenced"
    result = uploads.load(given[1], given[0], format=format, full=is_full, delete_on_match=may_delete)
    found = result.details.filter(code=code).order_by("id").first()
    reported = (found.kind, found.file, found.line, found.column, found.value, found.message)
    assert tuple(one.replace(id, "{B1}") if id and isinstance(one, str) else one for one in reported) == EXPECTED[code]


def fill_books(uploads, code) -> str:
    """What some of the samples meet in the books; the id of company B1."""
    if code not in WITH_BOOKS:
        return ""
    companies = 30 if code == "delete_guard" else 1
    lines = "".join(f"B{number},Base,Customer,true\n" for number in range(1, companies + 1))
    uploads.load(f"{COMPANY}\n{lines}", "companies.csv")
    uploads.load(f"{INVOICE}\nBI,B1,B1,1\n", "invoices.csv")
    return str(Company.objects.get(erp_key="B1").pk)


def test_every_code_has_a_sample():
    assert EXPECTED.keys() == BAD.keys()
    assert EXPECTED.keys() | ELSEWHERE | WITH_PROFILE == CODES.keys()


def test_no_sentence_names_a_class_or_sql():
    for code, (*_, message) in EXPECTED.items():
        for word in ("psycopg", "django", "Error", "Exception", "Traceback", "SELECT", "None", "staged", "NULL"):
            assert word not in message, code
        assert message.endswith((".", "?")), code


def reason_of(sync_request):
    assert sync_request.status_code == "Failed"
    return [(detail.code, detail.message) for detail in sync_request.details.all()]


def test_a_source_that_does_not_answer_is_reported(sync):
    result = sync({"companies": ConnectorError("The ERP did not answer. Try again later.")})
    assert reason_of(result) == [("source_unreadable", "The ERP did not answer. Try again later.")]


def test_an_error_of_the_platform_is_reported_as_such(sync):
    result = sync({"companies": [None]})
    assert reason_of(result) == [("our_fault", "Something went wrong on our side. Nothing was changed.")]


def test_a_missing_upload_is_reported(uploads):
    sync_request = uploads.ask("erpKey\nC1\n", "companies.csv")
    default_storage.delete(sync_request.upload.content.name)
    sync_request = uploads.run(sync_request)
    assert reason_of(sync_request) == [
        (
            "upload_missing",
            "The uploaded file “companies.csv” is no longer in the upload storage. Upload it again.",
        )
    ]


def test_an_unknown_connector_is_reported(db):
    sync_request = SyncRequestFactory(running=True, connector="nobody")
    pipeline.run(sync_request)
    sync_request.refresh_from_db()
    known = ", ".join(sorted(registry))
    assert reason_of(sync_request) == [("unknown_connector", f"No connector is called “nobody”. Known: {known}.")]


def test_a_wrong_setting_is_reported(db):
    enrollment = AppEnrollmentFactory()
    CustomFieldDefinition.objects.filter(app=enrollment.app, app_enrollment=None).delete()
    CustomFieldDefinition.objects.create(
        group_key=enrollment.group_key, app=enrollment.app, app_enrollment=enrollment, table_key="AppEnrollment",
        name="invoices", custom_field_label="Invoices", data_type="Number", value="many",
    )  # fmt: skip
    sync_request = SyncRequestFactory(app_enrollment=enrollment, running=True, connector="demo-data")
    pipeline.run(sync_request)
    sync_request.refresh_from_db()
    assert [code for code, _ in reason_of(sync_request)] == ["bad_setting"]
