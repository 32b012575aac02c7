"""Invoices and credit memos, their lines and their workflow history."""

from decimal import Decimal

from django.db import models

from adsplatform.naming import camel_case
from adsplatform.records.fields import AmountField, Assumed, Reference
from adsplatform.records.models.base import Record, SourceStamps, of_account, unique_key

ADDRESS_KINDS = ("origin", "bill_to", "ship_to")
ADDRESS_PARTS = ("line1", "line2", "line3", "city", "region", "postal_code", "country", "latitude", "longitude")
ADDRESS_COLUMNS = tuple(f"{kind}_address_{part}" for kind in ADDRESS_KINDS for part in ADDRESS_PARTS)


class Invoice(SourceStamps, Record):
    """An invoice or credit memo, with its three addresses."""

    BATCH_KEY = "invoices"
    SEARCHED = ("reference_code", "purchase_order_code")
    LISTED = (
        "customer",
        "invoice_type_code",
        "invoice_status_code",
        "invoice_date",
        "payment_due_date",
        "total_amount",
        "outstanding_balance_amount",
        "currency_code",
    )
    READ_PATH = "Invoices"
    READ_HIDDEN = (*ADDRESS_COLUMNS, "workflow_status_id")
    HAS_NETWORK_ID = True
    KNOWN_TEXTS = {
        "invoice_type_code": ("AR Invoice", "AP Invoice", "AR Credit Memo", "AP Credit Memo"),
        "invoice_status_code": ("Open", "Closed"),
    }
    JSON_TEXTS = ("tax_summary",)

    erp_key = models.CharField(max_length=100)
    company = Reference("Company")
    customer = Reference("Company")
    salesperson_name = models.CharField(max_length=50, null=True)
    purchase_order_code = models.CharField(max_length=100, null=True)
    reference_code = models.CharField(max_length=100, null=True)
    salesperson_code = models.CharField(max_length=50, null=True)
    invoice_type_code = models.CharField(max_length=50, null=True)
    invoice_status_code = models.CharField(max_length=50, null=True)
    terms_code = models.CharField(max_length=50, null=True)
    special_terms = models.CharField(max_length=200, null=True)
    currency_code = models.CharField(max_length=3, null=True)
    total_amount = AmountField(null=True, currency="currency_code")
    sales_tax_amount = AmountField(null=True, currency="currency_code")
    discount_amount = AmountField(null=True, currency="currency_code")
    outstanding_balance_amount = AmountField(null=True, currency="currency_code")
    shipping_amount = AmountField(null=True, currency="currency_code")
    net_amount = AmountField(null=True, currency="currency_code")
    invoice_date = models.DateField(null=True)
    discount_date = models.DateField(null=True)
    posted_date = models.DateField(null=True)
    invoice_closed_date = models.DateField(null=True)
    payment_due_date = models.DateField(null=True)
    planned_payment_date = models.DateField(null=True)
    imported_date = models.DateTimeField(null=True)
    tax_point_date = models.DateField(null=True)
    origin_address_line1 = models.CharField(max_length=100, null=True)
    origin_address_line2 = models.CharField(max_length=100, null=True)
    origin_address_line3 = models.CharField(max_length=100, null=True)
    origin_address_city = models.CharField(max_length=100, null=True)
    origin_address_region = models.CharField(max_length=100, null=True)
    origin_address_postal_code = models.CharField(max_length=100, null=True)
    origin_address_country = models.CharField(max_length=100, null=True)
    origin_address_latitude = models.FloatField(null=True)
    origin_address_longitude = models.FloatField(null=True)
    bill_to_address_line1 = models.CharField(max_length=100, null=True)
    bill_to_address_line2 = models.CharField(max_length=100, null=True)
    bill_to_address_line3 = models.CharField(max_length=100, null=True)
    bill_to_address_city = models.CharField(max_length=100, null=True)
    bill_to_address_region = models.CharField(max_length=100, null=True)
    bill_to_address_postal_code = models.CharField(max_length=100, null=True)
    bill_to_address_country = models.CharField(max_length=100, null=True)
    bill_to_address_latitude = models.FloatField(null=True)
    bill_to_address_longitude = models.FloatField(null=True)
    ship_to_address_line1 = models.CharField(max_length=100, null=True)
    ship_to_address_line2 = models.CharField(max_length=100, null=True)
    ship_to_address_line3 = models.CharField(max_length=100, null=True)
    ship_to_address_city = models.CharField(max_length=100, null=True)
    ship_to_address_region = models.CharField(max_length=100, null=True)
    ship_to_address_postal_code = models.CharField(max_length=100, null=True)
    ship_to_address_country = models.CharField(max_length=100, null=True)
    ship_to_address_latitude = models.FloatField(null=True)
    ship_to_address_longitude = models.FloatField(null=True)
    is_voided = models.BooleanField(default=False)
    in_dispute = models.BooleanField(default=False)
    is_draft = models.BooleanField(default=False)
    on_hold = models.BooleanField(default=False)
    preferred_delivery_method = models.CharField(max_length=20, null=True)
    currency_rate = AmountField(adds_up=False, assumed=Assumed(constant=Decimal(1)))
    base_currency_total_amount = AmountField(null=True, assumed=Assumed(product_of=("total_amount", "currency_rate")))
    base_currency_sales_tax_amount = AmountField(
        null=True, assumed=Assumed(product_of=("sales_tax_amount", "currency_rate"))
    )
    base_currency_discount_amount = AmountField(
        null=True, assumed=Assumed(product_of=("discount_amount", "currency_rate"))
    )
    base_currency_outstanding_balance_amount = AmountField(
        null=True, assumed=Assumed(product_of=("outstanding_balance_amount", "currency_rate"))
    )
    base_currency_shipping_amount = AmountField(
        null=True, assumed=Assumed(product_of=("shipping_amount", "currency_rate"))
    )
    base_currency_net_amount = AmountField(null=True, assumed=Assumed(product_of=("net_amount", "currency_rate")))
    is_e_invoice = models.BooleanField(null=True)
    send_immediately = models.BooleanField(null=True)
    workflow_status_id = models.UUIDField(null=True)
    workflow_status_notes = models.CharField(max_length=2000, null=True)
    workflow_status_reason_code = models.CharField(max_length=50, null=True)
    workflow_status_code = models.TextField(null=True)
    tax_summary = models.TextField(null=True)
    document_source = models.CharField(max_length=50, null=True)
    jurisdiction = models.CharField(max_length=2, null=True)

    class Meta:
        constraints = [unique_key("invoice", "erp_key")]
        indexes = [
            of_account("invoice"),
            # For the list of statuses; it has an entry only for an invoice that names one.
            models.Index(
                fields=["group_key", "workflow_status_code", "workflow_status_id"],
                include=["created"],
                condition=models.Q(workflow_status_code__isnull=False) | models.Q(workflow_status_id__isnull=False),
                name="invoice_with_workflow_status",
            ),
        ]


class InvoiceLine(SourceStamps, Record):
    """A line of an invoice."""

    BATCH_KEY = "invoiceLines"
    SEARCHED = ("description", "product_code")
    LISTED = ("invoice", "line_number", "product_code", "quantity", "unit_price", "total_amount")
    READ_PAGE_SIZES = (200, 10_000)
    HAS_NETWORK_ID = True
    LEGACY_COLUMNS = tuple(camel_case(column) for column in ADDRESS_COLUMNS)

    erp_key = models.CharField(max_length=100)
    invoice = Reference("Invoice")
    line_number = models.CharField(max_length=100)
    account_number = models.TextField(null=True)
    product_code = models.CharField(max_length=100, null=True)
    description = models.CharField(max_length=255, null=True)
    location = models.CharField(max_length=20, null=True)
    unit_measure_code = models.CharField(max_length=50, null=True)
    unit_price = AmountField(null=True, adds_up=False)
    quantity = AmountField(null=True, adds_up=False)
    quantity_shipped = AmountField(null=True, adds_up=False)
    quantity_received = AmountField(null=True, adds_up=False)
    total_amount = AmountField(null=True)
    tax_code = models.CharField(max_length=15, null=True)
    tax_rate = AmountField(null=True, adds_up=False)
    sales_tax_amount = AmountField(null=True)
    base_currency_sales_tax_amount = AmountField(null=True)
    net_amount = AmountField(null=True)
    base_currency_net_amount = AmountField(null=True)
    exemption_code = models.CharField(max_length=100, null=True)
    tax_uid = models.CharField(max_length=120, null=True)
    reporting_date = models.DateField(null=True)

    class Meta:
        constraints = [unique_key("invoice_line", "erp_key")]
        indexes = [of_account("invoice_line"), models.Index(fields=["invoice"], name="line_of_invoice")]


class InvoiceWorkflowStatus(Record):
    """A step in an invoice's history of workflow statuses; steps are added, never changed or deleted."""

    BATCH_KEY = "invoiceWorkflowStatuses"
    READ_MODEL = "InvoiceWorkflowStatusHistoryModel"
    READ_NAMES = {
        "id": "invoiceWorkflowStatusHistoryId",
        "notes": "workflowStatusNotes",
        "code": "workflowStatusReasonCode",
    }
    READ_HIDDEN = ("workflow_status_id",)
    KEY = ("invoice_id", "source_created_date")
    HAS_MATCH_ACTION = False

    invoice = Reference("Invoice", by={"invoice_erp_key": "erp_key"})
    workflow_status_id = models.UUIDField(null=True)
    notes = models.TextField(null=True)
    code = models.TextField(null=True)
    source_created_date = models.DateTimeField()

    class Meta:
        constraints = [unique_key("invoice_workflow_status", "invoice", "source_created_date")]
        indexes = [of_account("workflow_step"), models.Index(fields=["invoice"], name="step_of_invoice")]
