"""Find the entries of the audit trail that name a person, oldest first, for retention."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("accounts", "0013_erasable_persons")]
    operations = [
        AddIndexConcurrently(
            "auditentry",
            models.Index(
                condition=models.Q(
                    models.Q(("user_email", ""), _negated=True),
                    models.Q(("address", ""), _negated=True),
                    models.Q(("subject", "user"), models.Q(("subject_name", ""), _negated=True)),
                    _connector="OR",
                ),
                fields=["at"],
                name="audit_with_person",
            ),
        ),
    ]
