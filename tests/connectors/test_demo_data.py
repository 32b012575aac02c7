"""The demo books: every equation of bookkeeping holds in them."""

from collections import defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from django.db import models

from adsplatform import records
from adsplatform.records.models import Record
from syncs.connectors import connector_named
from syncs.connectors.protocol import ConnectorError
from tests.connectors.reading import source

RECOGNIZED = {
    ("Company", "companyType"): {"Company", "Customer", "Vendor"},
    ("Company", "preferredDeliveryMethod"): {"Print", "Email", "Fax"},
    ("Invoice", "invoiceTypeCode"): {"AR Invoice", "AP Invoice", "AR Credit Memo", "AP Credit Memo"},
    ("Invoice", "invoiceStatusCode"): {"Open", "Closed"},
    ("Invoice", "documentSource"): {"ERP"},
    ("Payment", "paymentType"): {"AR Payment", "AP Payment"},
    ("Payment", "tenderType"): {"Cash", "Check", "Credit Card", "Wire Transfer", "Other"},
    ("FinancialAccount", "status"): {"Active"},
    ("FinancialAccount", "classification"): {
        "Asset",
        "Equity",
        "Expense",
        "Liability",
        "Income",
        "CreditCard",
        "Checking",
        "Savings",
    },
    ("FinancialAccount", "cashflowType"): {"cash", "financing", "investment", "operation"},
    ("FinancialAccountBalanceHistory", "status"): {"Open", "Closed"},
    ("FinancialYearSetting", "yearType"): {"Calendar"},
    ("CustomField", "tableKey"): {"Company"},
}


def books(**given):
    """The demo books: for each kind, its records as dictionaries."""
    blocks = connector_named("demo-data").rows(source(format="", **given))
    return {block.name: [dict(zip(block.columns, cells, strict=True)) for cells in block.cells] for block in blocks}


@pytest.fixture(scope="module")
def demo():
    return books()


def amounts(found, column, by):
    sums = defaultdict(Decimal)
    for record in found:
        sums[record[by]] += Decimal(record[column])
    return sums


def test_the_demo_books_have_enough_of_everything(demo):
    assert {kind: len(found) // 10 * 10 for kind, found in demo.items() if len(found) >= 10} == {
        "Company": 50,
        "Contact": 70,
        "FinancialAccount": 40,
        "FinancialAccountBalanceHistory": 480,
        "Invoice": 1200,
        "InvoiceLine": 2200,
        "Payment": 730,
        "PaymentApplied": 1000,
        "CreditMemoApplied": 50,
        "JournalEntry": 60,
        "JournalEntryLine": 150,
        "CustomField": 50,
    }
    assert {kind for kind, found in demo.items() if len(found) == 1} == {
        "BaseCurrency",
        "FinancialYearSetting",
    }


def test_lines_add_up_to_their_invoice(demo):
    lines = demo["InvoiceLine"]
    totals, nets, taxes = (
        amounts(lines, column, "invoiceErpKey") for column in ("totalAmount", "netAmount", "salesTaxAmount")
    )
    for line in lines:
        assert Decimal(line["unitPrice"]) * Decimal(line["quantity"]) == Decimal(line["netAmount"])
    for invoice in demo["Invoice"]:
        key = invoice["erpKey"]
        assert Decimal(invoice["totalAmount"]) == totals[key] == nets[key] + taxes[key] > 0
        assert Decimal(invoice["netAmount"]) == nets[key]
        assert Decimal(invoice["salesTaxAmount"]) == taxes[key]


def test_what_is_outstanding_is_what_was_not_applied(demo):
    paid = amounts(demo["PaymentApplied"], "paymentAppliedAmount", "invoiceErpKey")
    credited = amounts(demo["CreditMemoApplied"], "creditMemoAppliedAmount", "invoiceErpKey")
    used = amounts(demo["CreditMemoApplied"], "creditMemoAppliedAmount", "creditMemoInvoiceErpKey")
    for invoice in demo["Invoice"]:
        key, outstanding = invoice["erpKey"], Decimal(invoice["outstandingBalanceAmount"])
        assert outstanding == Decimal(invoice["totalAmount"]) - paid[key] - credited[key] - used[key]
        assert outstanding >= 0
        assert invoice["invoiceStatusCode"] == ("Open" if outstanding else "Closed")
        assert (invoice["invoiceClosedDate"] is None) == bool(outstanding)
    states = [invoice["invoiceStatusCode"] for invoice in demo["Invoice"]]
    assert states.count("Open") > 100
    assert states.count("Closed") > 500


def test_the_unapplied_amount_of_a_payment_is_what_was_not_applied(demo):
    applied = amounts(demo["PaymentApplied"], "paymentAppliedAmount", "paymentErpKey")
    for payment in demo["Payment"]:
        unapplied = Decimal(payment["paymentAmount"]) - applied[payment["erpKey"]]
        assert Decimal(payment["unappliedAmount"]) == unapplied >= 0
        assert payment["isOpen"] == (unapplied > 0)
    assert any(payment["isOpen"] for payment in demo["Payment"])
    assert all(Decimal(part["paymentAppliedAmount"]) > 0 for part in demo["PaymentApplied"])


def test_what_is_applied_stays_between_two_parties_and_in_one_currency(demo):
    invoices = {invoice["erpKey"]: invoice for invoice in demo["Invoice"]}
    payments = {payment["erpKey"]: payment for payment in demo["Payment"]}

    def party(invoice):
        is_payable = invoice["invoiceTypeCode"].startswith("AP")
        return invoice["companyErpKey" if is_payable else "customerErpKey"]

    for part in demo["PaymentApplied"]:
        invoice, payment = invoices[part["invoiceErpKey"]], payments[part["paymentErpKey"]]
        assert party(invoice) == payment["companyErpKey"]
        assert invoice["currencyCode"] == payment["currencyCode"]
        assert invoice["invoiceTypeCode"][:2] == payment["paymentType"][:2]
        assert invoice["invoiceDate"] <= part["applyToInvoiceDate"]
    for part in demo["CreditMemoApplied"]:
        invoice, credit = invoices[part["invoiceErpKey"]], invoices[part["creditMemoInvoiceErpKey"]]
        assert party(invoice) == party(credit)
        assert "Credit Memo" in credit["invoiceTypeCode"]
        assert "Credit Memo" not in invoice["invoiceTypeCode"]


def test_amounts_in_the_base_currency_are_amounts_times_the_rate(demo):
    rates = {"USD": Decimal(1), "EUR": Decimal("1.08"), "GBP": Decimal("1.27"), "CAD": Decimal("0.74")}
    assert {invoice["currencyCode"] for invoice in demo["Invoice"]} == set(rates)
    for record in demo["Invoice"] + demo["Payment"]:
        rate = Decimal(record["currencyRate"])
        assert rate == rates[record["currencyCode"]]
        for column in record:
            if column.startswith("baseCurrency"):
                plain = column.removeprefix("baseCurrency")
                amount = Decimal(record[plain[0].lower() + plain[1:]])
                assert Decimal(record[column]) == amount * rate


def test_debits_equal_credits_in_every_journal_entry(demo):
    debits = amounts(demo["JournalEntryLine"], "debit", "journalEntryErpKey")
    credits = amounts(demo["JournalEntryLine"], "credit", "journalEntryErpKey")
    assert debits == credits
    assert set(debits) == {entry["erpKey"] for entry in demo["JournalEntry"]}
    for line in demo["JournalEntryLine"]:
        assert (line["debit"], line["credit"]) == (line["baseDebit"], line["baseCredit"])


def test_balances_add_up_to_zero_in_every_period(demo):
    balances = amounts(demo["FinancialAccountBalanceHistory"], "balance", "periodStartDate")
    assert set(balances.values()) == {Decimal(0)}


def test_every_key_is_there_once_and_every_reference_resolves(demo):
    for kind, found in demo.items():
        names = [name for model in Record.__subclasses__() if model.__name__ == kind for name in model.KEY]
        if names == ["erp_key"]:
            keys = [record["erpKey"] for record in found]
            assert len(keys) == len(set(keys))
    targets = {
        "companyErpKey": "Company",
        "customerErpKey": "Company",
        "parentCompanyErpKey": "Company",
        "primaryContactErpKey": "Contact",
        "invoiceErpKey": "Invoice",
        "creditMemoInvoiceErpKey": "Invoice",
        "paymentErpKey": "Payment",
        "journalEntryErpKey": "JournalEntry",
        "financialAccountErpKey": "FinancialAccount",
    }
    keys = {kind: {record.get("erpKey") for record in found} for kind, found in demo.items()}
    for found in demo.values():
        for record in found:
            for column in record.keys() & targets.keys():
                assert record[column] is None or record[column] in keys[targets[column]]
    codes = {account["code"] for account in demo["FinancialAccount"]}
    assert {payment["financialAccountCode"] for payment in demo["Payment"]} <= codes
    assert {line["accountNumber"] for line in demo["InvoiceLine"]} <= codes
    assert all(
        any(contact["erpKey"] == company["primaryContactErpKey"] for contact in demo["Contact"])
        for company in demo["Company"]
    )


def columns_of(model):
    """The columns that fill a model, by their names on the wire, and the fields they fill."""
    found = {"created": None, "modified": None}
    for field in model._meta.get_fields():
        names = getattr(field, "by", None) or [field.name]
        for name in names:
            first, *others = name.split("_")
            found[first + "".join(map(str.capitalize, others))] = field
    return found


@pytest.mark.parametrize("kind", [model.__name__ for model in Record.__subclasses__()])
def test_columns_and_lengths_are_those_of_the_records(demo, kind):
    model = getattr(records.models, kind)
    known = columns_of(model)
    own = {"id", "group_key", "app_enrollment", "created", "modified", *Record.__dict__}
    required = [
        field
        for field in model._meta.get_fields()
        if field.name not in own and not field.null and not field.has_default() and not getattr(field, "to", ())
    ]
    for record in demo.get(kind, ()):
        assert record.keys() <= known.keys()
        for column, value in record.items():
            length = getattr(known[column], "max_length", None)
            if isinstance(known[column], models.CharField) and value is not None:
                assert 0 < len(value) <= length
            assert value in RECOGNIZED.get((kind, column), {value})
            assert not isinstance(value, float)
        for field in required:
            if field.name.startswith("source_created"):
                continue
            columns = [column for column, filled in known.items() if filled is field]
            assert any(record.get(column) is not None for column in columns), (field, columns)


def test_an_enrollment_always_has_the_same_books(demo):
    assert books() == demo
    assert books(app_enrollment_id=UUID("0193a5f2-8c00-7000-8000-000000000002")) != demo


def days(demo):
    return {invoice["erpKey"]: date.fromisoformat(invoice["invoiceDate"]) for invoice in demo["Invoice"]}


def test_the_first_sync_is_dated_by_the_enrollment(demo):
    assert max(days(demo).values()) <= date(2024, 12, 8)
    assert max(days(demo).values()) > date(2024, 12, 1)


def test_ids_without_a_date_have_a_fixed_day():
    demo = books(app_enrollment_id=UUID("6d0f7a52-3c0e-4d6b-9a53-1f1d6a4be003"))
    assert date(2025, 6, 20) < max(days(demo).values()) <= date(2025, 6, 30)


def test_a_full_sync_moves_the_dates_to_today_and_changes_no_amount(demo):
    new = books(full=True)
    today = datetime.now(UTC).date()
    assert {days(new)[key] - day for key, day in days(demo).items()} == {today - date(2024, 12, 8)}
    assert [invoice["outstandingBalanceAmount"] for invoice in new["Invoice"]] == [
        invoice["outstandingBalanceAmount"] for invoice in demo["Invoice"]
    ]


def test_a_delta_after_a_full_sync_leaves_the_data_as_they_are():
    assert books(last_full_sync=datetime.now(UTC).date()) == books(full=True)


def test_nothing_lies_in_the_future(demo):
    for kind in ("Invoice", "Payment", "PaymentApplied", "CreditMemoApplied", "JournalEntry"):
        for record in demo[kind]:
            assert all(
                value[:10] <= "2024-12-08"
                for column, value in record.items()
                if value and column.endswith(("Date", "created", "modified")) and column != "paymentDueDate"
            )


def test_the_number_of_invoices_can_be_set():
    assert len(books(settings={"invoices": "30"})["Invoice"]) == 30
    assert len(books(settings={"invoices": ""})["Invoice"]) == 1200


@pytest.mark.parametrize("said", ["0", "many", "-5", "1.5", "20001", "²"])
def test_a_number_of_invoices_that_makes_no_sense_is_refused(said):
    with pytest.raises(ConnectorError) as stopped:
        books(settings={"invoices": said})
    assert str(stopped.value) == (f"The setting “Invoices” is “{said}”. Write a whole number from 1 to 20,000.")


def test_rows_have_file_and_line():
    block = next(iter(connector_named("demo-data").rows(source(format=""))))
    assert (block.name, block.file, block.lines) == ("BaseCurrency", "demo data", [1])
    assert block.raw == ['{"baseCurrencyCode": "USD"}']
