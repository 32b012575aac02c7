"""Amounts on the negative side of a ledger, or with a minus: asked whether they are credit notes."""

import pytest

from syncs.import_profiles.proposal import complete
from tests.import_profiles.inspecting import asked, books, inspect_one, shown

HEADER = "Invoice No,Customer ID,Date,Total\n"
LEDGER = HEADER + "R1,K1,2024-12-31,125.00 {}\nR2,K1,2024-12-31,12.50 {}\nR3,K1,2025-01-02,0.00\n"


@pytest.mark.parametrize(("debit", "credit"), [("DR", "CR"), ("Dr", "Cr"), ("D", "C"), ("S", "H")])
def test_lines_on_the_negative_side_are_asked_whether_they_are_credit_notes(debit, credit):
    content = LEDGER.format(debit, credit)
    books_ = books(keys=("K1",), currency="EUR")
    assert "sign" not in asked(inspect_one(content, "invoices.csv", books=books_))
    answers = {"side:Total": credit.upper()}
    one = inspect_one(content, "invoices.csv", books=books_, answers=answers)
    assert asked(one)["sign"] == "credit"
    assert shown(one, "sign") == "1 of 3 are negative."
    found = [(record.values["invoiceTypeCode"], record.values["totalAmount"]) for record in one.file.preview.records]
    assert found == [("AR Invoice", "125.00"), ("AR Credit Memo", "12.50"), ("AR Invoice", "0.00")]
    (kept,) = complete(one.proposal, {"sign": "keep"}).records
    assert kept.fields["totalAmount"].negative == (credit.upper(),)


@pytest.mark.parametrize(
    "amount",
    ["-12.50", "(12.50)", "12.50-"],
)
def test_negative_amounts_without_a_type_are_asked_whether_they_are_credit_notes(amount):
    content = f"{HEADER}R1,K1,2024-12-31,125.00\nR2,K1,2024-12-31,{amount}\n"
    one = inspect_one(content, "invoices.csv", books=books(keys=("K1",), currency="EUR"))
    assert asked(one)["sign"] == "credit"
    assert [record.values["totalAmount"] for record in one.file.preview.records] == ["125.00", "12.50"]
