"""Views of what is derived from records: the addresses of invoices, and the definitions of custom fields."""

from django.db import migrations, models

ADDRESS_KINDS = {"origin": "8", "bill_to": "9", "ship_to": "a"}
ADDRESS_PARTS = ("line1", "line2", "line3", "city", "region", "postal_code", "country", "latitude", "longitude")


def addresses(kind, digit):
    columns = [f"{kind}_address_{part}" for part in ADDRESS_PARTS]
    named = ", ".join(f"{column} AS {part}" for column, part in zip(columns, ADDRESS_PARTS, strict=True))
    return f"""
        SELECT overlay(id::text PLACING '{digit}' FROM 15)::uuid AS id, group_key, app_enrollment_id, created, modified,
               created_sync_id, modified_sync_id, id AS invoice_id, '{kind}' AS address_kind, {named}
          FROM records_invoice WHERE num_nonnulls({", ".join(columns)}) > 0
    """


INVOICE_ADDRESSES = f"""
    CREATE VIEW records_invoiceaddress WITH (security_invoker = true) AS
    {" UNION ALL ".join(addresses(*kind) for kind in ADDRESS_KINDS.items())}
"""
CUSTOM_FIELD_DEFINITIONS = """
    CREATE VIEW records_customfielddefinition WITH (security_invoker = true) AS
    SELECT md5(app_enrollment_id::text || '/' || table_key || '/' || custom_field_label)::uuid AS id,
           group_key, app_enrollment_id, table_key, custom_field_label,
           min(created) AS created, max(modified) AS modified,
           CASE WHEN bool_and(numeric_value IS NOT NULL) THEN 'Numeric' ELSE 'String' END AS data_type, 0 AS sort_order
      FROM records_customfield
     GROUP BY group_key, app_enrollment_id, table_key, custom_field_label
"""


def view(name, columns):
    fields = [
        ("id", models.UUIDField(primary_key=True, serialize=False)),
        ("group_key", models.UUIDField()),
        ("app_enrollment_id", models.UUIDField()),
        ("created", models.DateTimeField()),
        ("modified", models.DateTimeField()),
        *columns,
    ]
    return migrations.CreateModel(name, fields, options={"managed": False, "db_table": f"records_{name.lower()}"})


class Migration(migrations.Migration):
    dependencies = [("records", "0004_forget_row_hashes")]
    operations = [
        migrations.RunSQL(INVOICE_ADDRESSES, "DROP VIEW records_invoiceaddress"),
        migrations.RunSQL(CUSTOM_FIELD_DEFINITIONS, "DROP VIEW records_customfielddefinition"),
        view(
            "InvoiceAddress",
            [
                ("created_sync_id", models.UUIDField(null=True)),
                ("modified_sync_id", models.UUIDField(null=True)),
                ("invoice_id", models.UUIDField()),
                ("address_kind", models.TextField()),
                *((part, models.TextField(null=True)) for part in ADDRESS_PARTS[:-2]),
                *((part, models.FloatField(null=True)) for part in ADDRESS_PARTS[-2:]),
            ],
        ),
        view(
            "CustomFieldDefinition",
            [
                ("table_key", models.TextField()),
                ("custom_field_label", models.TextField()),
                ("data_type", models.TextField()),
                ("sort_order", models.IntegerField()),
            ],
        ),
    ]
