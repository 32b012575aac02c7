"""Workbooks read by import profiles: a given sheet, headers of two rows, dates and numbers of the sheet itself."""

import pytest

from tests.import_profiles.documents import document
from tests.import_profiles.loading import ProfiledUploads, problems
from tests.samples.sheets import DATE, number, sheet, workbook

pytestmark = pytest.mark.django_db

TWO_ROWS = (["Beleg", None, "Kunde", "Betrag"], ["Nr.", "Datum", "Nr.", "Netto"])
COLUMNS = ["Beleg Nr.", "Beleg Datum", "Kunde Nr.", "Betrag Netto"]
FIELDS = {
    "erpKey": "Beleg Nr.",
    "companyErpKey": {"constant": "OWN"},
    "customerErpKey": "Kunde Nr.",
    "invoiceTypeCode": {"constant": "AR Invoice"},
    "currencyCode": {"constant": "EUR"},
    "invoiceDate": "Beleg Datum",
    "netAmount": "Betrag Netto",
}


def profile(**read):
    return document(
        COLUMNS, read={"sheet": "Liste", "header": [1, 2]} | read, records=[{"kind": "Invoice", "fields": FIELDS}]
    )


@pytest.fixture
def uploads(db):
    found = ProfiledUploads()
    found.companies(("K1", "Krüger"), ("K2", "Müller"))
    return found


def book(*rows, header=TWO_ROWS, names=("Deckblatt", "Liste")):
    return workbook(sheet(["Export von heute"]), sheet(*header, *rows), names=list(names))


GOOD = (["R1", number("45657", DATE), "K1", number("1234.5")], ["R2", "31.12.2024", "K2", "1.234,50"])


def test_a_sheet_is_read_by_its_profile(uploads):
    uploads.save(profile())
    result = uploads.load(book(*GOOD), "rechnungen.xlsx")
    assert uploads.records("Invoice", "invoiceDate", "customerErpKey", "netAmount") == {
        "R1": ["2024-12-31", "K1", "1234.5"],
        "R2": ["2024-12-31", "K2", "1234.5"],
    }
    assert "sheets_not_read" in [code for _, _, code, *_ in problems(result)]
    again = uploads.load(book(*GOOD), "rechnungen.xlsx")
    assert again.process_result_message.startswith("Nothing new")


@pytest.mark.parametrize("written", ["1.234", "12.345", "0.125", "-1.5", "1000", "1234567.891"])
def test_a_number_of_the_sheet_is_never_read_by_the_style_of_texts(uploads, written):
    uploads.save(profile())
    uploads.load(book(["R1", "31.12.2024", "K1", number(written)], GOOD[1]), "rechnungen.xlsx")
    assert uploads.records("Invoice", "netAmount")["R1"] == [written]


def test_columns_in_another_order_are_read(uploads):
    uploads.save(profile())
    header = [[*row[2:], *row[:2]] for row in (["Beleg", "Beleg", "Kunde", "Betrag"], TWO_ROWS[1])]
    rows = [[*row[2:], *row[:2]] for row in GOOD]
    uploads.load(book(*rows, header=header), "rechnungen.xlsx")
    assert set(uploads.records("Invoice")) == {"R1", "R2"}


def test_a_sheet_without_a_column_of_its_profile_is_refused(uploads):
    uploads.save(profile())
    header = ([*TWO_ROWS[0][:3], None], [*TWO_ROWS[1][:3], "Brutto"])
    result = uploads.load(book(*GOOD, header=header), "rechnungen.xlsx")
    assert (result.status_code, result.failure_code) == ("Failed", "profile_contradicted")
    assert "the column “Betrag Netto”" in result.process_result_message
    assert uploads.records("Invoice") == {}


@pytest.mark.parametrize("above", [[[]], [["Rechnungen"], []]])
def test_a_header_in_another_row_is_refused(uploads, above):
    uploads.save(profile())
    result = uploads.load(book(*GOOD, header=(*above, *TWO_ROWS)), "rechnungen.xlsx")
    assert (result.status_code, result.failure_code) == ("Failed", "profile_contradicted")
    assert f"its header is in row {1 + len(above)}, and the profile says in row 1." in result.process_result_message
    assert uploads.records("Invoice") == {}


def test_a_problem_names_the_cell_and_its_own_column(uploads):
    uploads.save(profile())
    result = uploads.load(book(*GOOD, ["R3", number("45657", DATE), "K9", number("5")]), "rechnungen.xlsx")
    [(_, line, code, column, value)] = [one for one in problems(result) if one[0] == "error"]
    assert (line, code, column, value) == (5, "reference_not_found", "Kunde Nr.", "K9")


def test_another_sheet_of_the_same_kind_is_not_read_by_the_profile(uploads):
    uploads.save(profile())
    result = uploads.load(book(*GOOD, names=("Deckblatt", "Andere")), "rechnungen.xlsx")
    assert (result.status_code, result.failure_code) == ("Failed", "profile_contradicted")
    assert "its sheet is called “Andere”, and the profile says “Liste”." in result.process_result_message
    assert uploads.records("Invoice") == {}
