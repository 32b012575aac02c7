"""Index the invoices that name a workflow status. Concurrently, so that syncs go on meanwhile."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("records", "0010_record_counts")]
    operations = [
        AddIndexConcurrently(
            "invoice",
            models.Index(
                fields=["group_key", "workflow_status_code", "workflow_status_id"],
                include=["created"],
                condition=models.Q(workflow_status_code__isnull=False) | models.Q(workflow_status_id__isnull=False),
                name="invoice_with_workflow_status",
            ),
        ),
    ]
