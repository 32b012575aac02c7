"""Find the entries of the audit trail that are not sealed yet, and those of a segment."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("accounts", "0018_signed_and_sealed_entries")]
    operations = [
        AddIndexConcurrently(
            "auditentry", models.Index(fields=["segment", "audit_entry_id"], name="audit_of_segment")
        ),
    ]
