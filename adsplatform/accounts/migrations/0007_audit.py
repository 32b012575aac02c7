"""A trail of who changed what, written by the database with each change; see `accounts.audit`."""

from django.db import migrations, models

from adsplatform.accounts.audit import APPEND_ONLY, FUNCTION, audited


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_api_key_last_used")]

    operations = [
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                ("audit_entry_id", models.BigAutoField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("group_key", models.UUIDField(null=True)),
                ("user_id", models.UUIDField(null=True)),
                ("user_email", models.CharField(blank=True, max_length=254)),
                ("key_prefix", models.CharField(blank=True, max_length=10)),
                (
                    "door",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("api", "API"),
                            ("inbox", "Inbox"),
                            ("admin", "Administration"),
                            ("", "The platform itself"),
                        ],
                        max_length=10,
                    ),
                ),
                ("address", models.CharField(blank=True, max_length=255, verbose_name="IP address")),
                ("request_id", models.CharField(blank=True, max_length=100)),
                (
                    "action",
                    models.CharField(
                        choices=[("added", "Added"), ("changed", "Changed"), ("removed", "Removed")], max_length=10
                    ),
                ),
                ("subject", models.CharField(max_length=40)),
                ("subject_id", models.CharField(max_length=40)),
                ("subject_name", models.CharField(blank=True, max_length=255)),
                ("before", models.JSONField()),
                ("after", models.JSONField()),
            ],
            options={
                "verbose_name": "change",
                "verbose_name_plural": "changes",
                "indexes": [
                    models.Index(fields=["group_key", "-audit_entry_id"], name="audit_of_account"),
                    models.Index(fields=["subject_id", "-audit_entry_id"], name="audit_of_subject"),
                ],
            },
        ),
        migrations.RunSQL(FUNCTION, "DROP FUNCTION audit_change()"),
        migrations.RunSQL(
            APPEND_ONLY, "DROP TRIGGER audit_stands ON accounts_auditentry; DROP FUNCTION audit_stands()"
        ),
        audited("accounts_account", "account", "name", "time_zone", key="group_key", name="name"),
        # Signing in is told too.
        audited(
            "accounts_user", "user", "email", "name", "is_active", "is_staff", "is_superuser", "last_login",
            name="email", account="", secrets=["password"],
        ),
        audited("accounts_user_groups", "group of a user", "user_id", "group_id", account=""),
        audited("accounts_user_user_permissions", "permission of a user", "user_id", "permission_id", account=""),
        audited("accounts_membership", "membership", "user_id", "role", "wants_notices"),
        audited(
            "accounts_apikey", "API key", "name", "key_prefix", "created_user_id", "expires", "is_read_only", "revoked",
            "revoked_user_id", key="api_key_id", name="name",
        ),
    ]  # fmt: skip
