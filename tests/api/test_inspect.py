"""An inspection: what the file in the body seems to be; nothing is loaded and nothing kept."""

import io
import json
from urllib.parse import quote

import pytest

from adsplatform.records.models import Company
from enrollments.models import FILE_UPLOAD, Application
from syncs.import_profiles.document_writer import to_json
from syncs.import_profiles.proposal import complete
from syncs.models import SyncRequest, Upload
from syncs.services import inspection, unanswered
from syncs.services.import_profiles import save_profile
from tests.factories import AppEnrollmentFactory
from tests.import_profiles.inspecting import books, inspect_one, zip_of
from tests.import_profiles.test_proposals import GERMAN, MIXED
from tests.loading.uploading import Uploads

pytestmark = pytest.mark.django_db
FORM = "multipart/form-data; boundary=b0unda7y"


def form(text, name):
    content = text if isinstance(text, bytes) else text.encode()
    head = f'--b0unda7y\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
    return head + content + b"\r\n--b0unda7y--\r\n"


def inspect(program, text, name, query=""):
    return program.send("POST", f"Sync/zip/inspect{query}", form(text, name), FORM)


def test_it_says_what_a_file_seems_to_be_and_loads_nothing(program):
    answer = inspect(program, GERMAN, "liste.csv")
    assert answer.status_code == 200
    body = answer.json()
    (file,) = body["files"]
    assert body["needsAnswers"] is True
    assert file["reading"] == "proposal"
    assert file["summary"] == "Semicolons, decimal commas, dates like 28.02.2025, 11 of 12 columns recognised"
    assert (file["columnCount"], file["recognisedColumnCount"]) == (12, 11)
    assert file["proposal"]["format"] == "import-profile/1"
    assert file["preview"]["firstLines"][0] == {"line": 1, "text": GERMAN.splitlines()[0]}
    assert not Upload.objects.exists()
    assert not SyncRequest.objects.exists()


def test_each_file_of_a_zip_is_inspected(program):
    packed = zip_of(companies__csv="erpKey,companyName\nC1,Acme\n", mixed__csv=MIXED, notes__docx="x")
    files = inspect(program, packed, "books.zip").json()["files"]
    assert [(file["file"], file["reading"]) for file in files] == [
        ("companies.csv", "strict"),
        ("mixed.csv", "proposal"),
        ("notes.docx", "unreadable"),
    ]
    assert files[1]["ask"][0] == {
        "id": "dates:Date",
        "what": "dates",
        "question": "How are the dates in “Date” written?",
        "verdict": "open",
        "show": files[1]["ask"][0]["show"],
        "column": "Date",
        "kind": "",
        "field": "",
        "choices": [
            {"value": "DD/MM/YYYY", "label": "DD/MM/YYYY: 02/03/2025 is 2 March 2025"},
            {"value": "MM/DD/YYYY", "label": "MM/DD/YYYY: 02/03/2025 is 3 February 2025"},
        ],
        "isFree": False,
        "words": [],
    }


def test_answers_given_so_far_are_taken_into_account(program):
    answers = quote(json.dumps({"mixed.csv": {"dates:Date": "MM/DD/YYYY"}}))
    (file,) = inspect(program, MIXED, "mixed.csv", f"?answers={answers}").json()["files"]
    assert file["proposal"]["styles"]["dates"] == "MM/DD/YYYY"
    assert [question["id"] for question in file["ask"] if question["verdict"] == "open"] == ["constant:companyErpKey"]


def test_an_answer_that_does_not_fit_is_refused(program):
    answers = quote(json.dumps({"mixed.csv": {"dates:Date": "perhaps"}}))
    answer = inspect(program, MIXED, "mixed.csv", f"?answers={answers}")
    assert answer.status_code == 400
    assert "“perhaps” is no answer to “How are the dates in “Date” written?”" in str(answer.json())


def test_companies_are_looked_up_in_the_books_of_the_enrollment(program):
    enrollment = AppEnrollmentFactory(group_key=program.account)
    for key, name, company_type in (("OWN", "We", "Company"), ("C1", "HARBOR Cafe", "Customer")):
        Company.objects.create(
            erp_key=key, company_name=name, company_type=company_type, is_active=True,
            app_enrollment=enrollment, group_key=program.account.pk,
        )  # fmt: skip
    text = "Invoice No,Customer,Invoice Date,Due Date,Total Amount\nA1,Harbor Cafe,2025-01-15,2025-02-14,12.50\n"
    text += "A2,Quay Books,2025-01-16,2025-02-14,10.50\n"
    (file,) = inspect(program, text, "x.csv", f"?appEnrollmentId={enrollment.pk}").json()["files"]
    asked = {question["id"]: question for question in file["ask"]}
    assert asked["constant:companyErpKey"]["suggest"] == "OWN"
    assert asked["reference:Customer"]["show"] == (
        "By company name, 1 of 2 found. Lines of “Quay Books” will be rejected."
    )


def test_the_enrollment_of_another_account_is_404(program):
    other = AppEnrollmentFactory()
    assert inspect(program, MIXED, "mixed.csv", f"?appEnrollmentId={other.pk}").status_code == 404


def test_a_sync_that_needs_a_profile_says_where_to_send_it_and_what_was_found(program, stranger):
    enrollment = AppEnrollmentFactory(
        group_key=program.account, app=Application.objects.get(connector=FILE_UPLOAD), name="Buchhaltung"
    )
    sync = Uploads(enrollment).load(GERMAN, "liste.csv")
    assert sync.failure_code == "profile_needed"
    needed = program.send("GET", f"Sync/{sync.pk}").json()["profileNeeded"]
    assert needed["page"] == f"/uploads/{sync.upload_id}/how-written/"
    assert needed["importProfile"].lower() == f"/api/v1/appenrollments/{enrollment.pk}/import-profile"
    assert needed["needsAnswers"] is True
    (file,) = needed["files"]
    assert file["proposal"]["format"] == "import-profile/1"
    assert file == inspect(program, GERMAN, "liste.csv", f"?appEnrollmentId={enrollment.pk}").json()["files"][0]
    # A list has no findings, which would take too long.
    listed = program.send("GET", f"Sync/Query?filter=syncRequestId='{sync.pk}'").json()["records"][0]
    assert listed["profileNeeded"].keys() == {"page", "importProfile"}
    assert stranger.send("GET", f"Sync/{sync.pk}").status_code == 404


def test_an_inspection_that_takes_too_long_ends_and_its_upload_is_loaded(program, client, monkeypatch):
    enrollment = AppEnrollmentFactory(group_key=program.account, app=Application.objects.get(connector=FILE_UPLOAD))
    files = zip_of(liste__csv=GERMAN, andere__csv=GERMAN)
    monkeypatch.setattr(inspection, "SECONDS", 0.0)
    answer = inspect(program, files, "b.zip")
    sentence = "The files of “b.zip” could not be looked at within 0 seconds. Send fewer at once."
    assert (answer.status_code, answer.json()["detail"]) == (413, sentence)
    asked = unanswered.receive_file(
        program.account, program.user, io.BytesIO(files), file_name="b.zip", enrollment=enrollment
    )
    assert isinstance(asked, SyncRequest)
    sync = Uploads(enrollment).load(files, "b.zip")
    assert sync.failure_code == "profile_needed"
    needed = program.send("GET", f"Sync/{sync.pk}").json()["profileNeeded"]
    assert needed.keys() == {"page", "importProfile"}
    client.force_login(program.user)
    page = client.get(needed["page"])
    assert (page.status_code, sentence in page.text) == (413, True)


def test_an_enrollment_that_takes_no_uploads_is_refused_before_its_file_is_inspected(program):
    enrollment = AppEnrollmentFactory(group_key=program.account, is_active=False, name="Books")
    answer = inspect(program, GERMAN, "liste.csv", f"?appEnrollmentId={enrollment.pk}")
    assert answer.status_code == 400
    assert "is switched off" in answer.json()["detail"]


def test_a_profile_of_the_enrollment_is_named(program):
    enrollment = AppEnrollmentFactory(group_key=program.account, app=Application.objects.get(connector=FILE_UPLOAD))
    one = inspect_one(GERMAN, books=books())
    save_profile(enrollment, None, to_json(complete(one.proposal, {}, name="Monthly list")))
    (file,) = inspect(program, GERMAN, "june.csv", f"?appEnrollmentId={enrollment.pk}").json()["files"]
    assert (file["reading"], file["profile"], file["ask"]) == ("profile", "Monthly list", [])
    assert file["preview"]["records"][0]["values"]["totalAmount"] == "2380.00"
