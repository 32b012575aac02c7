"""Functions of the database find our tables, and never a temporary one of the same name that a session has made.

PostgreSQL looks for tables and types among the session's temporary ones first, unless the search path names `pg_temp`.
"""

from importlib import import_module
from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

latest = import_module("adsplatform.accounts.migrations.0018_signed_and_sealed_entries")

# Those that run with the privileges of who makes the change.
OTHERS = (
    "audit_erased(jsonb, text[])",
    "audit_segment_stands()",
    "audit_stands()",
    "revoke_keys_made_with()",
    "revoke_keys_of_member()",
    "revoke_keys_of_person()",
)


def name_schema(apps: Any, editor: BaseDatabaseSchemaEditor) -> None:
    """Fix the search paths, and let nobody but the owner put the trail's trigger on a table of their own."""
    with editor.connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(current_schema())")
        (schema,) = cursor.fetchone()
    into = "INSERT INTO accounts_auditentry"
    editor.execute(latest.FUNCTION.replace(into, into.replace("accounts_", f"{schema}.accounts_")))
    for function in ("audit_change()", *OTHERS):
        editor.execute(f"ALTER FUNCTION {function} SET search_path = pg_catalog, {schema}, pg_temp")
    editor.execute("REVOKE EXECUTE ON FUNCTION audit_change() FROM PUBLIC")


def as_before(apps: Any, editor: BaseDatabaseSchemaEditor) -> None:
    """As after 0018; the paths of the other functions may stay."""
    editor.execute("GRANT EXECUTE ON FUNCTION audit_change() TO PUBLIC")
    editor.execute(latest.FUNCTION)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0019_index_of_segments")]

    operations = [migrations.RunPython(name_schema, as_before, elidable=False)]
