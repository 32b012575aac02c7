"""Give the demo connector's setting the name of its field. Safe to run twice; there are few."""

from django.db import migrations


def name_settings(apps, schema_editor):
    settings = apps.get_model("enrollments", "CustomFieldDefinition").objects.filter(
        table_key="AppEnrollment", custom_field_label="Invoices", app__connector="demo-data"
    )
    settings.update(name="invoices")


class Migration(migrations.Migration):
    dependencies = [("enrollments", "0006_names_of_settings")]
    operations = [migrations.RunPython(name_settings, migrations.RunPython.noop)]
