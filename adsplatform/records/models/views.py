"""What is read like a kind of record and derived from others in the database: views, never written.

Each view runs with the rights of who asks (`security_invoker`), so row-level security holds for it as for its tables.
"""

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


VIEWS = (InvoiceAddress, CustomFieldDefinition)
