"""Ledgers with several kinds of documents, and journals: signs, amounts and keys that must not be mixed up."""

import pytest

from syncs.import_profiles.document_writer import to_json
from syncs.import_profiles.proposal import complete
from tests.import_profiles.inspecting import asked, books, inspect_one
from tests.import_profiles.loading import ProfiledUploads

BOOKS = books(keys=("C1", "C2"), currency="EUR")
LEDGER = """\
Customer No.,Posting Date,Document Type,Document No.,Currency Code,Amount,Amount (LCY),Remaining Amount,Due Date
C1,31/01/2025,Invoice,103001,EUR,100.00,100.00,100.00,28/02/2025
C1,31/01/2025,Payment,P1,EUR,-100.00,-100.00,0.00,31/01/2025
C2,02/02/2025,Credit Memo,CR1,USD,-50.00,-45.00,-50.00,02/02/2025
"""
AUDIT_TRAIL = """\
No,Type,Account Ref,Details,Date,Reference,Net Amount,Tax Amount,Paid,Amount Paid
1,SI,C1,Goods,31/01/2025,INV1,100.00,20.00,N,0.00
2,SC,C1,Return,01/02/2025,CN1,10.00,2.00,N,0.00
3,SA,C1,Payment,03/02/2025,P1,50.00,0.00,N,0.00
"""
JOURNALS = """\
JournalCode|EcritureNum|EcritureDate|CompteNum|CompteLib|EcritureLib|Debit|Credit|Idevise
VE|1|20250131|411000|Clients|Janvier|120,00|0,00|EUR
VE|1|20250131|707000|Ventes|Janvier|0,00|120,00|EUR
BQ|1|20250131|512000|Banque|Janvier|50,00|0,00|EUR
BQ|1|20250131|411000|Clients|Janvier|0,00|50,00|EUR
"""


def values(one, *names):
    return [[record.values.get(name) for name in names] for record in one.file.preview.records]


def test_negative_payments_and_credit_notes_are_turned_with_all_their_amounts():
    one = inspect_one(LEDGER, books=BOOKS)
    assert asked(one)["values:Document Type"] == {
        "Invoice": "AR Invoice",
        "Payment": "AR Payment, amounts turned positive",
        "Credit Memo": "AR Credit Memo, amounts turned positive",
    }
    assert values(one, "totalAmount", "baseCurrencyTotalAmount", "paymentAmount", "baseCurrencyPaymentAmount") == [
        ["100.00", "100.00", None, None],
        [None, None, "100.00", "100.00"],
        ["50.00", "45.00", None, None],
    ]


def test_what_is_paid_of_invoices_is_not_the_amount_of_a_payment():
    one = inspect_one(AUDIT_TRAIL, books=BOOKS)
    assert asked(one)["column:Net Amount"] == "netAmount, paymentAmount"
    assert "“Amount Paid” is empty or 0 in all payments, so it is not their amount." in one.file.told
    assert values(one, "netAmount", "paymentAmount") == [["100.00", None], ["10.00", None], [None, "50.00"]]
    confirmed = inspect_one(AUDIT_TRAIL, books=BOOKS, answers=asked(one))
    assert values(confirmed, "netAmount", "paymentAmount") == values(one, "netAmount", "paymentAmount")


def test_amounts_that_are_paid_stay_those_of_payments():
    one = inspect_one(AUDIT_TRAIL.replace("50.00,0.00,N,0.00", "0.00,0.00,N,50.00"), books=BOOKS)
    assert "column:Net Amount" not in asked(one)
    assert values(one, "paymentAmount") == [[None], [None], ["50.00"]]


def test_net_amounts_alone_are_told_and_their_signs_asked():
    text = (
        "Invoice No,Customer ID,Invoice Date,Net Amount,Currency\n1,C1,2025-01-31,9.50,EUR\n2,C2,2025-02-01,-1.00,EUR\n"
    )
    one = inspect_one(text, books=BOOKS)
    assert asked(one)["sign"] == "credit"
    assert "The file has no total of each invoice: it is left empty." in one.file.told
    assert values(one, "invoiceTypeCode", "netAmount") == [["AR Invoice", "9.50"], ["AR Credit Memo", "1.00"]]


@pytest.mark.django_db
def test_entries_of_two_journals_with_one_number_are_two_entries():
    one = inspect_one(JOURNALS, "journal.txt", books=BOOKS)
    assert "Each journal may count for itself: an entry is known by “JournalCode” and “EcritureNum”." in one.file.told
    uploads = ProfiledUploads()
    uploads.save(to_json(complete(one.proposal, {})))
    assert uploads.load(JOURNALS, "journal.txt").status_code == "Success"
    assert set(uploads.records("JournalEntry")) == {"VE-1", "BQ-1"}
    assert uploads.records("JournalEntryLine", "debit", "credit") == {
        "VE-1-1": ["120", "0"],
        "VE-1-2": ["0", "120"],
        "BQ-1-1": ["50", "0"],
        "BQ-1-2": ["0", "50"],
    }
