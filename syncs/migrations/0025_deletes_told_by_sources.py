"""Say that records are also deleted because a source says so; changes no table."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("syncs", "0024_source_states")]
    operations = [
        migrations.AlterField(
            "syncentityresult",
            "deleted_as_missing",
            models.BigIntegerField(
                default=0, help_text="Deleted because the source no longer has them; no line of the input."
            ),
        )
    ]
