"""Invoices, bills, credits and sales receipts of QuickBooks, with their lines."""

from collections.abc import Callable, Iterator
from decimal import Decimal

from syncs.connectors.cloud_ledger.answers import Entry, Row, digits
from syncs.connectors.cloud_ledger.streams import Kind, child_key
from syncs.connectors.cloud_ledger.values import base_amounts, in_base
from syncs.connectors.quickbooks.books import Books, key_of, stamps

ADDRESS_PARTS = ("Line1", "Line2", "Line3", "City", "Region", "PostalCode", "Country")
INVOICE = Kind(
    "Invoice",
    "Invoices, bills, credits and sales receipts",
    most={
        "referenceCode": 100, "purchaseOrderCode": 100, "termsCode": 50,
        **{f"billToAddress{part}": 100 for part in ADDRESS_PARTS},
        **{f"shipToAddress{part}": 100 for part in ADDRESS_PARTS},
    },
)  # fmt: skip
LINE = Kind(
    "InvoiceLine",
    "Lines of invoices and bills",
    is_child=True,
    most={"productCode": 100, "description": 255, "taxCode": 15},
)
# By entity: the type, and whether it is about a sale.
TYPES = {
    "Invoice": ("AR Invoice", True),
    "SalesReceipt": ("AR Invoice", True),
    "CreditMemo": ("AR Credit Memo", True),
    "Bill": ("AP Invoice", False),
    "VendorCredit": ("AP Credit Memo", False),
}
# Lines of these are sums or texts; those of a bundle are inside it.
WITHOUT_AMOUNT = ("SubTotalLineDetail", "DescriptionOnly")


def rate_of(document: Entry) -> Decimal:
    """How much of the base currency one unit is worth."""
    return document.amount("ExchangeRate") or Decimal(1)


def of_document(entity: str) -> Callable[[Books, Entry], dict[str, list[Row]]]:
    """The invoice of a document of that entity, and its lines."""
    type_, is_sale = TYPES[entity]

    def rows(books: Books, document: Entry) -> dict[str, list[Row]]:
        key = key_of(entity, document)
        party = f"Customer|{document.text('CustomerRef', 'value')}"
        if not is_sale:
            party = f"Vendor|{document.text('VendorRef', 'value')}"
        total, due = document.amount("TotalAmt"), document.amount("Balance")
        if entity in ("CreditMemo", "VendorCredit") and document.values.get("RemainingCredit") is not None:
            due = document.amount("RemainingCredit")
        tax = document.amount("TxnTaxDetail", "TotalTax")
        amounts = {
            "totalAmount": total,
            "outstandingBalanceAmount": due,
            "salesTaxAmount": tax,
            "netAmount": total - tax,
        }
        invoice: Row = {
            "erpKey": key,
            "companyErpKey": books.own_key if is_sale else party,
            "customerErpKey": party if is_sale else books.own_key,
            "invoiceTypeCode": type_,
            "invoiceStatusCode": "Open" if due else "Closed",
            "referenceCode": document.text("DocNumber"),
            "purchaseOrderCode": document.text("PONumber"),
            "termsCode": books.terms.get(document.text("SalesTermRef", "value") or ""),
            "currencyCode": document.text("CurrencyRef", "value") or books.currency,
            **base_amounts(amounts, rate_of(document)),
            "invoiceDate": document.text("TxnDate"),
            "paymentDueDate": document.text("DueDate"),
            **_address("billTo", document.part("BillAddr")),
            **_address("shipTo", document.part("ShipAddr")),
            "isVoided": _is_voided(document),
            **stamps(document),
        }
        return {"Invoice": [invoice], "InvoiceLine": _lines(books, key, document)}

    return rows


def _is_voided(document: Entry) -> bool:
    """QuickBooks has no mark of it: it sets the amounts to zero, and writes the word before the private note."""
    return not document.amount("TotalAmt") and (document.text("PrivateNote") or "").startswith("Voided")


def _address(kind: str, address: Entry) -> Row:
    values = {
        "Line1": address.text("Line1"),
        "Line2": address.text("Line2"),
        "Line3": address.text("Line3"),
        "City": address.text("City"),
        "Region": address.text("CountrySubDivisionCode"),
        "PostalCode": address.text("PostalCode"),
        "Country": address.text("Country"),
    }
    return {f"{kind}Address{part}": value for part, value in values.items()}


def _lines(books: Books, key: str, document: Entry) -> list[Row]:
    rate = rate_of(document)
    rows: list[Row] = []
    for place, line in enumerate(_with_amount(document.many("Line")), start=1):
        type_ = line.text("DetailType") or ""
        detail = line.part(type_)
        # A discount takes from the total.
        amount = -line.amount("Amount") if type_ == "DiscountLineDetail" else line.amount("Amount")
        account = books.accounts.get(_account(detail) or "") or Entry({})
        rows.append(
            {
                "erpKey": child_key(key, place),
                "invoiceErpKey": key,
                "lineNumber": str(place),
                "accountNumber": account.text("AcctNum") or account.text("Id"),
                "productCode": detail.text("ItemRef", "name"),
                "description": line.text("Description"),
                "unitPrice": detail.text("UnitPrice"),
                "quantity": detail.text("Qty"),
                "totalAmount": digits(amount),
                "netAmount": digits(amount),
                "baseCurrencyNetAmount": digits(in_base(amount, rate)),
                "taxCode": detail.text("TaxCodeRef", "value"),
                **stamps(document),
            }
        )
    return rows


def _account(detail: Entry) -> str | None:
    return (
        detail.text("AccountRef", "value")
        or detail.text("ItemAccountRef", "value")
        or detail.text("DiscountAccountRef", "value")
    )


def _with_amount(lines: list[Entry]) -> Iterator[Entry]:
    for line in lines:
        if line.text("DetailType") == "GroupLineDetail":
            yield from _with_amount(line.part("GroupLineDetail").many("Line"))
        elif line.text("DetailType") not in WITHOUT_AMOUNT:
            yield line
