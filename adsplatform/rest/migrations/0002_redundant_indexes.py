"""Drop indexes of one column that are prefixes of others, which every write had to keep up for nothing."""

import django.db.models.deletion
from django.db import migrations, models

from adsplatform.migration_operations import drop_redundant_index


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("rest", "0001_kept_answers")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                drop_redundant_index("rest_keptanswer_group_key_3d17db89", "rest_keptanswer", "group_key"),
            ],
            state_operations=[
                migrations.AlterField(
                    "keptanswer",
                    "group_key",
                    models.ForeignKey(
                        db_column="group_key",
                        related_name="+",
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="accounts.account",
                    ),
                ),
            ],
        ),
    ]
