"""The first records of a file as they would be read by what is proposed."""

from tests.import_profiles.exports import GERMAN, LINES, MIXED
from tests.import_profiles.inspecting import books, inspect_one


def test_the_preview_shows_records_as_they_would_be_read():
    preview = inspect_one(GERMAN, books=books()).file.preview
    assert (preview.lines, preview.rejected) == (4, 0)
    assert preview.totals["Invoice.totalAmount"] == {"EUR": "2511.50"}
    first, _, credit = preview.records
    assert (first.kind, first.line, first.values["invoiceDate"], first.values["totalAmount"]) == (
        "Invoice",
        2,
        "2025-02-28",
        "2380.00",
    )
    assert (credit.values["invoiceTypeCode"], credit.values["totalAmount"]) == ("AR Credit Memo", "119.00")


def test_the_preview_counts_the_lines_that_would_be_rejected():
    text = GERMAN.replace("12,50;0,00", "twelve;0,00").rpartition(";;;;Summe")[0]
    preview = inspect_one(text, books=books()).file.preview
    assert preview.rejected == 1


def test_the_preview_waits_for_open_styles():
    assert inspect_one(MIXED, books=books()).file.preview.records == ()
    answered = inspect_one(MIXED, books=books(), answers={"dates:Date": "DD/MM/YYYY"}).file.preview
    assert [record.values["erpKey"] for record in answered.records] == ["S1", "P1", "S2", "P2"]


def test_an_invoice_stands_before_its_lines_in_the_preview():
    preview = inspect_one(LINES, books=books()).file.preview
    assert [(record.kind, record.values["erpKey"]) for record in preview.records] == [
        ("Invoice", "900"),
        ("InvoiceLine", "900-1"),
        ("InvoiceLine", "900-2"),
        ("Invoice", "901"),
        ("InvoiceLine", "901-1"),
    ]
