"""Payments, payments of bills and refunds of QuickBooks, and what they settle.

A payment lists what it was applied to: invoices, and credits that were used with it. A credit that settles an invoice
by itself is a payment of nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from syncs.connectors.cloud_ledger.answers import Entry, Row, digits
from syncs.connectors.cloud_ledger.streams import Kind, child_key
from syncs.connectors.cloud_ledger.values import base_amounts
from syncs.connectors.quickbooks.books import Books, key_of, stamps
from syncs.connectors.quickbooks.documents import TYPES, rate_of

PAYMENT = Kind("Payment", "Payments and refunds", most={"tenderType": 25, "memoText": 75, "referenceCode": 100})
PAYMENT_APPLIED = Kind("PaymentApplied", "Invoices settled by payments", is_child=True)
CREDITS_APPLIED = Kind("CreditMemoApplied", "Invoices settled by credits", is_child=True)
KINDS = ("Payment", "PaymentApplied", "CreditMemoApplied")
OWED, CREDITS = ("Invoice", "Bill"), ("CreditMemo", "VendorCredit")


def of_payment(entity: str) -> Callable[[Books, Entry], dict[str, list[Row]]]:
    """The payment of a record of that entity; money that is paid back is negative."""
    is_received, sign = entity != "BillPayment", -1 if entity == "RefundReceipt" else 1

    def rows(books: Books, payment: Entry) -> dict[str, list[Row]]:
        key, paid = key_of(entity, payment), payment.text("TxnDate")
        party = f"Customer|{payment.text('CustomerRef', 'value')}"
        if not is_received:
            party = f"Vendor|{payment.text('VendorRef', 'value')}"
        amount, unapplied = sign * payment.amount("TotalAmt"), payment.amount("UnappliedAmt")
        account = books.accounts.get(_account(payment) or "") or Entry({})
        row: Row = {
            "erpKey": key,
            "companyErpKey": party,
            "paymentType": "AR Payment" if is_received else "AP Payment",
            "tenderType": payment.text("PayType") or payment.text("PaymentMethodRef", "name"),
            "isOpen": bool(unapplied),
            "memoText": payment.text("PrivateNote"),
            "paymentDate": paid,
            "postDate": paid,
            **base_amounts({"paymentAmount": amount, "unappliedAmount": unapplied}, rate_of(payment)),
            "currencyCode": payment.text("CurrencyRef", "value") or books.currency,
            "referenceCode": payment.text("PaymentRefNum") or payment.text("DocNumber"),
            "financialAccountCode": account.text("AcctNum") or account.text("Id"),
            "isVoided": not amount and (payment.text("PrivateNote") or "").startswith("Voided"),
            **stamps(payment),
        }
        by_credits, by_payment = _settled(payment)
        return {
            "Payment": [row],
            "PaymentApplied": [
                {
                    "erpKey": child_key(key, place),
                    "invoiceErpKey": each.document,
                    "paymentErpKey": key,
                    "entryNumber": place,
                    "applyToInvoiceDate": paid,
                    "paymentAppliedAmount": digits(each.amount),
                }
                for place, each in enumerate(by_payment, start=1)
            ],
            "CreditMemoApplied": [
                {
                    "erpKey": child_key(key, place),
                    "invoiceErpKey": each.document,
                    "creditMemoInvoiceErpKey": each.credit,
                    "entryNumber": place,
                    "applyToInvoiceDate": paid,
                    "creditMemoAppliedAmount": digits(each.amount),
                }
                for place, each in enumerate(by_credits, start=1)
            ],
        }

    return rows


@dataclass(slots=True)
class _Settled:
    """How much of a document was settled, and by which credit if by one."""

    document: str
    amount: Decimal
    credit: str = ""


def _settled(payment: Entry) -> tuple[list[_Settled], list[_Settled]]:
    """What was settled by credits, and what by the money itself: credits settle what is owed in its order."""
    linked = [
        _Settled(f"{link.text('TxnType')}|{link.text('TxnId')}", line.amount("Amount"))
        for line in payment.many("Line")
        for link in line.many("LinkedTxn")[:1]
        if link.text("TxnType") in TYPES
    ]
    owed = [each for each in linked if each.document.startswith(OWED)]
    by_credits = []
    for credit in (each for each in linked if each.document.startswith(CREDITS)):
        for debt in owed:
            amount = min(credit.amount, debt.amount)
            if amount > 0:
                credit.amount -= amount
                debt.amount -= amount
                by_credits.append(_Settled(debt.document, amount, credit.document))
    return by_credits, [each for each in owed if each.amount]


def _account(payment: Entry) -> str | None:
    return (
        payment.text("DepositToAccountRef", "value")
        or payment.text("CheckPayment", "BankAccountRef", "value")
        or payment.text("CreditCardPayment", "CCAccountRef", "value")
    )
