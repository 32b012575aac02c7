"""Note when the details of a sync and the content of an upload were removed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("syncs", "0010_queue_index")]
    operations = [
        migrations.AddField("syncrequest", "details_removed", models.DateTimeField(editable=False, null=True)),
        migrations.AddField("upload", "removed", models.DateTimeField(editable=False, null=True)),
    ]
