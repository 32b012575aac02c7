"""Let nothing take back the revocation of an API key, or change when and by whom it was revoked.

Requests may write the columns, because they revoke keys. Who revoked a key is forgotten with that person.
"""

from django.db import migrations

CREATE = """
DO $do$ BEGIN EXECUTE format($create$
    CREATE FUNCTION keep_revocation() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, %I, pg_temp AS
    $body$
    BEGIN
        IF NEW.revoked IS DISTINCT FROM OLD.revoked
           OR NEW.revoked_user_id IS NOT NULL AND NEW.revoked_user_id IS DISTINCT FROM OLD.revoked_user_id THEN
            RAISE EXCEPTION 'The API key %% has been revoked, which cannot be taken back. Make a new key.',
                OLD.api_key_id USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END
    $body$
$create$, current_schema()); END $do$;
CREATE TRIGGER keep_revocation BEFORE UPDATE OF revoked, revoked_user_id ON accounts_apikey
FOR EACH ROW WHEN (OLD.revoked IS NOT NULL) EXECUTE FUNCTION keep_revocation()
"""
DROP = "DROP TRIGGER keep_revocation ON accounts_apikey; DROP FUNCTION keep_revocation()"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0020_functions_name_their_schema")]

    operations = [migrations.RunSQL(CREATE, DROP)]
