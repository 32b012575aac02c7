"""Note that a deleted enrollment's records are to be removed: a message of the queue may get lost."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("enrollments", "0002_timings")]
    operations = [
        migrations.AddField(
            "appenrollment", "removal_asked", models.DateTimeField(blank=True, editable=False, null=True)
        )
    ]
