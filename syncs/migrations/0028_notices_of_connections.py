"""Notices about connections; the database knows no kinds, so nothing changes there."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("syncs", "0027_settled_by")]
    operations = [
        migrations.AlterField(
            "notice",
            "kind",
            models.CharField(
                choices=[
                    ("failing", "The last sync failed"),
                    ("stale", "Data are late"),
                    ("schedule", "The schedule has stopped"),
                    ("connection", "A connection needs you"),
                ],
                max_length=10,
            ),
        ),
    ]
