"""Triggers that revoke keys with what they depend on: a membership, an active person, the key they were made with.

As triggers, because a membership ends and a person is switched off in many ways: in the admin, in a shell, by SQL.
"""

from django.db import migrations

from adsplatform.accounts.audit_triggers import audited

OF_MEMBER = """
CREATE FUNCTION revoke_keys_of_member() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $body$
BEGIN
    UPDATE accounts_apikey SET revoked = clock_timestamp()
     WHERE group_key = OLD.group_key AND created_user_id = OLD.user_id AND revoked IS NULL;
    RETURN NULL;
END
$body$;
CREATE TRIGGER revoke_keys AFTER DELETE OR UPDATE OF user_id, group_key ON accounts_membership
FOR EACH ROW EXECUTE FUNCTION revoke_keys_of_member()
"""
OF_PERSON = """
CREATE FUNCTION revoke_keys_of_person() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $body$
BEGIN
    UPDATE accounts_apikey SET revoked = clock_timestamp() WHERE created_user_id = OLD.id AND revoked IS NULL;
    RETURN NULL;
END
$body$;
CREATE TRIGGER revoke_keys AFTER UPDATE OF is_active ON accounts_user
FOR EACH ROW WHEN (OLD.is_active AND NOT NEW.is_active) EXECUTE FUNCTION revoke_keys_of_person()
"""
# The update fires the trigger again for the keys that were made with those.
OF_KEY = """
CREATE FUNCTION revoke_keys_made_with() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $body$
BEGIN
    UPDATE accounts_apikey SET revoked = NEW.revoked, revoked_user_id = NEW.revoked_user_id
     WHERE made_with_id = NEW.api_key_id AND revoked IS NULL;
    RETURN NULL;
END
$body$;
CREATE TRIGGER revoke_keys AFTER UPDATE OF revoked ON accounts_apikey
FOR EACH ROW WHEN (OLD.revoked IS NULL AND NEW.revoked IS NOT NULL) EXECUTE FUNCTION revoke_keys_made_with()
"""
COLUMNS = ("name", "key_prefix", "created_user_id", "expires", "is_read_only", "revoked", "revoked_user_id")
EARLIER_TRAIL = audited("accounts_apikey", "API key", *COLUMNS, key="api_key_id", name="name")


class Migration(migrations.Migration):
    dependencies = [("accounts", "0010_rights_of_earlier_keys")]

    operations = [
        migrations.RunSQL(
            OF_MEMBER, "DROP TRIGGER revoke_keys ON accounts_membership; DROP FUNCTION revoke_keys_of_member()"
        ),
        migrations.RunSQL(
            OF_PERSON, "DROP TRIGGER revoke_keys ON accounts_user; DROP FUNCTION revoke_keys_of_person()"
        ),
        migrations.RunSQL(OF_KEY, "DROP TRIGGER revoke_keys ON accounts_apikey; DROP FUNCTION revoke_keys_made_with()"),
        migrations.RunSQL(EARLIER_TRAIL.reverse_sql, EARLIER_TRAIL.sql),
        audited("accounts_apikey", "API key", *COLUMNS, "made_with_id", "role", key="api_key_id", name="name"),
    ]
