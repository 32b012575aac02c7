"""Aging in both published shapes, against a calculation in plain Python."""

import itertools
from collections import defaultdict
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

import pytest

from adsplatform.records import models as records
from tests.books import Books
from tests.reports.random_books import TODAY, RandomBooks

SEEDS = range(3)
DAYS = (TODAY, TODAY - timedelta(days=100), TODAY + timedelta(days=45))


def is_of(side, type):
    return ((type or "").upper()[:3] == "AP ") == (side == "ap")


def expected_items(books, side, day, *, company=None, unapplied=False):
    """(days past due, currency, outstanding, value) of all that counts."""
    end = datetime.combine(day + timedelta(days=1), time(), UTC)
    for each in books.invoices:
        if each.is_voided or each.is_draft or not is_of(side, each.invoice_type_code):
            continue
        if (each.invoice_date and each.invoice_date > day) or company not in (None, each.company_id, each.customer_id):
            continue
        sign = -1 if (each.invoice_type_code or "").upper().endswith("CREDIT MEMO") else 1
        outstanding, value = balance_of(each) if day >= TODAY else rest_of(each, books, end)
        due = each.payment_due_date or each.invoice_date or day
        yield (day - due).days, each.currency_code, sign * outstanding, sign * value
    for each in books.payments if unapplied else ():
        if each.is_voided or not is_of(side, each.payment_type) or each.payment_date > day:
            continue
        if company in (None, each.company_id):
            left = each.unapplied_amount if day >= TODAY else unapplied_of(each, books, end)
            yield 0, each.currency_code, -left, -left * each.currency_rate


def balance_of(invoice):
    """What the books hold as outstanding, and that in the base currency."""
    outstanding, value = (
        invoice.outstanding_balance_amount or Decimal(0),
        invoice.base_currency_outstanding_balance_amount,
    )
    return outstanding, outstanding * invoice.currency_rate if value is None else value


def rest_of(invoice, books, end):
    """The total less what was applied before `end`; in these books, the base currency is always by the rate."""
    rest = invoice.total_amount or Decimal(0)
    for applied in books.applied:
        if applied.invoice_id == invoice.pk and applied.apply_to_invoice_date < end:
            rest -= applied.payment_applied_amount
    for credit in books.credits:
        if invoice.pk in (credit.invoice_id, credit.credit_memo_invoice_id) and credit.apply_to_invoice_date < end:
            rest -= credit.credit_memo_applied_amount
    return rest, rest * invoice.currency_rate


def unapplied_of(payment, books, end):
    applied = (each for each in books.applied if each.payment_id == payment.pk and each.apply_to_invoice_date < end)
    return payment.payment_amount - sum(each.payment_applied_amount for each in applied)


def bucket_of(days, limits):
    return sum(days > limit for limit in limits)


def rounded(amount):
    return round(amount, 4)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("day", DAYS)
def test_aging_is_what_plain_python_calculates(program, report, seed, day):
    books = RandomBooks(program.account, seed)
    company = books.companies[1].pk
    for side, of, unapplied in itertools.product(("ar", "ap"), (None, company), (False, True)):
        expected = [Decimal(0)] * 5
        for days, _, _, value in expected_items(books, side, day, company=of, unapplied=unapplied):
            expected[bucket_of(days, (0, 30, 60, 90))] += value
        asked = {"reportDate": day} | ({"companyId": of} if of else {}) | {"includeUnapplied": unapplied}
        found = report(f"{side}/aging", **asked)
        assert [bucket["bucket"] for bucket in found["buckets"]] == [0, 1, 2, 3, 4]
        assert [rounded(bucket["value"]) for bucket in found["buckets"]] == list(map(rounded, expected))
        assert found["total"] == sum(bucket["value"] for bucket in found["buckets"])
        assert found["outstandingFrom"] == ("applications" if day < TODAY else "balances")
        assert any(expected)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("day", DAYS[:2])
def test_every_bucket_leads_to_the_records_that_add_up_to_it(program, report, follow, seed, day):
    RandomBooks(program.account, seed)
    found = report("ar/aging", reportDate=day, includeUnapplied=True)
    for bucket in found["buckets"]:
        items, total = follow(bucket["source"])
        assert total == bucket["value"]
        assert {item["bucket"] for item in items} <= {bucket["bucket"]}
    items, total = follow(found["source"])
    assert total == found["total"]
    for item in items[:5]:
        path = f"Invoices/{item['invoiceId']}" if item["recordType"] == "Invoice" else f"Payments/{item['paymentId']}"
        assert program.get(path).json()["erpKey"] == item["erpKey"]


@pytest.mark.parametrize("seed", SEEDS)
def test_aging_by_currency_is_not_converted(program, report, follow, seed):
    books = RandomBooks(program.account, seed)
    for asked, bounds in (({}, (0, 30, 60, 90, 120, 180)), ({"Buckets": [10, 400]}, (10, 400)), ({"Buckets": 5}, (5,))):
        expected = defaultdict(Decimal)
        for days, currency, outstanding, _ in expected_items(books, "ap", TODAY):
            expected[currency, bucket_of(days, bounds[:-1])] += outstanding
        currencies = {currency for currency, _ in expected}
        found = report("aging", ApReport="True", Recalculate="True", CurrencyProvider="None", **asked)
        assert len(found) == len(currencies) * len(bounds)
        for row in found:
            key = row.get("currencyCode"), bounds.index(row["bucket"])
            assert row["outstandingBalance"] == expected[key], key
            assert follow(row["source"])[1] == row["outstandingBalance"]


def test_aging_is_converted_into_the_base_currency_only(program, report, refusal, follow):
    RandomBooks(program.account, 1)
    found = report("aging", CurrencyCode="eur", Buckets="0,30,60,90,91")
    assert [row["currencyCode"] for row in found] == ["EUR"] * 5
    assert [row["outstandingBalance"] for row in found] == [bucket["value"] for bucket in report("ar/aging")["buckets"]]
    for row in found:
        assert follow(row["source"])[1] == row["outstandingBalance"]
    status, words = refusal("aging", CurrencyCode="USD")
    assert (status, words) == (
        400, "CurrencyCode: amounts can be converted into the base currency of the account only, EUR."
    )  # fmt: skip
    type(program.account).objects.update(base_currency_code="")
    assert "Leave CurrencyCode out" in refusal("aging", CurrencyCode="EUR")[1]


def test_where_nothing_is_due_every_bucket_is_zero(report):
    found = report("ar/aging")
    assert [bucket["value"] for bucket in found["buckets"]] == [0] * 5
    assert (found["total"], report("aging")) == (0, [])


def test_a_credit_memo_counts_negative_and_a_deleted_invoice_not_at_all(program, report):
    books = Books(program.account)
    books.add_invoice("M2", "AR Credit Memo", Decimal(80), Decimal(80))
    found = report("ar/aging", reportDate=TODAY)
    assert [bucket["value"] for bucket in found["buckets"]] == [0, 0, 0, 0, -31]
    books.invoice.delete()
    assert report("ar/aging", reportDate=TODAY)["total"] == -80


def test_a_leap_day_is_a_day(program, report):
    books = Books(program.account)
    records.Invoice.objects.all().delete()
    invoice = books.add_invoice("L1", "AR Invoice", Decimal(7), Decimal(7))
    type(invoice).objects.update(invoice_date="2024-02-01", payment_due_date="2024-02-29")
    day = {number: [0] * number + [7] + [0] * (4 - number) for number in range(5)}
    for date, bucket in (("2024-02-29", 0), ("2024-03-01", 1), ("2024-03-30", 1), ("2024-03-31", 2)):
        values = [bucket["value"] for bucket in report("ar/aging", reportDate=date)["buckets"]]
        assert values == day[bucket], date
    assert report("ar/aging", reportDate="2024-01-31")["total"] == 0


def test_another_account_sees_nothing_of_it(program, stranger, report, refusal):
    books = RandomBooks(program.account, 1)
    answer = stranger.get("Reports/ar/aging")
    assert answer.json()["total"] == 0
    assert stranger.get("Reports/ar/aging/records").json()["records"] == []
    assert stranger.get("Reports/aging").json() == []
    company = books.companies[0].pk
    for name in ("ar/aging", "ap/aging", "ar/aging/records", "aging"):
        assert refusal(name, stranger, companyId=company) == (404, f"There is no company with the id “{company}”.")


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"reportDate": "31.03.2025"}, "reportDate: “31.03.2025” is no day. Write it as YYYY-MM-DD, like 2025-03-31."),
        ({"reportDate": "0001-01-01"}, "reportDate: 0001-01-01 is not from 1900-01-01 to 9000-01-01."),
        *(
            ({"reportDate": day}, f"reportDate: “{day}” is no day. Write it as YYYY-MM-DD, like 2025-03-31.")
            for day in ("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:00-23:59")
        ),
        ({"companyId": "C1"}, "companyId: “C1” is no GUID."),
        ({"includeUnapplied": "maybe"}, "includeUnapplied: “maybe” is neither true nor false."),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(refusal, parameters, words):
    assert refusal("ar/aging", **parameters) == (400, words)


@pytest.mark.parametrize("buckets", ["30,0", "a", "-1", "1,1", "99999999", ",".join(map(str, range(40)))])
def test_buckets_are_rising_numbers_of_days(refusal, buckets):
    status, words = refusal("aging", Buckets=buckets)
    assert (status, words.startswith("Buckets: “")) == (400, True)


def test_a_point_in_time_means_its_day_in_utc(report):
    assert report("ar/aging", reportDate="2025-03-31T23:30:00-05:00")["reportDate"] == "2025-04-01"
    assert report("ar/aging", reportDate="None")["reportDate"] == TODAY.isoformat()
