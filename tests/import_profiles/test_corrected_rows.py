"""Rejected rows of profiled files, downloaded, corrected and sent again."""

import pytest

from syncs.services import corrections
from tests.import_profiles.documents import document, invoice_fields, list_of_invoices
from tests.import_profiles.loading import corrected, counts, errors, written
from tests.samples.sheets import DATE, number, sheet, workbook

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_rejected_rows_of_a_list_are_corrected_in_a_download(uploads, format):
    uploads.save(
        document(records=[{"kind": "Invoice", "fields": invoice_fields(referenceCode={"join": ["Belegnr.", "#line"]})}])
    )
    header = document()["match"]["columns"]
    content = written(
        header,
        ["R1", "31.12.2024", "K1", "RE", "1", "0", "1", "ja"],
        ["-R2", "31.02.2025", "K1", "RE", "-1.234,50", "0", "-1.234,50", "ja"],
        ["R3", "31.12.2024", "K9", "RE", "1.234", "0", "1.234", "ja"],
    )
    sync_request = uploads.load(content, "liste.csv")
    assert counts(sync_request, "Invoice") == (3, 1, 0, 0, 2)
    name, content = corrected(sync_request, format, "31.02.2025", "28.02.2025")
    again = uploads.load(content, name)
    assert uploads.records("Invoice", "invoiceDate", "netAmount", "referenceCode") == {
        "R1": ["2024-12-31", "1", "R12"],
        "-R2": ["2025-02-28", "-1234.5", "-R23"],
    }
    assert errors(again) == [(3, "reference_not_found", "Debitor", "K9")]


@pytest.mark.parametrize("format", ["csv", "xlsx", "correction"])
def test_rejected_rows_of_a_sheet_are_corrected_in_their_own_style(uploads, format):
    columns = ["Nr", "Debitor", "Datum", "Betrag", "Steuer"]
    uploads.save(
        list_of_invoices(
            columns,
            {"invoiceDate": "Datum", "totalAmount": "Betrag", "netAmount": "Steuer"},
            read={"sheet": "Liste", "header": 1},
        )
    )
    rows = [columns, ["R1", "K9", number("45657", DATE), number("1.234"), "1.234,50"]]
    sync_request = uploads.load(workbook(sheet(*rows), names=["Liste"]), "liste.xlsx")
    assert counts(sync_request, "Invoice") == (1, 0, 0, 0, 1)
    if format == "correction":
        detail = sync_request.details.get(code="reference_not_found")
        assert corrections.save_correction(detail, None, {"Debitor": "K2"}).problems == []
        uploads.run(corrections.load_again(sync_request, None))
    else:
        name, content = corrected(sync_request, format, "K9", "K2")
        uploads.load(content, name)
    assert uploads.records("Invoice", "customerErpKey", "invoiceDate", "totalAmount", "netAmount") == {
        "R1": ["K2", "2024-12-31", "1.234", "1234.5"]
    }
