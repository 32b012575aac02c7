"""Setting up row-level security: the role of requests, its privileges, and the policies of each table.

The policies restrict that role only (`row_security` says when a connection takes it). For all other roles each table
has a permissive policy for all rows, so that reporting tools, for example, still see all rows.

- A table with a `group_key` shows the rows of the account.
- A table whose model names a foreign key in `row_security_parent` shows the rows whose parent is visible.
- Accounts and memberships show those of the account and those of the person, who may switch between their accounts;
  only the account's own can be written. They and API keys are also read by the login role, before the account is known.
- Of a membership only the choice of notices can be written, of an API key only its use and its revocation.
- Users, but for their password hashes, and the permissions of platform staff can be read but not written. The admin's
  log and the sessions cannot even be read. Into the queue, messages can only be put.
- A view shows the rows of its tables that the role sees: it runs with the rights of who asks (`security_invoker`).
- All other tables are unrestricted: the catalogue of applications contains no data of an account; a row of the cache
  can be found only by its key.

`migrate` sets up what is missing each time, derived from the models. So a new table needs nothing but a `group_key`,
and a database that was restored elsewhere is protected again.

The names of the role, the policies and the `ads.*` parameters are in databases already, so they do not change.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import psycopg
from django.apps import apps
from django.core.cache import caches
from django.core.cache.backends.db import BaseDatabaseCache
from django.db import DatabaseError, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from psycopg import errors, sql

from adsplatform import ROW_SECURITY_ROLE

READ, WRITE = ("SELECT",), ("SELECT", "INSERT", "UPDATE", "DELETE")
# As a subquery, so that it is evaluated once for a query and not for every row.
ACCOUNT = "(SELECT nullif(current_setting('ads.account', true), '')::uuid)"
PERSON = "(SELECT nullif(current_setting('ads.person', true), '')::uuid)"
OWN = f"group_key = {ACCOUNT}"
# Which rows can be read, where those are more than can be written.
READABLE = {
    "accounts_membership": f"{OWN} OR user_id = {PERSON}",
    # Users who have a readable membership.
    "accounts_account": (
        f"{OWN} OR EXISTS (SELECT FROM accounts_membership m WHERE m.group_key = accounts_account.group_key)"
    ),
}
# The role's privileges on tables without a policy, by app; on those of other apps it has all of WRITE.
PRIVILEGES: dict[str, tuple[str, ...]] = {
    "accounts": READ,
    "auth": READ,
    "contenttypes": READ,
    "admin": (),
    "sessions": (),
    "django_q": (),
}
# The role's privileges on single tables.
TABLE_PRIVILEGES = {
    # Triggers write it, with the privileges of the tables' owner.
    "accounts_auditentry": READ,
    "accounts_auditsegment": (),
    # Requests send messages; only workers read and remove them.
    "django_q_ormq": ("INSERT", "SELECT (id)"),
    # Only syncs take from budgets; what is left of one is shown.
    "syncs_sourcebudget": READ,
    # Keys are made as the login role; people and their roles are chosen in the admin.
    "accounts_apikey": ("SELECT", "UPDATE (last_used)", "UPDATE (revoked)", "UPDATE (revoked_user_id)"),
    "accounts_membership": ("SELECT", "UPDATE (wants_notices)"),
}
# Columns that requests of an account may not read, where the role may read the rest of the table.
SECRET_COLUMNS = {"accounts_user": {"password"}}
OPEN_POLICY, POLICY = "open_but_for_doors", "second_fence"
# Raised when another process sets up the same, in this database or another one of the server, at the same time.
RACES = (errors.DuplicateObject, errors.UniqueViolation, errors.InternalError_)
BUSY_ERRORS = (errors.LockNotAvailable, errors.DeadlockDetected)
# Our lock request blocks later ones for the same table for at most this long.
LOCK_SECONDS = 5
# How often to look for what is missing before giving up.
ROUNDS = 20

Cursor = CursorWrapper | psycopg.Cursor[tuple[Any, ...]]


class NotSetUp(Exception):
    """Why row-level security is not set up and what to do, as sentences."""


@dataclass(frozen=True)
class Table:
    """A table, the role's privileges on it, and the SQL conditions under which a row can be read and written."""

    name: str
    privileges: tuple[str, ...]
    readable: str = ""
    writable: str = ""

    @property
    def policy(self) -> str:
        """The name of the policy; it contains a hash of the conditions, so changed conditions make a new policy."""
        return f"{POLICY}_{sha256(f'{self.readable} {self.writable}'.encode()).hexdigest()[:8]}"


def tables() -> list[Table]:
    """Every table or view of a model, Django's included, and the table of the cache, which has no model."""
    found = apps.get_models(include_auto_created=True)
    of_models = [_table(model) if model._meta.managed else Table(model._meta.db_table, READ) for model in found]
    in_tables = [cache for cache in caches.all() if isinstance(cache, BaseDatabaseCache)]
    return [*of_models, *(Table(str(vars(cache)["_table"]), WRITE) for cache in in_tables)]


def _table(model: type[models.Model]) -> Table:
    name = model._meta.db_table
    if any(field.column == "group_key" for field in model._meta.concrete_fields):
        return Table(name, TABLE_PRIVILEGES.get(name, WRITE), READABLE.get(name, OWN), OWN)
    for key in model._meta.concrete_fields:
        if isinstance(key, models.ForeignKey) and key.name == getattr(model, "row_security_parent", None):
            parent, target = key.target_field.model._meta.db_table, key.target_field.column
            # The parent's own policy decides which parents exist for the role.
            has_parent = f"EXISTS (SELECT FROM {parent} parent WHERE parent.{target} = {name}.{key.column})"
            return Table(name, WRITE, has_parent, has_parent)
    if secret := SECRET_COLUMNS.get(name):
        columns = [field.column for field in model._meta.concrete_fields if field.column not in secret]
        return Table(name, tuple(f"SELECT ({column})" for column in columns))
    return Table(name, TABLE_PRIVILEGES.get(name, PRIVILEGES.get(model._meta.app_label, WRITE)))


def missing_statements(cursor: Cursor) -> list[sql.Composable]:
    """The statements of the next step of the set-up; none when it is complete.

    The steps are: create the role, let the login role take it, grant its privileges, create the policies.
    """
    if not _role_exists(cursor):
        return [_sql("CREATE ROLE {role} NOLOGIN")]
    if access := _missing_access(cursor):
        return access
    expected = {table.name: table for table in tables()}
    cursor.execute(
        """
        SELECT c.relname, c.relrowsecurity,
               ARRAY(SELECT p.polname FROM pg_policy p WHERE p.polrelid = c.oid),
               ARRAY(SELECT privilege_type FROM aclexplode(c.relacl) WHERE grantee = to_regrole(%s)
                     UNION ALL
                     SELECT format('%%s (%%s)', privilege_type, attname)
                       FROM pg_attribute, aclexplode(attacl)
                      WHERE attrelid = c.oid AND grantee = to_regrole(%s))
          FROM pg_class c
         WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v') AND c.relname = ANY(%s)
         ORDER BY c.relname
        """,
        [ROW_SECURITY_ROLE, ROW_SECURITY_ROLE, list(expected)],
    )
    found = [(expected[name], *rest) for name, *rest in cursor.fetchall()]
    grants = [_grant(table) for table, _, _, privileges in found if {*table.privileges} != {*privileges}]
    return grants or [
        _create_policy(table, policies)
        for table, is_enabled, policies, _ in found
        if table.readable and not (is_enabled and {OPEN_POLICY, table.policy} <= {*policies})
    ]


def set_up(connection: BaseDatabaseWrapper) -> None:
    """Create what is missing; raises NotSetUp if that is not allowed. Several processes may do it at once."""
    for _ in range(ROUNDS):
        with connection.cursor() as cursor:
            statements = missing_statements(cursor)
        if not statements:
            return
        # Every statement is tried, so that a table in use does not keep the others waiting.
        succeeded = [_execute(connection, statement) for statement in statements]
        if not all(succeeded):
            raise NotSetUp(f"{INACTIVE} {BUSY}")
    with connection.cursor() as cursor:
        raise NotSetUp(_instructions(cursor))


def why_inactive(cursor: Cursor) -> str:
    """Why row-level security is not set up, and what to do; "" when it is."""
    if missing_statements(cursor):
        return _instructions(cursor)
    return f"{INACTIVE} {LOGIN_RESTRICTED}" if _restricts_login(cursor) else ""


INACTIVE = "Row-level security between accounts is not set up: requests are kept to their account by the product alone."
BUSY = (
    f"Some tables were in use for longer than {LOCK_SECONDS} seconds, as by a sync. Run `manage.py migrate` again when "
    "that has ended, then restart the web servers."
)
LOGIN_RESTRICTED = (
    f"The role {ROW_SECURITY_ROLE} was granted to the product's own database user in such a way that it narrows that "
    "user too, who then sees nothing. Let that user own the tables, or on PostgreSQL 16 and later run "
    f"`GRANT {ROW_SECURITY_ROLE} TO … WITH INHERIT FALSE, SET TRUE;` with the user's name."
)


def _instructions(cursor: Cursor) -> str:
    run = "run `manage.py migrate` as the owner of the tables, then restart the web servers."
    role_exists = _role_exists(cursor)
    if role_exists and _may_set_role(cursor):
        return f"{INACTIVE} To set it up, {run}"
    (user,) = _row(cursor, "SELECT quote_ident(session_user)")
    create = "" if role_exists else f"CREATE ROLE {ROW_SECURITY_ROLE}; "
    grant = f"GRANT {ROW_SECURITY_ROLE} TO {user}{_membership_options(cursor)};"
    return f"{INACTIVE} Have an administrator of the database run `{create}{grant}`. After that, {run}"


def _role_exists(cursor: Cursor) -> bool:
    (exists,) = _row(cursor, "SELECT to_regrole(%s) IS NOT NULL", [ROW_SECURITY_ROLE])
    return bool(exists)


def _may_set_role(cursor: Cursor) -> bool:
    privilege = "SET" if _has_membership_options(cursor) else "MEMBER"
    (may,) = _row(cursor, "SELECT pg_has_role(session_user, %s::name, %s)", [ROW_SECURITY_ROLE, privilege])
    return bool(may)


def _has_membership_options(cursor: Cursor) -> bool:
    """Whether GRANT of a role takes the options INHERIT and SET, as from PostgreSQL 16 on."""
    (has_options,) = _row(cursor, "SELECT current_setting('server_version_num')::int >= 160000")
    return bool(has_options)


def _membership_options(cursor: Cursor) -> str:
    """Let the login role take the role without inheriting its restrictions."""
    return " WITH INHERIT FALSE, SET TRUE" if _has_membership_options(cursor) else ""


def _restricts_login(cursor: Cursor) -> bool:
    """Whether the policies apply to the login role too."""
    table = next(table.name for table in tables() if table.readable)
    (is_restricted,) = _row(
        cursor,
        "SELECT row_security_active(%s) AND pg_has_role(session_user, %s::name, 'USAGE')",
        [table, ROW_SECURITY_ROLE],
    )
    return bool(is_restricted)


def _execute(connection: BaseDatabaseWrapper, statement: sql.Composable) -> bool:
    """Whether it is done now, by us or by another process; False if a table is in use."""
    try:
        with transaction.atomic(connection.alias), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
            cursor.execute(statement)
    except DatabaseError as error:
        if isinstance(error.__cause__, errors.InsufficientPrivilege):
            with connection.cursor() as cursor:
                raise NotSetUp(_instructions(cursor)) from error
        if not isinstance(error.__cause__, RACES + BUSY_ERRORS):
            raise
        return not isinstance(error.__cause__, BUSY_ERRORS)
    return True


def _missing_access(cursor: Cursor) -> list[sql.Composable]:
    if not _may_set_role(cursor):
        return [_sql(f"GRANT {{role}} TO SESSION_USER{_membership_options(cursor)}")]
    query = "SELECT has_schema_privilege(%s::name, current_schema(), 'USAGE'), current_schema()"
    may_use, schema = _row(cursor, query, [ROW_SECURITY_ROLE])
    return [] if may_use else [_sql("GRANT USAGE ON SCHEMA {schema} TO {role}", schema=sql.Identifier(schema))]


def _grant(table: Table) -> sql.Composable:
    """Grant the table's privileges, and revoke all others."""
    revoke = _sql("REVOKE ALL ON {table} FROM {role}", table=sql.Identifier(table.name))
    if not table.privileges:
        return revoke
    privileges = sql.SQL(", ".join(table.privileges))
    grant = _sql("GRANT {privileges} ON {table} TO {role}", privileges=privileges, table=sql.Identifier(table.name))
    return sql.SQL("; ").join([revoke, grant])


def _create_policy(table: Table, policies: Iterable[str]) -> sql.Composable:
    """Replace the table's policies; a statement for each table, so that each is locked for a moment only."""
    return sql.SQL("; ").join(_policy_statements(table, policies))


def _policy_statements(table: Table, policies: Iterable[str]) -> Iterator[sql.Composable]:
    name = sql.Identifier(table.name)
    yield _sql("ALTER TABLE {table} ENABLE ROW LEVEL SECURITY", table=name)
    if OPEN_POLICY not in policies:
        yield _sql("CREATE POLICY {open} ON {table} USING (true)", open=sql.Identifier(OPEN_POLICY), table=name)
    for old in policies:
        if old.startswith(POLICY):
            yield _sql("DROP POLICY {old} ON {table}", old=sql.Identifier(old), table=name)
    yield _sql(
        "CREATE POLICY {policy} ON {table} AS RESTRICTIVE TO {role} USING ({readable}) WITH CHECK ({writable})",
        policy=sql.Identifier(table.policy),
        readable=sql.SQL(table.readable),
        writable=sql.SQL(table.writable),
        table=name,
    )


def _row(cursor: Cursor, query: str, params: Sequence[str] = ()) -> tuple[Any, ...]:
    """The only row of a query."""
    cursor.execute(query, params)
    (row,) = cursor.fetchall()
    return row


def _sql(text: str, **parts: sql.Composable) -> sql.Composable:
    return sql.SQL(text).format(role=sql.Identifier(ROW_SECURITY_ROLE), **parts)
