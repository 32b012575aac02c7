"""A view of all that is owed and paid: invoices, credit memos and payments in one list."""

from django.db import migrations, models

TRANSACTIONS = """
    CREATE VIEW records_transaction WITH (security_invoker = true) AS
    SELECT id, group_key, app_enrollment_id, created, modified, erp_key AS source_key, reference_code AS reference_number,
           CASE WHEN is_voided THEN 'Voided' WHEN coalesce(outstanding_balance_amount, 0) <> 0 THEN 'Open' ELSE 'Closed' END
               AS transaction_status,
           invoice_type_code::text AS transaction_type, invoice_status_code::text AS transaction_sub_type,
           invoice_date::timestamp AT TIME ZONE 'UTC' AS transaction_date,
           coalesce(payment_due_date, invoice_date)::timestamp AT TIME ZONE 'UTC' AS due_date,
           coalesce(payment_due_date, invoice_date) AS due_day, currency_code,
           coalesce(total_amount, 0) AS transaction_amount, outstanding_balance_amount AS outstanding_amount,
           coalesce(base_currency_total_amount, total_amount * currency_rate, 0) AS base_currency_transaction_amount,
           coalesce(base_currency_outstanding_balance_amount, outstanding_balance_amount * currency_rate)
               AS base_currency_outstanding_amount,
           CASE WHEN upper(left(invoice_type_code, 3)) = 'AP ' THEN company_id ELSE customer_id END
               AS transaction_customer_id,
           'Invoice' AS record_type
      FROM records_invoice
     UNION ALL
    SELECT id, group_key, app_enrollment_id, created, modified, erp_key, reference_code,
           CASE WHEN is_voided THEN 'Voided' WHEN unapplied_amount <> 0 THEN 'Open' ELSE 'Closed' END,
           payment_type::text, tender_type::text, payment_date::timestamp AT TIME ZONE 'UTC', NULL, NULL, currency_code,
           payment_amount, unapplied_amount, base_currency_payment_amount, base_currency_unapplied_amount,
           company_id, 'Payment'
      FROM records_payment
"""


def amount(null=False):
    return models.DecimalField(max_digits=56, decimal_places=16, null=null)


class Migration(migrations.Migration):
    dependencies = [("records", "0007_indexes_of_reads")]
    operations = [
        migrations.RunSQL(TRANSACTIONS, "DROP VIEW records_transaction"),
        migrations.CreateModel(
            "Transaction",
            [
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("group_key", models.UUIDField()),
                ("app_enrollment_id", models.UUIDField()),
                ("created", models.DateTimeField()),
                ("modified", models.DateTimeField()),
                ("source_key", models.TextField(null=True)),
                ("reference_number", models.TextField(null=True)),
                ("transaction_status", models.TextField()),
                ("transaction_type", models.TextField(null=True)),
                ("transaction_sub_type", models.TextField(null=True)),
                ("transaction_date", models.DateTimeField(null=True)),
                ("due_date", models.DateTimeField(null=True)),
                ("due_day", models.DateField(null=True)),
                ("currency_code", models.TextField(null=True)),
                ("transaction_amount", amount()),
                ("outstanding_amount", amount(null=True)),
                ("base_currency_transaction_amount", amount()),
                ("base_currency_outstanding_amount", amount(null=True)),
                ("transaction_customer_id", models.UUIDField(null=True)),
                ("record_type", models.TextField()),
            ],
            options={"managed": False, "db_table": "records_transaction"},
        ),
    ]
