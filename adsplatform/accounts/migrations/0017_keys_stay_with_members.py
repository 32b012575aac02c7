"""Revoke keys where a membership goes to another person or account, and not where it is only written again."""

from importlib import import_module

from django.db import migrations

earlier = import_module("adsplatform.accounts.migrations.0011_keys_end_with_people")

FUNCTION = """
CREATE OR REPLACE FUNCTION revoke_keys_of_member() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS
$body$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF (OLD.user_id, OLD.group_key) = (NEW.user_id, NEW.group_key) THEN RETURN NULL; END IF;
    END IF;
    UPDATE accounts_apikey SET revoked = clock_timestamp()
     WHERE group_key = OLD.group_key AND created_user_id = OLD.user_id AND revoked IS NULL;
    RETURN NULL;
END
$body$
"""
EARLIER = earlier.OF_MEMBER.partition("CREATE TRIGGER")[0].replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


class Migration(migrations.Migration):
    dependencies = [("accounts", "0016_staff_actions")]

    operations = [migrations.RunSQL(FUNCTION, EARLIER)]
