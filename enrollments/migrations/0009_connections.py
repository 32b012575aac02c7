"""Keep when access that a person gave at a vendor ends, and why the vendor has ended it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("enrollments", "0008_removed_so_far")]
    operations = [
        migrations.AddField(
            "appenrollment", "connection_ends", models.DateTimeField(editable=False, null=True)
        ),
        migrations.AddField(
            "appenrollment",
            "connection_problem",
            models.TextField(blank=True, db_default="", default="", editable=False),
        ),
    ]
