"""Invoices, credit notes, overpayments and prepayments of Xero, with their lines and what they settle."""

from collections.abc import Callable, Mapping
from decimal import Decimal

from syncs.connectors.cloud_ledger.answers import Entry, Row, digits
from syncs.connectors.cloud_ledger.streams import Kind, child_key
from syncs.connectors.cloud_ledger.values import RATE, base_amounts, in_base
from syncs.connectors.xero.books import Books, day, stamp

# Drafts and what waits for approval are not in the books yet; deleted ones never were.
IN_BOOKS = ("AUTHORISED", "PAID", "VOIDED")
INVOICE = Kind(
    "Invoice",
    "Invoices, credit notes, overpayments and prepayments",
    most={"purchaseOrderCode": 100, "referenceCode": 100},
)
LINE = Kind(
    "InvoiceLine",
    "Lines of invoices",
    is_child=True,
    most={"productCode": 100, "description": 255, "taxCode": 15},
)
CREDITS_APPLIED = Kind("CreditMemoApplied", "Invoices settled by credit", is_child=True)


def rate_of(document: Entry) -> Decimal:
    """How much of the base currency one unit is worth; Xero says how many units the base currency is worth."""
    units = document.amount("CurrencyRate")
    return (1 / units).quantize(RATE) if units > 0 and units != 1 else Decimal(1)


def key_by(id_: str) -> Callable[[Entry], str]:
    """The key of a document whose id has that name."""
    return lambda document: document.text(id_) or ""


def of_invoice(books: Books, invoice: Entry) -> dict[str, list[Row]]:
    """An invoice of a sale or a purchase, with its lines."""
    if invoice.text("Status") not in IN_BOOKS:
        return {}
    key, is_sale = invoice.text("InvoiceID") or "", invoice.text("Type") == "ACCREC"
    amounts = {"totalAmount": invoice.amount("Total"), "outstandingBalanceAmount": invoice.amount("AmountDue")}
    row = _document(books, key, invoice, amounts, is_sale=is_sale, kind="Invoice")
    row |= {
        "purchaseOrderCode": invoice.text("Reference"),
        "referenceCode": invoice.text("InvoiceNumber"),
        "paymentDueDate": day(invoice, "DueDate"),
        "plannedPaymentDate": day(invoice, "PlannedPaymentDate") or day(invoice, "ExpectedPaymentDate"),
    }
    return {"Invoice": [row], "InvoiceLine": _lines(key, invoice)}


def of_credit(id_: str, number: str) -> Callable[[Books, Entry], Mapping[str, list[Row]]]:
    """The rows of a document that credits: its own, its lines, and the invoices that it settles."""

    def rows(books: Books, credit: Entry) -> Mapping[str, list[Row]]:
        if credit.text("Status") not in IN_BOOKS:
            return {}
        key, type_ = credit.text(id_) or "", credit.text("Type") or ""
        is_sale = type_ == "ACCRECCREDIT" or type_.startswith(("RECEIVE", "AR"))
        amounts = {"totalAmount": credit.amount("Total"), "outstandingBalanceAmount": credit.amount("RemainingCredit")}
        row = _document(books, key, credit, amounts, is_sale=is_sale, kind="Credit Memo")
        row |= {"purchaseOrderCode": credit.text("Reference"), "referenceCode": credit.text(number)}
        row |= {"paymentDueDate": day(credit, "DueDate"), "plannedPaymentDate": None}
        return {"Invoice": [row], "InvoiceLine": _lines(key, credit), "CreditMemoApplied": _applied(key, credit)}

    return rows


def _document(books: Books, key: str, document: Entry, amounts: dict[str, Decimal], *, is_sale: bool, kind: str) -> Row:
    party, rate = document.text("Contact", "ContactID") or "", rate_of(document)
    is_voided, due = document.text("Status") == "VOIDED", amounts["outstandingBalanceAmount"]
    if is_voided:
        # Nothing of it is due, whatever was.
        amounts["outstandingBalanceAmount"] = due = Decimal(0)
    more = {
        "salesTaxAmount": document.amount("TotalTax"),
        "netAmount": amounts["totalAmount"] - document.amount("TotalTax"),
    }
    return {
        "erpKey": key,
        "companyErpKey": books.own_key if is_sale else party,
        "customerErpKey": party if is_sale else books.own_key,
        "invoiceTypeCode": f"{'AR' if is_sale else 'AP'} {kind}",
        "invoiceStatusCode": "Open" if due else "Closed",
        "currencyCode": document.text("CurrencyCode") or books.currency,
        **base_amounts({**amounts, **more}, rate),
        "discountAmount": document.text("TotalDiscount"),
        "invoiceDate": day(document, "Date"),
        "invoiceClosedDate": day(document, "FullyPaidOnDate"),
        "isVoided": is_voided,
        "modified": stamp(document),
    }


def _lines(key: str, document: Entry) -> list[Row]:
    """The lines; amounts that include the tax are taken apart."""
    rate, includes_tax = rate_of(document), document.text("LineAmountTypes") == "Inclusive"
    rows: list[Row] = []
    for place, line in enumerate(document.many("LineItems"), start=1):
        tax, amount = line.amount("TaxAmount"), line.amount("LineAmount")
        net = amount - tax if includes_tax else amount
        rows.append(
            {
                "erpKey": child_key(key, place),
                "invoiceErpKey": key,
                "lineNumber": str(place),
                "accountNumber": line.text("AccountCode"),
                "productCode": line.text("ItemCode"),
                "description": line.text("Description"),
                "unitPrice": line.text("UnitAmount"),
                "quantity": line.text("Quantity"),
                "totalAmount": digits(net + tax),
                "netAmount": digits(net),
                "baseCurrencyNetAmount": digits(in_base(net, rate)),
                "salesTaxAmount": digits(tax),
                "baseCurrencySalesTaxAmount": digits(in_base(tax, rate)),
                "taxCode": line.text("TaxType"),
                "modified": stamp(document),
            }
        )
    return rows


def _applied(key: str, credit: Entry) -> list[Row]:
    """The invoices that a credit settles; allocations that were taken back are still listed, as deleted."""
    if credit.text("Status") == "VOIDED":
        return []
    present = [each for each in credit.many("Allocations") if not each.flag("IsDeleted")]
    return [
        {
            "erpKey": child_key(key, place),
            "invoiceErpKey": each.text("Invoice", "InvoiceID"),
            "creditMemoInvoiceErpKey": key,
            "entryNumber": place,
            "applyToInvoiceDate": day(each, "Date") or day(credit, "Date"),
            "creditMemoAppliedAmount": digits(each.amount("Amount")),
        }
        for place, each in enumerate(present, start=1)
    ]
