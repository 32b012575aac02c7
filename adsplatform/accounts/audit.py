"""Who changed what, and when: a trail that the database keeps with each change and that nobody can rewrite.

Triggers write it, so that nothing gets past it, whatever door a change came through; the doors only say who is there.
"""

import json

from django.db import Error, connection, migrations
from rest_framework.throttling import BaseThrottle

from adsplatform.accounts.models import AuditEntry, User

SAFE_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE")
# Where the database's session remembers who is there.
ACTOR = "ads.actor"
TELL = f"SELECT set_config('{ACTOR}', %s, false)"


class ActorMiddleware:
    """Tells the database who is there while a request may change something."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.method in SAFE_METHODS:
            return self.get_response(request)
        try:
            acting(request, request.user)
            return self.get_response(request)
        finally:
            _nobody_is_there()


def acting(request, user, api_key=None):
    """Have what this request changes put down to a person; to the address alone where nobody has signed in."""
    known = isinstance(user, User)
    _tell(
        {
            "user_id": str(user.pk) if known else None,
            "user_email": user.email if known else "",
            "key_prefix": api_key.key_prefix if api_key else "",
            "door": _door_of(request.path_info),
            "address": (BaseThrottle().get_ident(request) or "")[:255],
            "request_id": getattr(request, "trace_id", ""),
        }
    )


def _door_of(path: str) -> str:
    first = path.lstrip("/").partition("/")[0]
    return {"api": AuditEntry.Door.API, "admin": AuditEntry.Door.ADMIN}.get(first, AuditEntry.Door.INBOX)


def _tell(actor: dict | None):
    with connection.cursor() as cursor:
        cursor.execute(TELL, [json.dumps(actor) if actor else ""])


def _nobody_is_there():
    if connection.connection is None or connection.in_atomic_block and connection.needs_rollback:
        return  # The session is gone, or forgets by itself.
    try:
        _tell(None)
    except Error:
        # Whoever comes next must not be taken for this one.
        connection.close()


# What the migrations need.

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
    hidden jsonb := '"(a secret)"';
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
