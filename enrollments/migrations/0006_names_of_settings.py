"""Store settings by the names of their fields, and room for a SELECT in a setting."""

from django.db import migrations, models

from adsplatform.accounts.audit_triggers import audited

AUDITED = audited(
    "enrollments_customfielddefinition", "setting", "app_enrollment_id", "custom_field_label", "value",
    key="custom_field_definition_id", name="custom_field_label", of_people_only=True,
)  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("enrollments", "0005_redundant_indexes")]
    operations = [
        migrations.AddField(
            "customfielddefinition", "name", models.CharField(blank=True, db_default="", default="", max_length=100)
        ),
        # PostgreSQL changes the type of no column that a trigger names. A text needs no more room than before.
        migrations.RunSQL(AUDITED.reverse_sql, AUDITED.sql),
        migrations.AlterField("customfielddefinition", "value", models.TextField(blank=True)),
        migrations.RunSQL(AUDITED.sql, AUDITED.reverse_sql),
    ]
