"""Days outstanding, risk rates and cash flow, against calculations in plain Python."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from adsplatform.reports.months import last_months, month_end, month_of
from tests.books import Books
from tests.reports.random_books import TODAY, RandomBooks

SEEDS = range(3)


def invoices(books, side):
    for each in books.invoices:
        type = (each.invoice_type_code or "").upper()
        is_invoice = not each.is_voided and not each.is_draft and not type.endswith("CREDIT MEMO")
        if is_invoice and type.startswith("AP ") == (side == "AP"):
            yield each


def expected_days(books, side, month, day):
    """(days, count, amount) of the invoices closed in a month."""
    closed = [
        each
        for each in invoices(books, side)
        if each.invoice_closed_date and each.invoice_date and month_of(each.invoice_closed_date) == month
        and each.invoice_closed_date <= day
    ]  # fmt: skip
    amounts = [each.base_currency_total_amount or Decimal(0) for each in closed]
    weighted = [
        (each.invoice_closed_date - each.invoice_date).days * amount
        for each, amount in zip(closed, amounts, strict=True)
    ]
    total = sum(amounts, Decimal(0))
    return (round(sum(weighted) / total, 2) if total else None), len(closed), total


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("side", "name", "member"),
    [
        ("AR", "daily-sales-outstanding", "dailySalesOutstanding"),
        ("AP", "daily-payable-outstanding", "dailyPayableOutstanding"),
    ],
)
def test_days_outstanding_are_what_plain_python_calculates(program, report, follow, seed, side, name, member):
    books = RandomBooks(program.account, seed, invoices=250)
    shown = []
    for day in (TODAY, TODAY - timedelta(days=40)):
        found = report(name, reportDate=day)
        shown += [row[member] for row in found if member in row]
        assert [row["timeframe"] for row in found] == [month.isoformat() for month in last_months(day, 12)]
        for row, month in zip(found, last_months(day, 12), strict=True):
            days, count, amount = expected_days(books, side, month, day)
            assert (row.get(member), row["invoiceCount"], row["amount"]) == (days, count, amount)
            records, total = follow(row["source"])
            assert (len(records), total) == (count, amount)
    assert shown


@pytest.mark.parametrize("seed", SEEDS)
def test_risk_rates_are_what_plain_python_calculates(program, report, follow, seed):
    books = RandomBooks(program.account, seed, invoices=250)
    found = report("risk-rates")
    assert found[-1]["invoiceMonthName"] == f"{TODAY:%B}"
    for row, month in zip(found, last_months(TODAY, 12), strict=True):
        of_month = [
            each
            for each in invoices(books, "AR")
            if each.invoice_date and each.invoice_date <= TODAY and month_of(each.invoice_date) == month
        ]
        amount = sum((each.base_currency_total_amount or Decimal(0) for each in of_month), Decimal(0))
        risky = [
            each.base_currency_outstanding_balance_amount
            for each in of_month
            if (TODAY - each.invoice_date).days > 90 and (each.base_currency_outstanding_balance_amount or 0) > 0
        ]
        at_risk = sum(risky, Decimal(0))
        assert (row["totalInvoiceCount"], row["totalInvoiceAmount"]) == (len(of_month), amount)
        assert (row["atRiskCount"], row["atRiskAmount"]) == (len(risky), at_risk)
        assert row.get("atRiskPercentage") == (round(at_risk * 100 / amount, 2) if amount else None)
        expected = round(Decimal(len(risky) * 100) / len(of_month), 2) if of_month else None
        assert row.get("atRiskCountPercentage") == expected
        assert follow(row["source"])[1] == amount
        assert follow(row["atRiskSource"])[1] == at_risk
    assert any(row["atRiskCount"] for row in found)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("days", [None, 1, 365])
def test_cash_flow_is_what_plain_python_calculates(program, report, follow, seed, days):
    books = RandomBooks(program.account, seed)
    found = report("cashflow", **({"timeframe": days} if days else {}))
    first = TODAY - timedelta(days=(days or 30) - 1)
    payments = [
        each.base_currency_payment_amount
        for each in books.payments
        if not each.is_voided and each.payment_type != "AP Payment" and first <= each.payment_date <= TODAY
    ]
    billed = [
        each.base_currency_total_amount or Decimal(0)
        for each in invoices(books, "AR")
        if each.invoice_date and first <= each.invoice_date <= TODAY
    ]
    assert (found["timeframe"], found["baseCurrencyCode"]) == (days or 30, "EUR")
    assert (found["paymentsCollected"], found["paymentsCollectedCount"]) == (sum(payments), len(payments))
    assert (found["invoicesBilled"], found["invoicesBilledCount"]) == (sum(billed), len(billed))
    assert follow(found["paymentsSource"])[1] == sum(payments)
    assert follow(found["invoicesSource"])[1] == sum(billed)


def test_another_account_sees_nothing_of_it(program, stranger):
    RandomBooks(program.account, 1)
    assert stranger.get("Reports/cashflow").json()["invoicesBilledCount"] == 0
    assert {row["totalInvoiceCount"] for row in stranger.get("Reports/risk-rates").json()} == {0}
    for name in ("daily-sales-outstanding", "daily-payable-outstanding"):
        assert {row["invoiceCount"] for row in stranger.get(f"Reports/{name}").json()} == {0}


def test_a_deleted_invoice_does_not_count(program, report):
    books = Books(program.account)
    asked = {"reportDate": "2025-03-31", "timeframe": 31}
    assert report("cashflow", **asked)["invoicesBilled"] == 119
    assert report("cashflow", **asked)["paymentsCollected"] == Decimal("59.5")
    books.invoice.delete()
    books.payment.delete()
    assert report("cashflow", **asked)["invoicesBilled"] == report("cashflow", **asked)["paymentsCollected"] == 0


def test_months_begin_and_end_with_leap_days_too():
    assert month_end(date(2024, 2, 1)) == date(2024, 2, 29)
    assert last_months(date(2024, 2, 29), 3) == [date(2023, 12, 1), date(2024, 1, 1), date(2024, 2, 1)]


@pytest.mark.parametrize("timeframe", ["0", "-1", "thirty", "3651", "1.5"])
def test_a_time_frame_is_a_number_of_days(refusal, timeframe):
    words = f"timeframe: “{timeframe}” is no whole number from 1 to 3,650."
    assert refusal("cashflow", timeframe=timeframe) == (400, words)


def test_spellings_from_before_2022_are_read(program):
    for name in ("dailysalesoutstanding", "riskrates"):
        assert len(program.get(f"Reports/{name}").json()) == 12
