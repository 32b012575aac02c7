"""Keep with a request whether lines of its file may delete records, in the audit trail too."""

from django.db import migrations, models

from adsplatform.accounts.audit_triggers import audited

COLUMNS = [
    "app_enrollment_id", "connector", "status_code", "process_result_message", "run_full_sync", "dry_run",
    "allow_deletes", "upload_id", "replay_of_id", "parent_sync_request_id",
]  # fmt: skip


def audited_with(*columns: str) -> migrations.RunSQL:
    return audited(
        "syncs_syncrequest", "sync", *columns, key="sync_request_id", name="connector", of_people_only=True
    )


before = audited_with(*COLUMNS)


class Migration(migrations.Migration):
    dependencies = [("syncs", "0020_unanswered_uploads")]
    operations = [
        *(
            migrations.AddField(
                model_name=name,
                name="delete_on_match",
                field=models.BooleanField(db_default=False, default=False),
            )
            for name in ("syncrequest", "unansweredupload")
        ),
        migrations.RunSQL(before.reverse_sql, before.sql),
        audited_with(*COLUMNS, "delete_on_match"),
    ]
