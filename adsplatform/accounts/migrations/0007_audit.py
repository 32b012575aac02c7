"""A trail of who changed what, written by the database with each change; see `accounts.audit`."""

from django.db import migrations, models

from adsplatform.accounts.audit_triggers import audited

FUNCTION = """
CREATE FUNCTION audit_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $body$
DECLARE
    told jsonb := TG_ARGV[0]::jsonb;
    actor jsonb := coalesce(nullif(current_setting('ads.actor', true), '')::jsonb, '{}');
    old_row jsonb := '{}';
    new_row jsonb := '{}';
    a_row jsonb;
    before jsonb := '{}';
    after jsonb := '{}';
    name text;
    is_secret boolean;
    hidden jsonb := '"(not kept here)"';
BEGIN
    IF TG_OP <> 'INSERT' THEN old_row := to_jsonb(OLD); END IF;
    IF TG_OP <> 'DELETE' THEN new_row := to_jsonb(NEW); END IF;
    FOR name, is_secret IN
        SELECT value, false FROM jsonb_array_elements_text(told -> 'columns')
        UNION ALL SELECT value, true FROM jsonb_array_elements_text(told -> 'secrets')
    LOOP
        CONTINUE WHEN old_row -> name IS NOT DISTINCT FROM new_row -> name;
        IF coalesce(old_row ->> name, '') <> '' THEN
            before := before || jsonb_build_object(name, CASE WHEN is_secret THEN hidden ELSE old_row -> name END);
        END IF;
        IF coalesce(new_row ->> name, '') <> '' THEN
            after := after || jsonb_build_object(name, CASE WHEN is_secret THEN hidden ELSE new_row -> name END);
        END IF;
    END LOOP;
    IF TG_OP = 'UPDATE' AND before = '{}' AND after = '{}' THEN RETURN NULL; END IF;
    a_row := CASE TG_OP WHEN 'DELETE' THEN old_row ELSE new_row END;
    INSERT INTO accounts_auditentry (
        at, group_key, user_id, user_email, key_prefix, door, address, request_id, action, subject, subject_id,
        subject_name, before, after
    ) VALUES (
        clock_timestamp(), (a_row ->> (told ->> 'account'))::uuid, (actor ->> 'user_id')::uuid,
        coalesce(actor ->> 'user_email', ''), coalesce(actor ->> 'key_prefix', ''), coalesce(actor ->> 'door', ''),
        coalesce(actor ->> 'address', ''), coalesce(actor ->> 'request_id', ''),
        CASE TG_OP WHEN 'INSERT' THEN 'added' WHEN 'UPDATE' THEN 'changed' ELSE 'removed' END,
        told ->> 'subject', a_row ->> (told ->> 'key'), left(coalesce(a_row ->> (told ->> 'name'), ''), 255),
        before, after
    );
    RETURN NULL;
END
$body$
"""
APPEND_ONLY = """
CREATE FUNCTION audit_stands() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION 'What the audit trail says stands: it can be neither changed nor removed.';
END
$body$;
CREATE TRIGGER audit_stands BEFORE UPDATE OR DELETE ON accounts_auditentry
FOR EACH ROW EXECUTE FUNCTION audit_stands()
"""


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
