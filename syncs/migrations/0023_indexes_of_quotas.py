"""Index what an account stores. Concurrently, so that syncs go on meanwhile."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("syncs", "0022_bytes_of_raw_lines")]
    operations = [
        AddIndexConcurrently(
            "syncentityresult",
            models.Index(
                condition=models.Q(raw_bytes__gt=0),
                fields=["group_key"],
                include=("sync_request", "raw_bytes"),
                name="result_with_raw_lines",
            ),
        ),
        AddIndexConcurrently(
            "upload",
            models.Index(
                condition=models.Q(removed__isnull=True), fields=["group_key"], include=("size",), name="upload_stored"
            ),
        ),
    ]
