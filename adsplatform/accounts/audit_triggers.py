"""For migrations: the triggers that write the audit trail. They have been applied, so the SQL must not change."""

import json
from collections.abc import Sequence

from django.db import migrations

# The parameter of the database session that says who makes a change, as JSON.
ACTOR = "ads.actor"


def audited(
    table: str,
    subject: str,
    *columns: str,
    key: str = "id",
    name: str = "",
    account: str = "group_key",
    secrets: Sequence[str] = (),
    of_people_only: bool = False,
) -> migrations.RunSQL:
    """Record changes of a table's columns; with `of_people_only`, not those that the platform makes by itself."""
    arguments = {
        "subject": subject, "key": key, "name": name, "account": account, "columns": columns, "secrets": secrets,
    }  # fmt: skip
    argument = json.dumps(arguments).replace("'", "''")
    when = f"WHEN (coalesce(current_setting('{ACTOR}', true), '') <> '')" if of_people_only else ""
    watched = ", ".join(f'"{column}"' for column in [*columns, *secrets])
    return migrations.RunSQL(
        f"CREATE TRIGGER audit_change AFTER INSERT OR DELETE OR UPDATE OF {watched} ON {table} "
        f"FOR EACH ROW {when} EXECUTE FUNCTION audit_change('{argument}')",
        f"DROP TRIGGER audit_change ON {table}",
    )
