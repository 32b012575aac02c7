"""Count what has been removed of a deleted enrollment while its removal goes on in steps."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("enrollments", "0007_names_of_demo_settings")]
    operations = [migrations.AddField("appenrollment", "removed_so_far", models.JSONField(editable=False, null=True))]
