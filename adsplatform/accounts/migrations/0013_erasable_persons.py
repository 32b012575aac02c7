"""Let who made a change be erased from the audit trail, and nothing else; see `AuditEntryQuerySet`."""

from django.db import migrations

ERASED = """
CREATE FUNCTION audit_erased(old jsonb, columns text[]) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $body$
SELECT coalesce(
    jsonb_object_agg(key, CASE WHEN columns IS NULL OR key = ANY(columns) THEN '"(erased)"' ELSE value END), '{}'
) FROM jsonb_each(old)
$body$
"""
STANDS = """
CREATE OR REPLACE FUNCTION audit_stands() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    erasable text[] := '{user_email,address,subject_name,before,after}';
BEGIN
    IF TG_OP = 'UPDATE'
        AND to_jsonb(NEW) - erasable = to_jsonb(OLD) - erasable
        AND NEW.user_email IN (OLD.user_email, '')
        AND NEW.address IN (OLD.address, '')
        AND NEW.subject_name IN (OLD.subject_name, '')
        AND NOT EXISTS (
            SELECT FROM jsonb_each(jsonb_build_object('b', OLD.before, 'a', OLD.after)) o
            JOIN jsonb_each(jsonb_build_object('b', NEW.before, 'a', NEW.after)) n USING (key),
            LATERAL (
                SELECT FROM jsonb_each(o.value) ov FULL JOIN jsonb_each(n.value) nv USING (key)
                WHERE ov.value IS NULL OR nv.value IS NULL OR nv.value NOT IN (ov.value, '"(erased)"')
            ) differing
        )
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'What the audit trail says stands: it can be neither changed nor removed.';
END
$body$
"""
STOOD = """
CREATE OR REPLACE FUNCTION audit_stands() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION 'What the audit trail says stands: it can be neither changed nor removed.';
END
$body$
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0012_hashed_sessions")]
    operations = [
        migrations.RunSQL(ERASED, "DROP FUNCTION audit_erased(jsonb, text[])"),
        migrations.RunSQL(STANDS, STOOD),
    ]
