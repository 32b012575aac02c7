"""Payments, and what each payment and credit memo settles."""

from decimal import Decimal

from django.db import models

from adsplatform.records.fields import AmountField, Assumed, Reference
from adsplatform.records.models.base import Record, SourceStamps, of_account, unique_key


class Payment(SourceStamps, Record):
    """A payment received or made."""

    BATCH_KEY = "payments"
    SEARCHED = ("reference_code", "memo_text")
    LISTED = (
        "company",
        "payment_type",
        "payment_date",
        "tender_type",
        "payment_amount",
        "unapplied_amount",
        "currency_code",
        "is_open",
    )
    READ_PATH = "Payments"
    HAS_NETWORK_ID = True
    KNOWN_TEXTS = {"payment_type": ("AR Payment", "AP Payment")}

    erp_key = models.CharField(max_length=255)
    company = Reference("Company")
    payment_type = models.CharField(max_length=20)
    tender_type = models.CharField(max_length=25, null=True)
    is_open = models.BooleanField()
    memo_text = models.CharField(max_length=75, null=True)
    payment_date = models.DateField()
    post_date = models.DateField()
    payment_amount = AmountField(currency="currency_code")
    unapplied_amount = AmountField(currency="currency_code")
    currency_code = models.CharField(max_length=3, null=True)
    reference_code = models.CharField(max_length=100, null=True)
    is_voided = models.BooleanField(default=False)
    in_dispute = models.BooleanField(default=False)
    currency_rate = AmountField(adds_up=False, assumed=Assumed(constant=Decimal(1)))
    base_currency_payment_amount = AmountField(assumed=Assumed(product_of=("payment_amount", "currency_rate")))
    base_currency_unapplied_amount = AmountField(assumed=Assumed(product_of=("unapplied_amount", "currency_rate")))
    bank_account_id = models.CharField(max_length=50, null=True)
    tax_code = models.CharField(max_length=15, null=True)
    financial_account_code = models.CharField(max_length=255, null=True)

    class Meta:
        constraints = [unique_key("payment", "erp_key")]
        indexes = [of_account("payment")]


class PaymentApplied(SourceStamps, Record):
    """The part of a payment that settles an invoice."""

    BATCH_KEY = "paymentApplications"
    LISTED = ("invoice", "payment", "refund", "apply_to_invoice_date", "payment_applied_amount")
    READ_PATH = "payments-applied"
    OTHER_NAMES = ("paymentsApplied",)
    HAS_NETWORK_ID = True

    erp_key = models.CharField(max_length=255)
    invoice = Reference("Invoice", null=True)
    refund = Reference("Payment", null=True)
    payment = Reference("Payment")
    entry_number = models.IntegerField()
    apply_to_invoice_date = models.DateTimeField()
    payment_applied_amount = AmountField()

    class Meta:
        constraints = [unique_key("payment_applied", "erp_key")]
        indexes = [
            of_account("payment_applied"),
            models.Index(fields=["invoice"], name="payment_of_invoice"),
            models.Index(fields=["payment"], name="invoice_of_payment"),
        ]


class CreditMemoApplied(SourceStamps, Record):
    """The part of a credit memo that settles an invoice."""

    BATCH_KEY = "creditMemoApplications"
    LISTED = ("invoice", "credit_memo_invoice", "apply_to_invoice_date", "credit_memo_applied_amount")
    READ_PATH = "credit-memos-applied"
    OTHER_NAMES = ("creditMemosApplied",)
    HAS_NETWORK_ID = True
    MUST_DIFFER = (("credit_memo_invoice", "invoice"),)

    erp_key = models.CharField(max_length=255)
    invoice = Reference("Invoice")
    credit_memo_invoice = Reference("Invoice", by={"credit_memo_invoice_erp_key": "erp_key"})
    entry_number = models.IntegerField()
    apply_to_invoice_date = models.DateTimeField()
    credit_memo_applied_amount = AmountField()

    class Meta:
        constraints = [unique_key("credit_memo_applied", "erp_key")]
        indexes = [of_account("credit_memo_applied"), models.Index(fields=["invoice"], name="credit_memo_of_invoice")]
