"""Drop indexes of one column that are prefixes of others, which every write had to keep up for nothing."""

import django.db.models.deletion
from django.db import migrations, models

from adsplatform.migration_operations import drop_redundant_index


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("accounts", "0007_audit")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                drop_redundant_index("accounts_membership_group_key_f5b2593d", "accounts_membership", "group_key"),
            ],
            state_operations=[
                migrations.AlterField(
                    "membership",
                    "group_key",
                    models.ForeignKey(
                        db_column="group_key",
                        related_name="memberships",
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="accounts.account",
                    ),
                ),
            ],
        ),
    ]
