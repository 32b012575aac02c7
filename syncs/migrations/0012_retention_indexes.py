"""Index what retention and /metrics look for. Concurrently, so that syncs go on meanwhile."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("syncs", "0011_retention")]
    operations = [
        AddIndexConcurrently(
            "syncrequest",
            models.Index(
                condition=models.Q(details_removed__isnull=True), fields=["finished"], name="sync_with_details"
            ),
        ),
        AddIndexConcurrently(
            "syncrequest",
            models.Index(
                condition=models.Q(details_removed__isnull=False),
                fields=["details_removed"],
                name="sync_without_details",
            ),
        ),
        AddIndexConcurrently(
            "upload",
            models.Index(
                condition=models.Q(removed__isnull=True), fields=["created"], include=["size"], name="upload_kept"
            ),
        ),
    ]
