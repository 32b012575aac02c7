"""Note of a sync by what it was judged, if loading the same upload again would change nothing."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("syncs", "0026_excerpts_of_sources")]
    operations = [
        migrations.AddField(
            "syncrequest",
            "settled_by",
            models.CharField(blank=True, db_default="", editable=False, max_length=64),
        )
    ]
