"""Drop indexes of one column that are prefixes of others, which every write had to keep up for nothing.

The names of models and fields change as Django knows them; tables and columns keep theirs, so old code goes on.
"""

import django.db.models.deletion
from django.db import migrations, models

from adsplatform.migration_operations import drop_redundant_index, rename_content_type


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("enrollments", "0004_audit"), ("contenttypes", "0002_remove_content_type_name")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                drop_redundant_index(
                    "enrollments_customfielddefinition_app_enrollment_id_5368f509",
                    "enrollments_customfielddefinition",
                    "app_enrollment_id",
                ),
            ],
            state_operations=[
                migrations.AlterField(
                    "customfielddefinition",
                    "app_enrollment",
                    models.ForeignKey(
                        related_name="custom_field_definitions",
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="enrollments.appenrollment",
                    ),
                ),
                migrations.RenameModel("Timing", "SyncPlan"),
                migrations.AlterModelTable("syncplan", "enrollments_timing"),
                migrations.AlterField(
                    "syncplan",
                    "app_enrollment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="sync_plan",
                        serialize=False,
                        to="enrollments.appenrollment",
                    ),
                ),
            ],
        ),
        rename_content_type("enrollments.timing", "enrollments.syncplan"),
    ]
