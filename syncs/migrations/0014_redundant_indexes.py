"""Drop indexes of one column that are prefixes of others, which every write had to keep up for nothing.

The names of models and fields change as Django knows them; tables and columns keep theirs, so old code goes on.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from adsplatform.migration_operations import drop_redundant_index, rename_content_type


class Migration(migrations.Migration):
    atomic = False
    dependencies = [
        ("syncs", "0013_audit"),
        ("contenttypes", "0002_remove_content_type_name"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                drop_redundant_index("syncs_upload_group_key_5ae76bf8", "syncs_upload", "group_key"),
                drop_redundant_index(
                    "syncs_syncrequest_app_enrollment_id_d0faeb4f", "syncs_syncrequest", "app_enrollment_id"
                ),
                drop_redundant_index("syncs_syncrequest_group_key_f1e3ab5f", "syncs_syncrequest", "group_key"),
                drop_redundant_index(
                    "syncs_syncrequest_parent_sync_request_id_7ca9202d", "syncs_syncrequest", "parent_sync_request_id"
                ),
                drop_redundant_index(
                    "syncs_syncentityresult_sync_request_id_11ff9928", "syncs_syncentityresult", "sync_request_id"
                ),
                drop_redundant_index(
                    "syncs_mendedline_sync_request_id_ba3bfd14", "syncs_mendedline", "sync_request_id"
                ),
                drop_redundant_index(
                    "syncs_scheduledrun_app_enrollment_id_e5893155", "syncs_scheduledrun", "app_enrollment_id"
                ),
                drop_redundant_index("syncs_noticemail_notice_id_fbe4dc8d", "syncs_noticemail", "notice_id"),
            ],
            state_operations=[
                migrations.AlterField(
                    "upload",
                    "group_key",
                    models.ForeignKey(
                        db_column="group_key",
                        related_name="+",
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="accounts.account",
                    ),
                ),
                migrations.AlterField(
                    "upload",
                    "format",
                    models.CharField(
                        choices=[
                            ("zip", "Zip"),
                            ("csv", "Csv"),
                            ("jsonl", "Jsonl"),
                            ("batch", "Batch"),
                            ("mended", "Corrected"),
                        ],
                        max_length=10,
                    ),
                ),
                migrations.AlterField(
                    "syncrequest",
                    "app_enrollment",
                    models.ForeignKey(
                        null=True,
                        related_name="sync_requests",
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="enrollments.appenrollment",
                    ),
                ),
                migrations.AlterField(
                    "syncrequest",
                    "group_key",
                    models.ForeignKey(
                        db_column="group_key",
                        related_name="+",
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="accounts.account",
                    ),
                ),
                migrations.AlterField(
                    "syncrequest",
                    "parent_sync_request",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        related_name="parts",
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="syncs.syncrequest",
                    ),
                ),
                migrations.AlterField(
                    "syncentityresult",
                    "sync_request",
                    models.ForeignKey(
                        related_name="results",
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="syncs.syncrequest",
                    ),
                ),
                migrations.AlterField(
                    "scheduledrun",
                    "app_enrollment",
                    models.ForeignKey(
                        related_name="+",
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="enrollments.appenrollment",
                    ),
                ),
                migrations.AlterField(
                    "noticemail",
                    "notice",
                    models.ForeignKey(
                        related_name="mails",
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="syncs.notice",
                    ),
                ),
                migrations.RenameField("syncrequest", "fence", "fencing_token"),
                migrations.AlterField(
                    "syncrequest",
                    "fencing_token",
                    models.IntegerField(db_column="fence", db_default=0, default=0, editable=False),
                ),
                migrations.RenameModel("MendedLine", "Correction"),
                migrations.AlterModelTable("correction", "syncs_mendedline"),
                migrations.AlterField(
                    "correction",
                    "sync_request",
                    models.ForeignKey(
                        related_name="corrections",
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="syncs.syncrequest",
                    ),
                ),
                migrations.AlterField(
                    "correction",
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("mended", "Corrected"), ("cured", "Cured")], max_length=10
                    ),
                ),
                migrations.RenameField("correction", "mended_at", "corrected_at"),
                migrations.AlterField(
                    "correction",
                    "corrected_at",
                    models.DateTimeField(db_column="mended_at"),
                ),
                migrations.RenameField("correction", "mended_by", "corrected_by"),
                migrations.AlterField(
                    "correction",
                    "corrected_by",
                    models.ForeignKey(
                        db_column="mended_by_id",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        rename_content_type("syncs.mendedline", "syncs.correction"),
    ]
