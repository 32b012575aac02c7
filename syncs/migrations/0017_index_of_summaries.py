"""Index details without the lines of common causes. Concurrently, so that syncs go on meanwhile."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("syncs", "0016_common_causes")]
    operations = [
        AddIndexConcurrently(
            "syncresultdetail",
            models.Index(condition=models.Q(cause=None), fields=["sync_request", "id"], name="detail_summarised"),
        )
    ]
