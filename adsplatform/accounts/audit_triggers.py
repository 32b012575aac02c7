"""What migrations have the trail of changes kept by. They have run: what is here stays as it is."""

import json

from django.db import migrations

# Where the database's session remembers who is there, as JSON.
ACTOR = "ads.actor"


def audited(
    table: str,
    subject: str,
    *columns: str,
    key="id",
    name="",
    account="group_key",
    secrets=(),
    of_people_only=False,
) -> migrations.RunSQL:
    """Have changes of a table's columns kept; `of_people_only` not those that the platform makes by itself."""
    told = {
        "subject": subject, "key": key, "name": name, "account": account, "columns": columns, "secrets": secrets,
    }  # fmt: skip
    argument = json.dumps(told).replace("'", "''")
    when = f"WHEN (coalesce(current_setting('{ACTOR}', true), '') <> '')" if of_people_only else ""
    watched = ", ".join(f'"{column}"' for column in [*columns, *secrets])
    return migrations.RunSQL(
        f"CREATE TRIGGER audit_change AFTER INSERT OR DELETE OR UPDATE OF {watched} ON {table} "
        f"FOR EACH ROW {when} EXECUTE FUNCTION audit_change('{argument}')",
        f"DROP TRIGGER audit_change ON {table}",
    )
