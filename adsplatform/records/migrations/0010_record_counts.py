"""Keep how many records of each kind an enrollment has, and count those that are there.

Safe to run twice: what is there already stays. One pass over each table.
"""

import django.db.models.deletion
from django.db import migrations, models

TABLES = {
    "BaseCurrency": "records_basecurrency",
    "Company": "records_company",
    "Contact": "records_contact",
    "CreditMemoApplied": "records_creditmemoapplied",
    "CustomField": "records_customfield",
    "FinancialAccount": "records_financialaccount",
    "FinancialAccountBalanceHistory": "records_financialaccountbalancehistory",
    "FinancialYearSetting": "records_financialyearsetting",
    "Invoice": "records_invoice",
    "InvoiceLine": "records_invoiceline",
    "InvoiceWorkflowStatus": "records_invoiceworkflowstatus",
    "JournalEntry": "records_journalentry",
    "JournalEntryLine": "records_journalentryline",
    "Payment": "records_payment",
    "PaymentApplied": "records_paymentapplied",
}


def count(apps, schema_editor):
    for entity, table in TABLES.items():
        schema_editor.execute(
            f"""
            INSERT INTO records_recordcount (group_key, app_enrollment_id, entity, count)
            SELECT group_key, app_enrollment_id, '{entity}', count(*) FROM {table} GROUP BY group_key, app_enrollment_id
            ON CONFLICT DO NOTHING
            """
        )


class Migration(migrations.Migration):
    dependencies = [("enrollments", "0005_redundant_indexes"), ("records", "0009_created_by_default")]

    operations = [
        migrations.CreateModel(
            name="RecordCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("group_key", models.UUIDField()),
                ("entity", models.CharField(max_length=50)),
                ("count", models.BigIntegerField()),
                (
                    "app_enrollment",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="enrollments.appenrollment",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        models.F("group_key"),
                        models.F("entity"),
                        models.F("app_enrollment"),
                        name="one_count_per_kind",
                    )
                ],
            },
        ),
        migrations.RunPython(count, migrations.RunPython.noop),
    ]
