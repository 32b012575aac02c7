"""Transactions: invoices, credit memos and payments in one list, with sums."""

import json
from decimal import Decimal
from urllib.parse import urlencode

import pytest

from adsplatform.records import models as records
from tests.books import Books


@pytest.fixture
def books(program):
    return Books(program.account)


def query(program, **parameters):
    answer = program.get("Transactions/query", urlencode({"currentDate": "2025-04-10", **parameters}))
    assert answer.status_code == 200, answer.content
    return json.loads(answer.content, parse_float=Decimal)


def test_all_that_is_owed_and_paid_is_in_one_list(program, books):
    found = query(program, order="erpKey")
    assert [(each["erpKey"], each["transactionType"], each["transactionStatus"]) for each in found["records"]] == [
        ("I1", "AR Invoice", "Open"),
        ("M1", "AR Credit Memo", "Closed"),
        ("Z1", "AR Payment", "Closed"),
    ]
    invoice, memo, payment = found["records"]
    assert invoice["transactionId"] == str(books.invoice.pk)
    assert (invoice["transactionAmount"], invoice["outstandingAmount"], invoice["daysPastDue"]) == (119, 49, 10)
    assert (invoice["transactionDate"], invoice["dueDate"]) == ("2025-03-01T00:00:00.000Z", "2025-03-31T00:00:00.000Z")
    assert (invoice["transactionCustomerId"], invoice["transactionCustomerName"]) == (
        str(books.company.pk),
        "Müller & Söhne",
    )
    assert [each["transactionDetailCount"] for each in (invoice, memo, payment)] == [2, 1, 1]
    assert (memo["daysPastDue"], payment["daysPastDue"], invoice["supportsErpPdfRetrieval"]) == (0, 0, False)


def test_sums_are_over_all_that_match_and_not_over_the_page(program, books):
    found = query(program, pageSize=1, order="erpKey")
    assert len(found["records"]) == 1
    assert found["totalCount"] == 3
    assert found["summary"] == {
        "totalCount": 3,
        "totalAmount": Decimal("189"),
        "outstandingAmount": Decimal("49"),
        "invoiceOpenCount": 1,
        "invoicePastDueCount": 1,
    }
    assert found["agingSummary"] == [
        {"bucket": "Current", "outstandingBalance": 0},
        {"bucket": "1-30", "outstandingBalance": 49},
        {"bucket": "31-60", "outstandingBalance": 0},
        {"bucket": "61-90", "outstandingBalance": 0},
        {"bucket": "91+", "outstandingBalance": 0},
    ]
    assert found["currencySummaries"] == [{"currencyCode": "EUR", "totalAmount": 189, "outstandingAmount": 49}]
    early = query(program, currentDate="2025-03-31T00:00:00Z")
    assert (early["summary"]["invoicePastDueCount"], early["agingSummary"][0]["outstandingBalance"]) == (0, 49)


def test_computed_members_can_be_filtered_and_sorted_by(program, books):
    found = query(program, filter="daysPastDue > 5 and transactionCustomerName contains 'söhne'")
    assert [each["erpKey"] for each in found["records"]] == ["I1"]
    found = query(program, filter="transactionDetailCount = 1", order="transactionAmount desc")
    assert [each["erpKey"] for each in found["records"]] == ["Z1", "M1"]


def test_a_voided_one_says_so(program, books):
    records.Payment.objects.filter(pk=books.payment.pk).update(is_voided=True)
    (payment,) = query(program, filter="recordType = 'Payment'")["records"]
    assert payment["transactionStatus"] == "Voided"


def test_the_details_are_what_is_applied(program, stranger, books):
    details = json.loads(program.get(f"Transactions/{books.invoice.pk}/details").content, parse_float=Decimal)
    assert [(each["transactionDetailId"], each["transactionAmount"]) for each in details] == [
        (str(books.payment.pk), Decimal("59.5")),
        (str(books.credit_memo.pk), Decimal("10.5")),
    ]
    assert details[0]["transactionDetailAppliedId"] == str(books.application.pk)
    assert details[0]["baseCurrencyTransactionAmount"] == Decimal("59.5")
    (of_payment,) = program.get(f"Transactions/{books.payment.pk}/details").json()
    assert of_payment["transactionDetailId"] == str(books.invoice.pk)
    assert stranger.get(f"Transactions/{books.invoice.pk}/details").status_code == 404


def test_another_account_sees_none(program, stranger, books):
    assert query(stranger)["records"] == []
    assert query(stranger)["summary"]["totalAmount"] == 0


def test_a_day_that_is_none_is_refused(program, books):
    refused = program.get("Transactions/query", "currentDate=soon")
    assert refused.status_code == 400
    assert refused.json()["detail"] == "currentDate: “soon” is no day. Write it as YYYY-MM-DD, like 2025-03-31."
