"""Keep who changed applications, enrollments and their settings; see `accounts.audit`."""

from django.db import migrations

from adsplatform.accounts.audit_triggers import audited


class Migration(migrations.Migration):
    dependencies = [("enrollments", "0003_removal_asked"), ("accounts", "0007_audit")]

    operations = [
        audited(
            "enrollments_application", "application", "connector", "name", "description", "app_type", "owner_id",
            "project_url", "icon_url", "is_active", key="app_id", name="name", account="",
        ),
        audited(
            "enrollments_appenrollment", "enrollment", "app_id", "name", "is_active", "cron_settings",
            "sync_schedule_is_active", "is_deleted", "delete_limit_percent", "reject_limit_percent",
            "expected_every_hours", key="app_enrollment_id", name="name", secrets=["encrypted_credentials"],
        ),
        # Those of custom fields are made by syncs.
        audited(
            "enrollments_customfielddefinition", "setting", "app_enrollment_id", "custom_field_label", "value",
            key="custom_field_definition_id", name="custom_field_label", of_people_only=True,
        ),
    ]  # fmt: skip
