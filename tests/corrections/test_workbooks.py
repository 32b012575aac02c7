"""Rejected rows of a workbook are corrected, loaded again and downloaded like those of a CSV file."""

import pytest

from adsplatform.records.models import Company
from syncs.models import SyncFile
from syncs.models.corrections import Correction
from syncs.rejected_rows.reader import RejectedRowReader
from tests.corrections.test_downloads import download
from tests.samples.sheets import number, sheet, workbook

pytestmark = pytest.mark.django_db
HEADER = ["erpKey", "companyName", "companyType", "isActive"]


@pytest.fixture
def faulty_book(load):
    book = sheet(HEADER, ["C1", "Acme", "Customer", "true"], [number("2"), 'Bolt, "the"\nlate', "Customer", "perhaps"])
    return load(workbook(book), "company.xlsx")


def test_a_row_of_a_workbook_has_the_values_that_were_sent(faulty_book):
    head = SyncFile.objects.get(sync_request=faulty_book)
    assert (head.entity, head.file, head.columns, head.delimiter) == ("Company", "company.xlsx", HEADER, ",")
    detail = faulty_book.details.get(line=3)
    assert RejectedRowReader(faulty_book).row_of(detail).values == {
        "erpKey": "2",
        "companyName": 'Bolt, "the"\nlate',
        "companyType": "Customer",
        "isActive": "perhaps",
    }


def test_a_row_of_a_workbook_is_corrected_and_loaded_again(faulty_book, correct, load_again):
    assert correct(faulty_book, 3, isActive="true").state == "mended"
    assert load_again(faulty_book).status_code == "Success"
    assert Company.objects.get(erp_key="2").company_name == 'Bolt, "the"\nlate'
    assert Correction.objects.get().state == "cured"


def test_a_downloaded_workbook_is_read_back(faulty_book, load):
    name, content = download(faulty_book, "xlsx")
    again = load(content, name)
    detail = again.details.get(line=2)
    assert (detail.column, detail.code, detail.value) == ("isActive", "bad_boolean", "perhaps")
    assert detail.message.startswith("Cell D2, isActive: ")
    assert [d.code for d in again.details.filter(line=None)] == ["nothing_loaded"]


def test_rows_of_two_sheets_have_each_its_own_columns(load):
    """Both sheets have a row 2 of companies, with the columns in another order."""
    book = workbook(
        sheet(HEADER, ["C1", "Acme", "Customer", "perhaps"], ["C3", "Core", "Customer", "true"]),
        sheet(HEADER[::-1], ["maybe", "Vendor", "Bolt", "C2"]),
    )
    faulty = load(book, "companies.xlsx")
    first, second = faulty.details.filter(kind="error").order_by("id")
    assert [(d.file, d.line, d.erp_key, d.value) for d in (first, second)] == [
        ("companies.xlsx, sheet “Sheet1”", 2, "C1", "perhaps"),
        ("companies.xlsx, sheet “Sheet2”", 2, "C2", "maybe"),
    ]
    rows = RejectedRowReader(faulty)
    assert rows.row_of(first).values["companyName"] == "Acme"
    assert rows.row_of(second).values == dict(zip(HEADER, ["C2", "Bolt", "Vendor", "maybe"], strict=True))
