"""Syncs of drop folders: what is loaded, what is said, and where the files are afterwards."""

import csv
import io
import re
from decimal import Decimal

import pytest

from adsplatform.records.models import Company, Invoice
from enrollments.models import Application
from enrollments.services import enroll
from syncs.connectors import connector_named, registry
from syncs.loading import pipeline
from syncs.models import SourceState, SyncRequest
from syncs.services.corrections import load_again, save_correction
from syncs.services.import_profiles import save_profile
from tests.connectors.reading import zipped
from tests.corrections.conftest import run
from tests.drop_folder.test_conformance import COMPANIES, companies
from tests.factories import AccountFactory, SyncRequestFactory, UserFactory
from tests.import_profiles.documents import document
from tests.import_profiles.test_loading import text, workbook

pytestmark = pytest.mark.django_db
INVOICES = "erpKey,companyErpKey,customerErpKey,currencyRate\nI1,C1,C1,1\nI2,C2,C2,1\n"


@pytest.fixture
def enrollment(folder):
    return enrolled(folder)


def enrolled(folder, **settings):
    app = Application.objects.get(connector=folder.connector)
    given = folder.settings | settings
    return enroll(AccountFactory(), app, UserFactory(), settings=given, credentials=folder.credentials)


def sync(enrollment, **values):
    found = SyncRequestFactory(app_enrollment=enrollment, running=True, connector=enrollment.app.connector, **values)
    pipeline.run(found)
    found.refresh_from_db()
    return found


def loaded(enrollment, **values):
    found = sync(enrollment, **values)
    assert found.status_code == SyncRequest.Status.SUCCESS, found.process_result_message
    return {result.entity: result.inserted + result.updated for result in found.results.all()}


def keys(model, enrollment):
    return sorted(model.objects.filter(app_enrollment=enrollment).values_list("erp_key", flat=True))


def problems(sync_request):
    return sorted(sync_request.details.values_list("file", "line", "code"))


def errors_of(folder, name):
    return list(csv.DictReader(io.StringIO(folder.text(name))))


def test_all_files_are_one_sync_and_are_moved_when_it_is_committed(folder, enrollment):
    # References resolve, though the invoices come first.
    folder.put("invoices_2026-11-30.csv", INVOICES)
    folder.put("z_books.zip", zipped({"companies.csv": COMPANIES}))
    folder.put(".invoices.csv", "no file of ours")
    folder.put("contacts.csv.part", "still on its way")
    assert loaded(enrollment) == {"Invoice": 2, "Company": 2}
    assert keys(Invoice, enrollment) == ["I1", "I2"]
    assert folder.names() == [
        ".invoices.csv",
        "contacts.csv.part",
        "processed/invoices_2026-11-30.csv",
        "processed/z_books.zip",
    ]
    assert sync(enrollment).process_result_message == "Nothing new: the source had no lines."


def test_rejected_lines_are_listed_beside_the_file(folder, enrollment):
    folder.put("books.zip", zipped({"companies.csv": COMPANIES + ",=1+1,Customer,true\n", "invoices.csv": INVOICES}))
    folder.put("report.pdf", b"%PDF-1.7")
    found = sync(enrollment)
    assert found.status_code == "Success"
    assert problems(found) == [
        ("books.zip/companies.csv", 4, "required_empty"),
        ("report.pdf", None, "unknown_format"),
    ]
    assert folder.names() == [
        "failed/report.pdf", "failed/report.pdf.errors.csv", "processed/books.zip", "processed/books.zip.errors.csv",
    ]  # fmt: skip
    [of_line] = errors_of(folder, "processed/books.zip.errors.csv")
    assert (of_line["File"], of_line["Line"], of_line["Code"]) == ("books.zip/companies.csv", "4", "required_empty")
    assert of_line["Line as sent"] == ",=1+1,Customer,true"
    [of_file] = errors_of(folder, "failed/report.pdf.errors.csv")
    assert of_file["Problem"].startswith("The file “report.pdf” is neither CSV, JSONL nor XLSX")


def test_files_of_a_sync_that_fails_by_them_go_to_failed(folder, enrollment):
    folder.put("invoices.csv", INVOICES)
    found = sync(enrollment)
    assert (found.status_code, found.failure_code) == ("Failed", "nothing_loaded")
    assert folder.names() == ["failed/invoices.csv", "failed/invoices.csv.errors.csv"]
    assert {row["Code"] for row in errors_of(folder, "failed/invoices.csv.errors.csv")} == {"reference_not_found"}
    assert not SourceState.objects.exists()


def test_a_preview_moves_nothing_and_remembers_nothing(folder, enrollment):
    folder.put("companies.csv", COMPANIES)
    assert sync(enrollment, dry_run=True).status_code == "Success"
    assert folder.names() == ["companies.csv"]
    assert loaded(enrollment) == {"Company": 2}


def test_a_name_that_is_taken_gets_the_time_before_its_ending(folder, enrollment):
    for number in (1, 2):
        folder.put("companies.csv", companies(**{f"C{number}": "Acme"}), seconds=number)
        assert loaded(enrollment) == {"Company": 1}
    first, second = folder.names()
    assert second == "processed/companies.csv"
    assert re.fullmatch(r"processed/companies-\d{8}-\d{6}\.csv", first)
    assert folder.text(second).endswith("C1,Acme,Customer,true\n")


def test_where_nothing_may_be_changed_it_remembers_what_it_has_read(folder):
    enrollment = enrolled(folder, afterwards="keep")
    folder.put("companies.csv", COMPANIES)
    folder.put("report.pdf", b"%PDF-1.7")
    assert loaded(enrollment) == {"Company": 2}
    assert loaded(enrollment) == {}
    folder.put("companies.csv", companies(C3="Carl & Söhne"), seconds=5)
    assert loaded(enrollment) == {"Company": 1}
    assert folder.names() == ["companies.csv", "report.pdf"]
    state = SourceState.objects.get(app_enrollment=enrollment).state
    assert state["files"].keys() == {"companies.csv", "report.pdf"}


def test_what_could_not_be_moved_is_not_loaded_twice_and_moved_later(folder, enrollment, monkeypatch):
    """As when the process is killed right after the commit."""
    connector = connector_named(folder.connector)

    class Killed(type(connector)):
        def put_away(self, source, end):
            raise RuntimeError("The connection was lost.")

    monkeypatch.setitem(registry, folder.connector, Killed())
    folder.put("companies.csv", COMPANIES)
    assert loaded(enrollment) == {"Company": 2}
    assert folder.names() == ["companies.csv"]
    monkeypatch.setitem(registry, folder.connector, connector)
    folder.put("invoices.csv", INVOICES)
    found = sync(enrollment)
    assert [(result.entity, result.lines_read) for result in found.results.all()] == [("Invoice", 2)]
    assert problems(found) == [("companies.csv", None, "file_not_moved")]
    assert folder.names() == ["processed/companies.csv", "processed/invoices.csv"]


def test_a_newer_file_of_the_same_name_is_not_moved_for_the_old_one(folder, enrollment, monkeypatch):
    connector = connector_named(folder.connector)

    class Slow(type(connector)):
        def put_away(self, source, end):
            folder.put("companies.csv", companies(C3="Carl"), seconds=9)
            super().put_away(source, end)

    monkeypatch.setitem(registry, folder.connector, Slow())
    folder.put("companies.csv", COMPANIES)
    assert loaded(enrollment) == {"Company": 2}
    assert folder.names() == ["companies.csv"]
    monkeypatch.setitem(registry, folder.connector, connector)
    assert loaded(enrollment) == {"Company": 1}
    assert keys(Company, enrollment) == ["C1", "C2", "C3"]


def test_a_full_sync_deletes_what_the_files_lack_but_not_with_two_deliveries(folder, enrollment):
    folder.put("companies_2026-11-29.csv", COMPANIES)
    loaded(enrollment)
    folder.put("companies_2026-11-30.csv", companies(C1="Acme"))
    folder.put("companies_2026-12-01.csv", companies(C3="Carl"))
    found = sync(enrollment, run_full_sync=True)
    assert {code for _, _, code in problems(found)} >= {"several_deliveries"}
    assert keys(Company, enrollment) == ["C1", "C2", "C3"]
    folder.put("companies_2026-12-02.csv", companies(C3="Carl", C1="Acme"))
    loaded(enrollment, run_full_sync=True)
    assert keys(Company, enrollment) == ["C1", "C3"]


def test_files_are_read_by_import_profiles(sftp_folder):
    enrollment = enrolled(sftp_folder)
    sftp_folder.put("liste.csv", text("R1;31.12.2024;K1;RE;1.000,50;190,10;1.190,60;ja"))
    found = sync(enrollment)
    assert found.failure_code == "profile_needed"
    assert "in the Inbox by uploading it there or by an import profile" in found.process_result_message
    save_profile(enrollment, UserFactory(), document())
    sftp_folder.put("liste.csv", text("R1;31.12.2024;K1;RE;1.000,50;190,10;1.190,60;ja"))
    sftp_folder.put("z_companies.csv", companies(OWN="We", K1="Acme"))
    assert loaded(enrollment) == {"Invoice": 1, "Company": 2}
    assert Invoice.objects.get(app_enrollment=enrollment).total_amount == Decimal("1190.60")
    assert found.details.get(code="unknown_file").file == "liste.csv"


def test_workbooks_are_read_and_their_dates_in_names_passed_over(sftp_folder):
    enrollment = enrolled(sftp_folder)
    content = workbook({"Companies": [line.split(",") for line in (COMPANIES + ",Nobody,Customer,true").splitlines()]})
    sftp_folder.put("companies_2026-11-30.xlsx", content)
    found = sync(enrollment)
    assert [(result.entity, result.inserted, result.rejected) for result in found.results.all()] == [("Company", 2, 1)]
    assert "processed/companies_2026-11-30.xlsx.errors.csv" in sftp_folder.names()


def test_a_rejected_line_of_a_zip_is_corrected_and_loaded_without_the_folder(sftp_folder):
    enrollment, user = enrolled(sftp_folder), UserFactory()
    invoices = INVOICES.replace("I2,C2,C2,1", "I2,C2,C2,one")
    sftp_folder.put("books.zip", zipped({"companies.csv": COMPANIES, "invoices.csv": invoices}))
    found = sync(enrollment)
    assert keys(Invoice, enrollment) == ["I1"]
    before, state = sftp_folder.names(), SourceState.objects.get().state
    save_correction(found.details.get(kind="error"), user, {"currencyRate": "1"})
    run(load_again(found, user))
    assert keys(Invoice, enrollment) == ["I1", "I2"]
    assert (sftp_folder.names(), SourceState.objects.get().state) == (before, state)
