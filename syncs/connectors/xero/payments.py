"""Payments of Xero, each of which settles one document."""

from decimal import Decimal

from syncs.connectors.cloud_ledger.answers import Entry, Row, digits
from syncs.connectors.cloud_ledger.streams import Kind, child_key
from syncs.connectors.cloud_ledger.values import base_amounts
from syncs.connectors.xero.books import Books, day, stamp
from syncs.connectors.xero.documents import rate_of

PAYMENT = Kind("Payment", "Payments", most={"memoText": 75, "referenceCode": 100, "financialAccountCode": 255})
PAYMENT_APPLIED = Kind("PaymentApplied", "Documents settled by payments", is_child=True)
# What a payment may be for, and the id there.
DOCUMENTS = {
    "Invoice": "InvoiceID",
    "CreditNote": "CreditNoteID",
    "Overpayment": "OverpaymentID",
    "Prepayment": "PrepaymentID",
}


def key(payment: Entry) -> str:
    return payment.text("PaymentID") or ""


def of_payment(books: Books, payment: Entry) -> dict[str, list[Row]]:
    """A payment and what it settles; money that is paid back is negative."""
    if payment.text("Status") != "AUTHORISED":
        return {}
    type_ = payment.text("PaymentType") or ""
    is_received = type_.startswith(("ACCREC", "AR"))
    name = next((each for each in DOCUMENTS if payment.part(each)), "Invoice")
    document = payment.part(name)
    amount = payment.amount("Amount") * (1 if name == "Invoice" else -1)
    paid = day(payment, "Date")
    row: Row = {
        "erpKey": key(payment),
        "companyErpKey": document.text("Contact", "ContactID") or books.own_key,
        "paymentType": "AR Payment" if is_received else "AP Payment",
        "isOpen": False,
        "memoText": payment.text("Details") or payment.text("Particulars"),
        "paymentDate": paid,
        "postDate": paid,
        **base_amounts({"paymentAmount": amount, "unappliedAmount": Decimal(0)}, rate_of(payment)),
        "currencyCode": document.text("CurrencyCode") or books.currency,
        "referenceCode": payment.text("Reference"),
        "financialAccountCode": payment.text("Account", "Code"),
        "modified": stamp(payment),
    }
    applied: Row = {
        "erpKey": child_key(key(payment), 1),
        "invoiceErpKey": document.text(DOCUMENTS[name]),
        "paymentErpKey": key(payment),
        "entryNumber": 1,
        "applyToInvoiceDate": paid,
        "paymentAppliedAmount": digits(amount),
    }
    return {"Payment": [row], "PaymentApplied": [applied]}
