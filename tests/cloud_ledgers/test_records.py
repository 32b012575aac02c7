"""What becomes of the records of each vendor: keys, amounts, what settles what, what is voided, deleted, paged."""

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

import pytest
import yaml

from syncs.connectors.protocol import AllKeys, Bookmark, Deleted, RowProblem, Rows
from tests.cloud_ledgers.description import XERO, XERO_ENDPOINTS
from tests.cloud_ledgers.quickbooks_double import bill, customer, payment
from tests.cloud_ledgers.xero_double import contact, credit_note, id_of


def read(ledger, *kinds, state=None, **more):
    """The rows by kind and key, and the other items."""
    source = replace(ledger.source(), kinds=kinds, full=state is None, state=MappingProxyType(state or {}), **more)
    items = list(ledger.connector.rows(source))
    found: dict[str, dict[str, dict]] = {}
    for block in items:
        if isinstance(block, Rows):
            for cells in block.cells:
                row = dict(zip(block.columns, cells, strict=True))
                found.setdefault(block.name, {})[row.get("erpKey")] = row
    return found, items


def state_of(items):
    return {item.kind: item.state for item in items if isinstance(item, Bookmark)}


def some(row, *names):
    return tuple(row[name] for name in names)


AMOUNTS = ("totalAmount", "salesTaxAmount", "netAmount", "outstandingBalanceAmount")


def test_xero_companies_and_people(xero):
    found, _ = read(xero, "Company", "Contact")
    names = {row["companyName"]: some(row, "companyType", "isActive") for row in found["Company"].values()}
    assert names == {
        "Demo Company Limited": ("Company", True),
        "Acme": ("Customer", True),
        "Zoë & Söhne": ("CustomerVendor", True),
        "Vendor Ltd": ("Vendor", False),
    }
    people = {key: row["contactName"] for key, row in found["Contact"].items() if key.startswith(id_of("Acme"))}
    assert people == {f"{id_of('Acme')}-1": "Ann Lee", f"{id_of('Acme')}-2": "Bo Ek"}
    first = found["Contact"][f"{id_of('Acme')}-1"]
    assert some(first, "phone", "countryCode", "city") == ("44 113 496 0000", "GB", "Leeds")


def test_xero_documents(xero):
    found, _ = read(xero)
    invoices, own = found["Invoice"], id_of("organisation")
    assert some(invoices[id_of("INV-1")], *AMOUNTS) == ("181.2", "30.2", "151.0", "181.2")
    sale, purchase = invoices[id_of("INV-1")], invoices[id_of("BILL")]
    assert some(sale, "companyErpKey", "customerErpKey", "invoiceTypeCode") == (own, id_of("Acme"), "AR Invoice")
    assert some(purchase, "companyErpKey", "customerErpKey", "invoiceTypeCode") == (
        id_of("Vendor Ltd"), own, "AP Invoice",
    )  # fmt: skip
    assert some(sale, "invoiceDate", "paymentDueDate", "referenceCode") == ("2026-05-01", "2026-05-31", "INV-1")
    assert some(invoices[id_of("PAID")], "invoiceStatusCode", "invoiceClosedDate") == ("Closed", "2026-05-20")
    # 1 GBP is worth 1.25 USD.
    foreign = invoices[id_of("USD")]
    assert some(foreign, "currencyRate", "totalAmount", "baseCurrencyTotalAmount") == ("0.80000000", "120.0", "96.00")
    assert some(invoices[id_of("VOID")], "isVoided", "outstandingBalanceAmount") == (True, "0")
    assert id_of("DRAFT") not in invoices
    assert some(invoices[id_of("CN-1")], "invoiceTypeCode", "outstandingBalanceAmount") == ("AR Credit Memo", "20.0")
    assert invoices[id_of("OVER")]["invoiceTypeCode"] == "AR Credit Memo"
    # The bill's lines include the tax.
    line = found["InvoiceLine"][f"{id_of('BILL')}-1"]
    assert some(line, "netAmount", "salesTaxAmount", "totalAmount", "accountNumber") == (
        "160.0",
        "40.0",
        "200.0",
        "200",
    )
    applied = found["CreditMemoApplied"][f"{id_of('CN-1')}-1"]
    assert some(applied, "invoiceErpKey", "creditMemoAppliedAmount") == (id_of("INV-1"), "40")
    paid = found["PaymentApplied"][f"{id_of('P-1')}-1"]
    assert some(paid, "invoiceErpKey", "paymentAppliedAmount") == (id_of("INV-1"), "20")
    entry = found["JournalEntryLine"][f"{id_of('Accrual June')}-2"]
    assert some(entry, "accountName", "debit", "credit", "accountNumber") == ("Payables", "0", "500", "800")
    assert found["BaseCurrency"][None] == {"baseCurrencyCode": "GBP"}
    year = found["FinancialYearSetting"][None]
    assert some(year, "yearType", "startDate", "endDate") == ("Fiscal", "04-01", "03-31")


def test_money_paid_back_is_negative(xero):
    note = {"CreditNoteID": id_of("CN-1"), "Contact": {"ContactID": id_of("Acme")}, "CurrencyCode": "GBP"}
    refund = {
        "PaymentID": id_of("REFUND"), "PaymentType": "ARCREDITPAYMENT", "Status": "AUTHORISED",
        "Date": "/Date(1780000000000+0000)/", "Amount": 20, "CreditNote": note, "Account": {"Code": "090"},
    }  # fmt: skip
    xero.double.put("Payments", refund)
    found, _ = read(xero, "Payment", "PaymentApplied")
    row = found["Payment"][id_of("REFUND")]
    assert some(row, "paymentType", "paymentAmount", "companyErpKey") == ("AR Payment", "-20", id_of("Acme"))
    assert found["PaymentApplied"][f"{id_of('REFUND')}-1"]["invoiceErpKey"] == id_of("CN-1")


def test_quickbooks_parties(quickbooks):
    found, _ = read(quickbooks, "Company", "Contact")
    names = {key: some(row, "companyName", "companyType", "isActive") for key, row in found["Company"].items()}
    assert names == {
        "CompanyInfo|1": ("Sandbox Company Inc", "Company", True),
        "Customer|1": ("Acme", "Customer", True),
        "Customer|2": ("Zoë & Söhne", "Customer", False),
        "Customer|3": ("Job", "Customer", True),
        "Vendor|1": ("Vendor Ltd", "Vendor", True),
    }
    assert found["Company"]["Customer|3"]["parentCompanyErpKey"] == "Customer|1"
    # Three letters since 2025.
    assert some(found["Contact"]["Customer|1"], "countryCode", "contactName", "city") == ("US", "Ann Lee", "Reno")


def test_quickbooks_documents(quickbooks):
    found, _ = read(quickbooks)
    invoices = found["Invoice"]
    assert some(invoices["Invoice|1"], *AMOUNTS) == ("151", "0", "151", "151")
    assert some(invoices["Invoice|1"], "companyErpKey", "customerErpKey", "termsCode", "billToAddressCity") == (
        "CompanyInfo|1", "Customer|1", "Net 30", "Reno",
    )  # fmt: skip
    assert some(invoices["Invoice|901"], "currencyRate", "totalAmount", "baseCurrencyTotalAmount") == (
        "1.1", "100", "110.00",
    )  # fmt: skip
    assert some(invoices["Invoice|902"], "isVoided", "invoiceStatusCode") == (True, "Closed")
    assert {key: row["invoiceTypeCode"] for key, row in invoices.items() if not key.startswith("Invoice")} == {
        "CreditMemo|903": "AR Credit Memo",
        "SalesReceipt|904": "AR Invoice",
        "Bill|905": "AP Invoice",
        "VendorCredit|906": "AP Credit Memo",
    }
    assert invoices["CreditMemo|903"]["outstandingBalanceAmount"] == "10"
    # The line with the sum is none.
    lines = [key for key in found["InvoiceLine"] if key.startswith("Invoice|1-")]
    assert lines == ["Invoice|1-1", "Invoice|1-2"]
    assert some(found["InvoiceLine"]["Bill|905-1"], "accountNumber", "netAmount") == ("4000", "200")
    applied = {key: some(row, "invoiceErpKey", "paymentAppliedAmount") for key, row in found["PaymentApplied"].items()}
    assert applied == {"Payment|907-1": ("Invoice|1", "70"), "BillPayment|909-1": ("Bill|905", "50")}
    by_credit = {
        key: some(row, "invoiceErpKey", "creditMemoInvoiceErpKey", "creditMemoAppliedAmount")
        for key, row in found["CreditMemoApplied"].items()
    }
    assert by_credit == {
        "Payment|907-1": ("Invoice|1", "CreditMemo|903", "30"),
        "Payment|908-1": ("Invoice|2", "CreditMemo|903", "5"),
    }
    assert some(found["Payment"]["RefundReceipt|910"], "paymentAmount", "paymentType") == ("-15", "AR Payment")
    entry = found["JournalEntryLine"]["JournalEntry|911-1"]
    assert some(entry, "debit", "credit", "accountNumber", "financialAccountErpKey") == (
        "500",
        "0",
        "4000",
        "Account|4",
    )
    year = found["FinancialYearSetting"][None]
    assert some(year, "yearType", "startDate", "endDate") == ("Fiscal", "07-01", "06-30")


def test_a_bundle_is_read_by_its_lines(quickbooks):
    inner = {"Amount": 12, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"Qty": 2, "UnitPrice": 6}}
    bundle = {"DetailType": "GroupLineDetail", "GroupLineDetail": {"Line": [inner, inner]}}
    discount = {"Amount": 4, "DetailType": "DiscountLineDetail", "DiscountLineDetail": {}}
    quickbooks.double.change("Invoice", "1", Line=[bundle, discount], TotalAmt=20)
    found, _ = read(quickbooks, "InvoiceLine")
    lines = [row["netAmount"] for key, row in found["InvoiceLine"].items() if key.startswith("Invoice|1-")]
    assert lines == ["12", "12", "-4"]


def test_changes_are_asked_for_and_what_is_gone_is_named(ledger):
    _, items = read(ledger)
    ledger.double.offset += timedelta(hours=1)
    before = len(ledger.double.asked)
    ledger.made_with.change(ledger.double)
    found, delta = read(ledger, state=state_of(items))
    assert len(found["Invoice"]) in (3, 4, 5)
    gone = {(item.name, key) for item in delta if isinstance(item, Deleted) for key in item.erp_keys}
    names = {
        "xero": {
            ("Invoice", id_of("DRAFT")), ("InvoiceLine", f"{id_of('INV-1')}-2"), ("Contact", f"{id_of('Acme')}-2"),
            ("Payment", id_of("P-1")), ("CreditMemoApplied", f"{id_of('CN-1')}-1"),
            ("JournalEntry", id_of("Accrual June")),
        },
        "quickbooks": {
            ("Invoice", "Invoice|3"), ("InvoiceLine", "Invoice|3-2"), ("Invoice", "SalesReceipt|904"),
            ("InvoiceLine", "Invoice|1-2"), ("Payment", "Payment|908"), ("CreditMemoApplied", "Payment|907-1"),
            ("JournalEntryLine", "JournalEntry|911-1"),
        },
    }  # fmt: skip
    assert names[ledger.name] <= gone
    # Accounts are few, so all are read and their keys compared; of nothing else are all keys listed.
    assert {item.name for item in delta if isinstance(item, AllKeys)} == {"FinancialAccount"}
    asked = ledger.double.asked[before:]
    if ledger.name == "xero":
        since = {each.headers.get("if-modified-since") for each in asked if each.path.endswith("/Invoices")}
        assert None not in since
    else:
        assert sum("cdc" in each.path for each in asked) == 1


def test_a_kind_that_is_new_in_the_settings_is_read_as_a_whole(ledger):
    _, items = read(ledger, "Invoice")
    found, delta = read(ledger, "Invoice", "Payment", state=state_of(items))
    assert found["Payment"]
    assert {item.name for item in delta if isinstance(item, AllKeys)} == {"Payment"}


def test_after_more_than_a_month_quickbooks_knows_no_deletes_so_keys_are_compared(quickbooks):
    _, items = read(quickbooks)
    quickbooks.double.offset += timedelta(days=40)
    found, delta = read(quickbooks, state=state_of(items))
    assert len(found["Invoice"]) == 12
    listed = {item.name for item in delta if isinstance(item, AllKeys) and item.is_last}
    assert listed >= {"Invoice", "InvoiceLine", "Payment", "PaymentApplied", "CreditMemoApplied", "JournalEntry"}


def test_a_list_of_changes_that_is_full_may_lack_some(quickbooks, monkeypatch):
    for module in ("syncs.connectors.quickbooks.books", "tests.cloud_ledgers.quickbooks_double"):
        monkeypatch.setattr(f"{module}.MOST_CHANGES", 3)
    _, items = read(quickbooks)
    quickbooks.double.offset += timedelta(hours=1)
    for number in range(1, 6):
        quickbooks.double.change("Invoice", str(number))
    quickbooks.double.delete("Invoice", "6")
    _, delta = read(quickbooks, state=state_of(items))
    listed = {item.name for item in delta if isinstance(item, AllKeys) and item.is_last}
    assert {"Invoice", "InvoiceLine"} <= listed
    assert "Payment" not in listed


@pytest.mark.parametrize("name", ["xero", "quickbooks"])
def test_pages_miss_nothing_that_is_written_meanwhile(name, request, monkeypatch):
    ledger = request.getfixturevalue(name)
    monkeypatch.setattr(f"syncs.connectors.{name}.books.PAGE", 4)
    whole = set(read(ledger, "Invoice")[0]["Invoice"])
    double, asked = ledger.double, ledger.double.answer

    def meanwhile(request):
        """Before the second page of invoices: a record of the first page is gone, others are changed."""
        if (
            name == "quickbooks"
            and "Invoice" in request.query.get("query", "")
            and "STARTPOSITION 4" in str(request.query)
        ):
            double.books["Invoice"].pop("1", None)
        if name == "xero" and request.path.endswith("/Invoices") and request.query.get("page") == "2":
            double.change("Invoices", "INV-3", Reference="changed")
        return asked(request)

    monkeypatch.setattr(double, "answer", meanwhile)
    assert set(read(ledger, "Invoice")[0]["Invoice"]) | {"Invoice|1"} == whole | {"Invoice|1"}


def test_xero_that_sends_smaller_pages_is_read_to_the_end(xero, monkeypatch):
    whole = read(xero, "Invoice")[0]["Invoice"]
    monkeypatch.setattr(type(xero.double), "largest_page", 3)
    assert read(xero, "Invoice")[0]["Invoice"] == whole


def test_texts_that_are_too_long_are_told(xero):
    xero.double.put("Contacts", contact("N" * 200, TaxNumber="T" * 40))
    found, items = read(xero, "Company")
    row = found["Company"][id_of("N" * 200)]
    assert (len(row["companyName"]), row["taxId"]) == (100, None)
    told = {item.column: item.message for item in items if isinstance(item, RowProblem)}
    assert told == {
        "companyName": "companyName: Xero has 200 characters there, and the column holds 100. "
        "It was cut off after 100.",
        "taxId": "taxId: Xero has 40 characters there, and the column holds 30. It was left empty.",
    }


def test_a_credit_that_was_voided_settles_nothing(xero):
    xero.double.put("CreditNotes", credit_note("CN-2", "Acme", 50, ("INV-2", 40), Status="VOIDED"))
    found, _ = read(xero, "Invoice", "CreditMemoApplied")
    assert found["Invoice"][id_of("CN-2")]["isVoided"] is True
    assert set(found["CreditMemoApplied"]) == {f"{id_of('CN-1')}-1"}


def test_the_books_in_short_balance(quickbooks):
    """What is applied to a document is what its payments say, in the vendor's own figures."""
    double = quickbooks.double
    double.put("Customer", customer(7, "More"))
    double.put("Bill", bill(930, 1, 10))
    double.put("Payment", payment(931, 7, 12.5, ("Invoice", 4, 12.5)))
    found, _ = read(quickbooks)
    total = sum(float(row["paymentAmount"]) for row in found["Payment"].values())
    assert total == sum(
        sign * each["TotalAmt"]
        for entity, sign in (("Payment", 1), ("BillPayment", 1), ("RefundReceipt", -1))
        for each in double.books[entity].values()
    )


TYPES = {"text": "string", "number": ("number", "integer"), "flag": "boolean", "id": "string", "time": "string"}


@pytest.mark.skipif("XERO_OPENAPI" not in os.environ, reason="XERO_OPENAPI names no description that Xero publishes")
def test_our_description_is_that_of_xero():
    published = yaml.load(Path(os.environ["XERO_OPENAPI"]).read_text(), yaml.CSafeLoader)
    schemas, wrong = published["components"]["schemas"], []
    for name, members in XERO.items():
        for member, type_ in members.items():
            found = schemas[name]["properties"].get(member, {})
            if isinstance(type_, list):
                # An organisation's addresses have a schema of their own, with the same members.
                is_same = f"/{type_[0]}" in found.get("items", {}).get("$ref", "")
            elif type_ in XERO:
                is_same = str(found.get("$ref") or found.get("allOf")).rstrip("'}]").endswith(f"/{type_}")
            else:
                is_same = found.get("type") in TYPES[type_] and (type_ != "id" or found.get("format") == "uuid")
                is_same = is_same and (
                    type_ != "time"
                    or "/Date(" in str(found)
                    or found.get("x-is-msdate-time")
                    or found.get("x-is-msdate")
                )
            if not is_same:
                wrong.append((name, member, type_, found))
    parameters = published["components"]["parameters"]
    for endpoint, (name, asked) in XERO_ENDPOINTS.items():
        described = published["paths"][f"/{endpoint}"]["get"]
        known = {
            each.get("name") or parameters[each["$ref"].rpartition("/")[2]]["name"]
            for each in described.get("parameters", [])
        }
        if not asked | ({"If-Modified-Since"} if endpoint != "Organisation" else set()) <= known:
            wrong.append((endpoint, asked - known))
        answered = described["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        if endpoint not in schemas[answered]["properties"] and f"{name}s" not in schemas[answered]["properties"]:
            wrong.append((endpoint, answered))
    assert wrong == []
