"""Building the second fence: the role behind doors, what it may do, and which rows each table shows it.

Row-level security narrows that role alone (`accounts.fence` says when it is taken). To everybody else a first policy
opens the table again, so that whoever reads the database besides, say for reports, sees what they saw before.

- A table with a `group_key` shows the rows of the account.
- A table whose model says `row_security_parent`, a foreign key, shows the rows whose parent is shown.
- Accounts and memberships show those of the account and those of the person, who is told of all accounts that are
  open to them; only the account's own can be written. They and API keys are read before the account is known, by the
  login, which sees everything.
- People, and the rights of platform staff, are read and not written. The log of the administration is not even read.
- All other tables stay open: the catalogue of applications and the queue, which tell nothing of an account; sessions
  and the cache, where only who knows the key finds anything.

It is built after every `migrate`, as far as it is not there, from the models as they are: so a new table needs nothing
but a `group_key`, and a database that was restored elsewhere is fenced again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, transaction
from psycopg import errors, sql

from adsplatform import ROW_SECURITY_ROLE

READ, WRITE = ("SELECT",), ("SELECT", "INSERT", "UPDATE", "DELETE")
# In a SELECT of its own, so that a query asks once and not for every row.
ACCOUNT = "(SELECT nullif(current_setting('ads.account', true), '')::uuid)"
PERSON = "(SELECT nullif(current_setting('ads.person', true), '')::uuid)"
OWN = f"group_key = {ACCOUNT}"
# What is shown, where that is more than what may be written.
SHOWN = {
    "accounts_membership": f"{OWN} OR user_id = {PERSON}",
    # Those of which a membership is shown.
    "accounts_account": (
        f"{OWN} OR EXISTS (SELECT FROM accounts_membership m WHERE m.group_key = accounts_account.group_key)"
    ),
}
# What may be done behind doors with tables that are not fenced, where that is not everything, by app.
RIGHTS = {"accounts": READ, "auth": READ, "contenttypes": READ, "admin": ()}
# What triggers write, as their owner.
ONLY_READ = ("accounts_auditentry",)
OPEN_POLICY, POLICY = "open_but_for_doors", "second_fence"
# Somebody else, in this database or another one of the server, was building at the same time.
RACES = (errors.DuplicateObject, errors.UniqueViolation, errors.InternalError_)
BUSY_ERRORS = (errors.LockNotAvailable, errors.DeadlockDetected)
# Whoever comes after us for a table that is in use waits as long as we do.
LOCK_SECONDS = 5
# Steps of building, and tries.
ROUNDS = 20


class NotBuilt(Exception):
    """Why the second fence is not up and what to do, as sentences."""


@dataclass(frozen=True)
class Table:
    """A table, what may be done with it behind doors, and the conditions for a row to be shown and to be written."""

    name: str
    rights: tuple[str, ...]
    shown: str = ""
    written: str = ""

    @property
    def policy(self) -> str:
        """The name says what is in it, so that another condition is another policy."""
        return f"{POLICY}_{sha256(f'{self.shown} {self.written}'.encode()).hexdigest()[:8]}"


def tables() -> list[Table]:
    """Every table of ours and of Django, by its model; and that of the cache, which has none."""
    found = [_table(model) for model in apps.get_models(include_auto_created=True) if model._meta.managed]
    places = [cache["LOCATION"] for cache in settings.CACHES.values() if cache["BACKEND"].endswith("DatabaseCache")]
    return [*found, *(Table(place, WRITE) for place in places)]


def _table(model) -> Table:
    name = model._meta.db_table
    if any(field.column == "group_key" for field in model._meta.concrete_fields):
        return Table(name, READ if name in ONLY_READ else WRITE, SHOWN.get(name, OWN), OWN)
    if by := getattr(model, "row_security_parent", None):
        key = model._meta.get_field(by)
        parent, target = key.related_model._meta.db_table, key.target_field.column
        # Its own fence says which parents are shown.
        of_parent = f"EXISTS (SELECT FROM {parent} parent WHERE parent.{target} = {name}.{key.column})"
        return Table(name, WRITE, of_parent, of_parent)
    return Table(name, RIGHTS.get(model._meta.app_label, WRITE))


def lacking(cursor) -> list[sql.Composable]:
    """The statements that bring the fence a step nearer to what it has to be; none when it is up.

    First that there is the role, then that it can be taken, then its rights, last what it is shown.
    """
    if not _has_door(cursor):
        return [_sql("CREATE ROLE {door} NOLOGIN")]
    if unmet := _lacking_access(cursor):
        return unmet
    known = {table.name: table for table in tables()}
    cursor.execute(
        """
        SELECT c.relname, c.relrowsecurity,
               ARRAY(SELECT p.polname FROM pg_policy p WHERE p.polrelid = c.oid),
               ARRAY(SELECT a.privilege_type FROM aclexplode(c.relacl) a WHERE a.grantee = to_regrole(%s))
          FROM pg_class c
         WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND c.relname = ANY(%s)
         ORDER BY c.relname
        """,
        [ROW_SECURITY_ROLE, list(known)],
    )
    there = [(known[name], *rest) for name, *rest in cursor.fetchall()]
    rights = [_sql_of_rights(table) for table, _, _, given in there if {*table.rights} != {*given}]
    return rights or [
        _sql_of_policy(table, policies)
        for table, is_on, policies, _ in there
        if table.shown and not (is_on and {OPEN_POLICY, table.policy} <= {*policies})
    ]


def build(connection):
    """Build what is lacking; raises NotBuilt where we may not. Others may be at it at the same time."""
    for _ in range(ROUNDS):
        with connection.cursor() as cursor:
            statements = lacking(cursor)
        if not statements:
            return
        # Where one table is in use, the others need not wait.
        if not all(_run(connection, statement) for statement in statements):
            raise NotBuilt(f"{HEAD} {BUSY}")
    with connection.cursor() as cursor:
        raise NotBuilt(_told(cursor))


def reason(cursor) -> str:
    """Why the fence is not up, and what to do; "" when it is."""
    if lacking(cursor):
        return _told(cursor)
    return f"{HEAD} {NARROWED}" if _narrows_login(cursor) else ""


HEAD = "The second fence between accounts is not up: requests are kept to their account by the product alone."
BUSY = (
    f"Some tables were in use for longer than {LOCK_SECONDS} seconds, as by a sync. Run `manage.py migrate` again when "
    "that has ended, then restart the web servers."
)
NARROWED = (
    f"The role {ROW_SECURITY_ROLE} was granted to the product's own database user in such a way that it narrows that "
    "user too, who then sees nothing. Let that user own the tables, or on PostgreSQL 16 and later run "
    f"`GRANT {ROW_SECURITY_ROLE} TO … WITH INHERIT FALSE, SET TRUE;` with the user's name."
)


def _told(cursor) -> str:
    run = "run `manage.py migrate` as the owner of the tables, then restart the web servers."
    is_absent = not _has_door(cursor)
    if not is_absent and _may_take_door(cursor):
        return f"{HEAD} To put it up, {run}"
    cursor.execute("SELECT quote_ident(session_user)")
    (user,) = cursor.fetchone()
    make = f"CREATE ROLE {ROW_SECURITY_ROLE}; " if is_absent else ""
    grant = f"GRANT {ROW_SECURITY_ROLE} TO {user}{_options(cursor)};"
    return f"{HEAD} Have an administrator of the database run `{make}{grant}`. After that, {run}"


def _has_door(cursor) -> bool:
    cursor.execute("SELECT to_regrole(%s) IS NOT NULL", [ROW_SECURITY_ROLE])
    return cursor.fetchone()[0]


def _may_take_door(cursor) -> bool:
    right = "SET" if _has_options(cursor) else "MEMBER"
    cursor.execute("SELECT pg_has_role(session_user, %s::name, %s)", [ROW_SECURITY_ROLE, right])
    return cursor.fetchone()[0]


def _has_options(cursor) -> bool:
    """Whether it can be said of a member of a role what comes of it, as from PostgreSQL 16 on."""
    cursor.execute("SELECT current_setting('server_version_num')::int >= 160000")
    return cursor.fetchone()[0]


def _options(cursor) -> str:
    """Whoever may take the role is not to be narrowed by what narrows it."""
    return " WITH INHERIT FALSE, SET TRUE" if _has_options(cursor) else ""


def _narrows_login(cursor) -> bool:
    fenced = next(table.name for table in tables() if table.shown)
    cursor.execute(
        "SELECT row_security_active(%s) AND pg_has_role(session_user, %s::name, 'USAGE')", [fenced, ROW_SECURITY_ROLE]
    )
    return cursor.fetchone()[0]


def _run(connection, statement) -> bool:
    """Whether it was done, by us or by others; not where a table is in use."""
    try:
        with transaction.atomic(connection.alias), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
            cursor.execute(statement)
    except DatabaseError as error:
        if isinstance(error.__cause__, errors.InsufficientPrivilege):
            with connection.cursor() as cursor:
                raise NotBuilt(_told(cursor)) from error
        if not isinstance(error.__cause__, RACES + BUSY_ERRORS):
            raise
        return not isinstance(error.__cause__, BUSY_ERRORS)
    return True


def _lacking_access(cursor) -> list[sql.Composable]:
    if not _may_take_door(cursor):
        return [_sql(f"GRANT {{door}} TO SESSION_USER{_options(cursor)}")]
    cursor.execute(
        "SELECT has_schema_privilege(%s::name, current_schema(), 'USAGE'), current_schema()", [ROW_SECURITY_ROLE]
    )
    may_look, schema = cursor.fetchone()
    return [] if may_look else [_sql("GRANT USAGE ON SCHEMA {schema} TO {door}", schema=sql.Identifier(schema))]


def _sql_of_rights(table: Table) -> sql.Composable:
    """All that are wanted and no others."""
    revoke = _sql("REVOKE ALL ON {table} FROM {door}", **_names(table))
    if not table.rights:
        return revoke
    rights = sql.SQL(", ".join(table.rights))
    return sql.SQL("; ").join([revoke, _sql("GRANT {rights} ON {table} TO {door}", rights=rights, **_names(table))])


def _sql_of_policy(table: Table, policies: list[str]) -> sql.Composable:
    """Of one table, so that each is locked for a moment only."""
    return sql.SQL("; ").join(_statements(table, policies))


def _statements(table: Table, policies: list[str]) -> Iterator[sql.Composable]:
    yield _sql("ALTER TABLE {table} ENABLE ROW LEVEL SECURITY", **_names(table))
    if OPEN_POLICY not in policies:
        yield _sql("CREATE POLICY {open} ON {table} USING (true)", open=sql.Identifier(OPEN_POLICY), **_names(table))
    for old in policies:
        if old.startswith(POLICY):
            yield _sql("DROP POLICY {old} ON {table}", old=sql.Identifier(old), **_names(table))
    yield _sql(
        "CREATE POLICY {policy} ON {table} AS RESTRICTIVE TO {door} USING ({shown}) WITH CHECK ({written})",
        policy=sql.Identifier(table.policy),
        shown=sql.SQL(table.shown),
        written=sql.SQL(table.written),
        **_names(table),
    )


def _names(table: Table) -> dict:
    return {"table": sql.Identifier(table.name)}


def _sql(text: str, **parts) -> sql.Composable:
    return sql.SQL(text).format(door=sql.Identifier(ROW_SECURITY_ROLE), **parts)
