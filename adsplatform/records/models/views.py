"""What is read like a kind of record and derived from others in the database: views, never written.

Each view runs with the rights of who asks (`security_invoker`), so row-level security holds for it as for its tables.
"""

from typing import Any

from django.db import models

from adsplatform.accounts.models import TenantQuerySet


class RecordView(models.Model):
    """A row of a view of records of one account."""

    id = models.UUIDField(primary_key=True)
    group_key = models.UUIDField()
    app_enrollment_id = models.UUIDField()
    created = models.DateTimeField()
    modified = models.DateTimeField()

    objects = TenantQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{type(self).__name__} {self.pk}"


class InvoiceAddress(RecordView):
    """One of the three addresses of an invoice, if it has any text or place.

    Its id is the invoice's, with another digit in place of the version: it stays the same, and leads to the invoice.
    """

    READ_PATH = "invoice-addresses"
    READ_PAGE_SIZES = (200, 500)
    READ_ORDER = ("invoice_id", "id")

    created_sync_id = models.UUIDField(null=True)
    modified_sync_id = models.UUIDField(null=True)
    invoice_id = models.UUIDField()
    address_kind = models.TextField()
    line1 = models.TextField(null=True)
    line2 = models.TextField(null=True)
    line3 = models.TextField(null=True)
    city = models.TextField(null=True)
    region = models.TextField(null=True)
    postal_code = models.TextField(null=True)
    country = models.TextField(null=True)
    latitude = models.FloatField(null=True)
    longitude = models.FloatField(null=True)

    class Meta:
        managed = False
        db_table = "records_invoiceaddress"


class CustomFieldDefinition(RecordView):
    """A label under which an enrollment has values of custom fields for one kind of record."""

    READ_PATH = "CustomFieldDefinitions"
    READ_ORDER = ("created", "id")

    table_key = models.TextField()
    custom_field_label = models.TextField()
    data_type = models.TextField()
    sort_order = models.IntegerField()

    class Meta:
        managed = False
        db_table = "records_customfielddefinition"


class WorkflowStatus(models.Model):
    """A status that an account's invoices, or the steps of their workflows, name by its id or its code."""

    READ_PATH = "workflow-statuses"
    READ_NAMES = {"id": "id"}
    READ_ORDER = ("name", "id")

    # The one that records name; of a status that they name by its code alone, a hash of account and code.
    id = models.UUIDField(primary_key=True)
    group_key = models.UUIDField()
    # When the first and the last record that names it was created.
    created = models.DateTimeField()
    modified = models.DateTimeField()
    name = models.TextField()
    code = models.TextField(null=True)
    is_notes_required = models.BooleanField()
    is_reason_required = models.BooleanField()
    promote_to_erp = models.BooleanField()
    status_source = models.IntegerField()

    objects = TenantQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "records_workflowstatus"

    def __str__(self) -> str:
        return self.name


def _amount(*, null: bool = False) -> "models.DecimalField[Any, Any]":
    # Products of an amount and a rate have the decimal places of both.
    return models.DecimalField(max_digits=56, decimal_places=16, null=null)


class Transaction(RecordView):
    """An invoice, a credit memo or a payment: what is owed or paid, in one list."""

    READ_PATH = "Transactions"
    READ_NAMES = {"source_key": "erpKey"}
    READ_HIDDEN = ("due_day",)

    source_key = models.TextField(null=True)
    reference_number = models.TextField(null=True)
    transaction_status = models.TextField()
    transaction_type = models.TextField(null=True)
    transaction_sub_type = models.TextField(null=True)
    transaction_date = models.DateTimeField(null=True)
    due_date = models.DateTimeField(null=True)
    due_day = models.DateField(null=True)
    currency_code = models.TextField(null=True)
    transaction_amount = _amount()
    outstanding_amount = _amount(null=True)
    base_currency_transaction_amount = _amount()
    base_currency_outstanding_amount = _amount(null=True)
    transaction_customer_id = models.UUIDField(null=True)
    record_type = models.TextField()

    class Meta:
        managed = False
        db_table = "records_transaction"


# Those that are kinds of record of their own; transactions are records of other kinds once more.
VIEWS = (InvoiceAddress, CustomFieldDefinition, WorkflowStatus)
