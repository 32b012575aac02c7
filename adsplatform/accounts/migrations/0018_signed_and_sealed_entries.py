"""Sign who makes a change, and seal the entries of the audit trail in segments; see `accounts.audit_chain`."""

from importlib import import_module

from django.db import migrations, models

recorded = import_module("adsplatform.accounts.migrations.0007_audit")
erasable = import_module("adsplatform.accounts.migrations.0013_erasable_persons")

# As in 0007, with when the actor was signed and digests of the signatures.
EARLIER_FUNCTION = recorded.FUNCTION.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
FUNCTION = EARLIER_FUNCTION.replace(
    "subject_name, before, after\n    ) VALUES",
    "subject_name, before, after, signed_at, actor_proof, person_proof\n    ) VALUES",
).replace(
    "        before, after\n    );",
    "        before, after, (actor ->> 'signed_at')::timestamptz,\n"
    "        coalesce(sha256(convert_to(actor ->> 'signature', 'UTF8')), ''),\n"
    "        coalesce(sha256(convert_to(actor ->> 'person_signature', 'UTF8')), '')\n    );",
)
# As in 0013; besides, an entry is sealed once, and one of a segment that was removed may go.
STANDS = """
CREATE OR REPLACE FUNCTION audit_stands() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $body$
DECLARE
    sealing text[] := '{segment,person_salt,person_digest,values_salt,values_digest}';
    erasable text[] := '{user_email,address,subject_name,before,after,person_proof,person_salt,values_salt}';
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF EXISTS (SELECT FROM accounts_auditsegment s WHERE s.number = OLD.segment AND s.removed IS NOT NULL) THEN
            RETURN OLD;
        END IF;
    ELSIF OLD.segment IS NULL AND NEW.segment IS NOT NULL
        AND to_jsonb(NEW) - sealing = to_jsonb(OLD) - sealing
    THEN
        RETURN NEW;
    ELSIF to_jsonb(NEW) - erasable = to_jsonb(OLD) - erasable
        AND NEW.user_email IN (OLD.user_email, '')
        AND NEW.address IN (OLD.address, '')
        AND NEW.subject_name IN (OLD.subject_name, '')
        AND (NEW.person_proof IS NULL OR NEW.person_proof = OLD.person_proof)
        AND (NEW.person_salt IS NULL OR NEW.person_salt = OLD.person_salt)
        AND (NEW.values_salt IS NULL OR NEW.values_salt = OLD.values_salt)
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
SEGMENTS_STAND = """
CREATE FUNCTION audit_segment_stands() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    removal text[] := '{removed,removal_seal}';
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.removed IS NULL AND NEW.removed IS NOT NULL AND to_jsonb(NEW) - removal = to_jsonb(OLD) - removal THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'What the audit trail says stands: its segments can be neither changed nor removed.';
END
$body$;
CREATE TRIGGER audit_segment_stands BEFORE UPDATE OR DELETE ON accounts_auditsegment
FOR EACH ROW EXECUTE FUNCTION audit_segment_stands()
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0017_keys_stay_with_members")]

    operations = [
        migrations.CreateModel(
            name="AuditSegment",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("sealed", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                ("manifest", models.BinaryField()),
                ("seal", models.CharField(max_length=64)),
                ("removed", models.DateTimeField(null=True)),
                ("removal_seal", models.CharField(blank=True, max_length=64)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("removed", None)), fields=["last_at"], name="audit_segment_to_remove"
                    ),
                ],
            },
        ),
        migrations.AddField("auditentry", "signed_at", models.DateTimeField(null=True)),
        # Without a default in the database: earlier entries have none, and are not taken for unsigned ones.
        migrations.AddField("auditentry", "actor_proof", models.BinaryField(null=True)),
        migrations.AddField("auditentry", "person_proof", models.BinaryField(null=True)),
        migrations.AddField("auditentry", "segment", models.BigIntegerField(null=True)),
        migrations.AddField("auditentry", "person_salt", models.BinaryField(null=True)),
        migrations.AddField("auditentry", "person_digest", models.BinaryField(null=True)),
        migrations.AddField("auditentry", "values_salt", models.BinaryField(null=True)),
        migrations.AddField("auditentry", "values_digest", models.BinaryField(null=True)),
        migrations.AlterField("auditentry", "actor_proof", models.BinaryField(default=b"", null=True)),
        migrations.AlterField("auditentry", "person_proof", models.BinaryField(default=b"", null=True)),
        migrations.RunSQL(FUNCTION, EARLIER_FUNCTION),
        migrations.RunSQL(STANDS, erasable.STANDS),
        migrations.RunSQL(
            SEGMENTS_STAND,
            "DROP TRIGGER audit_segment_stands ON accounts_auditsegment; DROP FUNCTION audit_segment_stands()",
        ),
    ]
