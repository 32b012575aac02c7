"""Keep what people ask of syncs, and who mended which line; see `accounts.audit`."""

from django.db import migrations

from adsplatform.accounts.audit_triggers import audited


class Migration(migrations.Migration):
    dependencies = [("syncs", "0012_retention_indexes"), ("accounts", "0007_audit")]

    operations = [
        audited(
            "syncs_syncrequest", "sync", "app_enrollment_id", "connector", "status_code", "process_result_message",
            "run_full_sync", "dry_run", "allow_deletes", "upload_id", "replay_of_id", "parent_sync_request_id",
            key="sync_request_id", name="connector", of_people_only=True,
        ),
        audited(
            "syncs_mendedline", "mended line", "sync_request_id", "entity", "file", "line", "state", "replay_id",
            name="file", secrets=["cells"], of_people_only=True,
        ),
        audited(
            "syncs_notice", "notice", "app_enrollment_id", "kind", "message", "closed", "cure",
            key="notice_id", name="kind", of_people_only=True,
        ),
    ]  # fmt: skip
