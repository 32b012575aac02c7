"""Setting up row-level security: in every table with accounts' data, the role of requests sees one account only."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest
from django.apps import apps
from django.db import DatabaseError, connection, models, transaction
from django.db.models import F

from adsplatform import ROW_SECURITY_ROLE
from adsplatform.accounts import row_security_policies
from adsplatform.accounts.apps import check_row_security, set_up_row_security
from adsplatform.accounts.models import Account, Membership
from adsplatform.records import models as records
from syncs.models import Upload
from tests.factories import AppEnrollmentFactory, NoticeFactory, SyncRequestFactory, member

pytestmark = pytest.mark.django_db
TABLES = {table.name: table for table in row_security_policies.tables()}
RESTRICTED = [model for model in apps.get_models(include_auto_created=True) if TABLES[model._meta.db_table].readable]
VIEWS = [model for model in apps.get_models() if not model._meta.managed]
WRITABLE = [model for model in RESTRICTED if "UPDATE" in TABLES[model._meta.db_table].privileges]
OPEN = {
    "accounts_auditsegment": "Seals of the audit trail, of all accounts; requests may not even read it.",
    "accounts_user": "People may be in several accounts, and pages name others beside what they did.",
    "accounts_user_groups": "Permissions of platform staff.",
    "accounts_user_user_permissions": "Permissions of platform staff.",
    "auth_group": "Permissions of platform staff.",
    "auth_group_permissions": "Permissions of platform staff.",
    "auth_permission": "Permissions of platform staff.",
    "cache_entry": "Counters of the throttles by digests, and the reasons of a sync's problems by its id.",
    "django_admin_log": "Of platform staff; requests may not even read it.",
    "django_content_type": "Names of tables.",
    "django_q_ormq": "Requests may put messages, but not read any.",
    "django_q_schedule": "Not used; requests may not even read it.",
    "django_q_task": "What the queue has done; requests may not even read it.",
    "django_session": "Needed before the person is known; requests may not even read it.",
    "syncs_sourcebudget": "Budgets of sources by digests, which accounts may share; requests may only read it.",
    "enrollments_application": "The catalogue, the same for all accounts.",
}


@contextmanager
def as_request_of(account=None, person=None):
    """Query as a request of the account does; without an account, as the role alone."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('role', %s, true), set_config('ads.account', %s, true), "
            "set_config('ads.person', %s, true)",
            [ROW_SECURITY_ROLE, str(account.pk) if account else "", str(person.pk) if person else ""],
        )
        yield cursor
        transaction.set_rollback(True)


@pytest.fixture
def accounts():
    """Two accounts with a row in every restricted table."""
    accounts = member()[0].group_key, member()[0].group_key
    for account in accounts:
        fill(account)
    return accounts


def fill(account):
    enrollment = AppEnrollmentFactory(group_key=account)
    sync = SyncRequestFactory(app_enrollment=enrollment, succeeded=True)
    given = {
        "group_key": account.pk,
        "group_key_id": account.pk,
        "app_enrollment_id": enrollment.pk,
        "sync_request_id": sync.pk,
        "parent_sync_request_id": sync.pk,
        "notice_id": NoticeFactory(app_enrollment=enrollment).pk,
        "user_id": member()[0].user_id,
        "kind": "error",
        "state": "open",
        "action": "insert",
        "upload_id": Upload.objects.create(group_key=account, file_name="a.csv", content="a", size=1, sha256="0").pk,
    }
    for model in RESTRICTED:
        if not of(account, model).exists():
            needed = [field for field in model._meta.concrete_fields if is_needed(field)]
            row = {field.attname: given.get(field.attname, anything(field)) for field in needed}
            model._base_manager.bulk_create([model(**row)])


def is_needed(field) -> bool:
    return not (field.null or field.has_default() or isinstance(field, models.AutoField))


def anything(field):
    """A value that the field takes."""
    kinds = {
        models.UUIDField: uuid.uuid4(),
        models.BooleanField: False,
        models.JSONField: [],
        models.DateTimeField: "2026-01-01T00:00Z",
        models.DateField: "2026-01-01",
        models.CharField: "x",
        models.TextField: "x",
        models.FileField: "x",
    }
    return next((value for kind, value in kinds.items() if isinstance(field, kind)), 0)


def has_group_key(model) -> bool:
    return hasattr(model, "group_key")


def of(account, model):
    """The account's rows, without the help of row-level security."""
    path = "group_key" if has_group_key(model) else f"{model.row_security_parent}__group_key"
    return model._base_manager.filter(**{path: account.pk})


def test_every_table_is_restricted_or_open_for_a_reason():
    restricted = {model._meta.db_table for model in RESTRICTED}
    views = {model._meta.db_table for model in VIEWS}
    assert {model._meta.db_table for model in apps.get_models() if has_group_key(model)} <= restricted | views
    assert {*TABLES} == restricted | views | {*OPEN}


def test_the_database_has_every_policy():
    with connection.cursor() as cursor:
        assert row_security_policies.missing_statements(cursor) == []
        cursor.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid WHERE a.attname = 'group_key' "
            "AND c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace AND NOT EXISTS "
            "(SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND NOT p.polpermissive)"
        )
        assert cursor.fetchall() == []


def test_without_an_account_the_role_sees_nothing(accounts):
    with as_request_of():
        assert [model for model in RESTRICTED if model._base_manager.exists()] == []


def test_an_account_sees_its_own_rows_and_no_others(accounts):
    ours, _ = accounts
    own = {model: {*of(ours, model).values_list("pk", flat=True)} for model in RESTRICTED}
    with as_request_of(ours):
        assert {model: {*model._base_manager.values_list("pk", flat=True)} for model in RESTRICTED} == own
    assert all(own.values())


def test_a_view_shows_an_account_its_own_rows_and_no_others(accounts):
    ours, _ = accounts
    records.Invoice.objects.update(bill_to_address_city="Köln", workflow_status_code="SENT")
    own = {model: {*of(ours, model).values_list("pk", flat=True)} for model in VIEWS}
    with as_request_of(ours):
        assert {model: {*model._base_manager.values_list("pk", flat=True)} for model in VIEWS} == own
    with as_request_of():
        assert [model for model in VIEWS if model._base_manager.exists()] == []
    assert all(own.values())


@pytest.mark.parametrize("model", WRITABLE, ids=lambda model: model._meta.db_table)
def test_an_account_changes_nothing_of_another(accounts, model):
    ours, theirs = accounts
    foreign = of(theirs, model).first()
    rows = model._base_manager.filter(pk=foreign.pk)
    field = model._meta.concrete_fields[-1].name
    with as_request_of(ours):
        assert rows.update(**{field: F(field)}) == 0
        assert rows._raw_delete("default") == 0
        with pytest.raises(DatabaseError, match="row-level security policy"):
            model._base_manager.bulk_create([foreign])
    assert rows.exists()


@pytest.mark.parametrize("change", ["UPDATE accounts_auditentry SET door = ''", "DELETE FROM accounts_auditentry"])
def test_what_triggers_write_can_only_be_read(accounts, change):
    with as_request_of(accounts[0]) as cursor, pytest.raises(DatabaseError, match="permission denied"):
        cursor.execute(change)


def test_excess_privileges_are_revoked():
    with connection.cursor() as cursor:
        cursor.execute(f"GRANT INSERT, UPDATE ON accounts_auditentry TO {ROW_SECURITY_ROLE}")
        assert len(row_security_policies.missing_statements(cursor)) == 1
        row_security_policies.set_up(connection)
        assert row_security_policies.missing_statements(cursor) == []
        cursor.execute("SELECT has_table_privilege(%s, 'accounts_auditentry', 'INSERT, UPDATE')", [ROW_SECURITY_ROLE])
        assert cursor.fetchone() == (False,)


def test_excess_privileges_on_columns_are_revoked_too():
    with connection.cursor() as cursor:
        cursor.execute(f"GRANT SELECT (password) ON accounts_user TO {ROW_SECURITY_ROLE}")
        row_security_policies.set_up(connection)
        assert row_security_policies.missing_statements(cursor) == []
        cursor.execute("SELECT has_column_privilege(%s, 'accounts_user', 'password', 'SELECT')", [ROW_SECURITY_ROLE])
        assert cursor.fetchone() == (False,)


def test_an_account_cannot_hand_a_row_to_another(accounts):
    ours, theirs = accounts
    with as_request_of(ours), pytest.raises(DatabaseError, match="row-level security policy"):
        Upload.objects.update(group_key=theirs)


def test_a_person_sees_all_of_their_accounts_and_no_others(accounts):
    ours, theirs = accounts
    membership, _ = member(account=ours)
    member(account=theirs, email="x@example.com")
    third = Membership.objects.create(group_key=member()[0].group_key, user=membership.user)
    with as_request_of(ours, membership.user) as cursor:
        assert {account.pk for account in Account.objects.all()} == {ours.pk, third.group_key_id}
        assert {*Membership.objects.filter(user=membership.user)} == {membership, third}
        assert not Membership.objects.filter(group_key=theirs).exists()
        cursor.execute("UPDATE accounts_account SET name = 'Mine' WHERE group_key = %s", [ours.pk])
        assert cursor.rowcount == 1
        with pytest.raises(DatabaseError, match="row-level security policy"):
            cursor.execute("UPDATE accounts_account SET name = 'Mine' WHERE group_key = %s", [third.group_key_id])


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounts_user SET is_staff = true",
        "INSERT INTO accounts_user_groups (user_id, group_id) VALUES (gen_random_uuid(), 1)",
        "SELECT * FROM django_admin_log",
        "SELECT session_key FROM django_session",
        "SELECT password FROM accounts_user",
        "SELECT payload FROM django_q_ormq",
        "UPDATE django_q_ormq SET payload = 'x'",
        "INSERT INTO django_q_schedule (func, schedule_type, repeats) VALUES ('os.system', 'O', 1)",
        "SELECT result FROM django_q_task",
        "TRUNCATE syncs_upload",
        "COPY records_company FROM STDIN",
        "CREATE TABLE mine ()",
    ],
)
def test_statements_that_no_request_needs_are_not_allowed(statement):
    with as_request_of(member()[0].group_key) as cursor, pytest.raises(DatabaseError):
        cursor.execute(statement)


SENTENCE = (
    "Row-level security between accounts is not set up: requests are kept to their account by the product alone. "
    "Have an administrator of the database run `CREATE ROLE ads_nobody; GRANT ads_nobody TO ads{};`. After that, run "
    "`manage.py migrate` as the owner of the tables, then restart the web servers."
)


@pytest.mark.usefixtures("nobody")
def test_the_operator_reads_what_to_run_where_it_cannot_be_set_up(caplog):
    set_up_row_security(using="default")
    sentence = SENTENCE.format(" WITH INHERIT FALSE, SET TRUE" if connection.pg_version >= 160000 else "")
    assert [record.getMessage() for record in caplog.records] == [sentence]
    assert [warning.msg for warning in check_row_security(None)] == [sentence]


def test_nothing_is_set_up_where_it_is_switched_off(settings):
    settings.SECOND_FENCE = False
    with connection.cursor() as cursor:
        drop_policies(cursor)
        before = row_security_policies.missing_statements(cursor)
        set_up_row_security(using="default")
        assert row_security_policies.missing_statements(cursor) == before != []


@pytest.mark.django_db(transaction=True)
def test_a_table_in_use_is_left_for_the_next_time(monkeypatch):
    monkeypatch.setattr(row_security_policies, "LOCK_SECONDS", 0.2)
    with connection.cursor() as cursor:
        drop_policies(cursor)
        with psycopg.connect(**connection.get_connection_params()) as other:
            other.execute("SELECT FROM syncs_upload LIMIT 1")
            with pytest.raises(
                row_security_policies.NotSetUp, match="Some tables were in use for longer than 5 seconds"
            ):
                row_security_policies.set_up(connection)
            assert len(row_security_policies.missing_statements(cursor)) == 1
        row_security_policies.set_up(connection)
        assert row_security_policies.missing_statements(cursor) == []


@pytest.mark.django_db(transaction=True)
def test_a_table_in_use_does_not_keep_the_tables_after_it_waiting(monkeypatch):
    monkeypatch.setattr(row_security_policies, "LOCK_SECONDS", 0.2)
    first, *others = sorted(model._meta.db_table for model in RESTRICTED)
    assert others
    with connection.cursor() as cursor:
        for name in (first, *others):
            cursor.execute(f"DROP POLICY {TABLES[name].policy} ON {name}")
        with psycopg.connect(**connection.get_connection_params()) as other:
            other.execute(f"SELECT FROM {first} LIMIT 1")
            with pytest.raises(row_security_policies.NotSetUp):
                row_security_policies.set_up(connection)
        (left,) = row_security_policies.missing_statements(cursor)
        assert first in str(left)
        row_security_policies.set_up(connection)
        assert row_security_policies.missing_statements(cursor) == []


def drop_policies(cursor):
    for model in RESTRICTED:
        table = TABLES[model._meta.db_table]
        cursor.execute(f"DROP POLICY {table.policy} ON {table.name}")
    cursor.execute(f"REVOKE ALL ON syncs_upload FROM {ROW_SECURITY_ROLE}")


def test_after_a_restore_it_is_set_up_again_exactly_once():
    with connection.cursor() as cursor:
        drop_policies(cursor)
        cursor.execute("CREATE POLICY second_fence_of_before ON syncs_upload AS RESTRICTIVE USING (false)")
        assert row_security_policies.why_inactive(cursor) == (
            "Row-level security between accounts is not set up: requests are kept to their account by the product "
            "alone. To set it up, run `manage.py migrate` as the owner of the tables, then restart the web servers."
        )
        set_up_row_security(using="default")
        assert row_security_policies.missing_statements(cursor) == []
        cursor.execute("SELECT policyname FROM pg_policies WHERE tablename = 'syncs_upload' ORDER BY policyname")
        assert cursor.fetchall() == [("open_but_for_doors",), (TABLES["syncs_upload"].policy,)]
    assert check_row_security(None) == []


@pytest.mark.django_db(transaction=True)
def test_two_processes_can_set_it_up_at_once():
    with connection.cursor() as cursor:
        drop_policies(cursor)

    def set_up():
        try:
            row_security_policies.set_up(connection)
        finally:
            connection.close()

    with ThreadPoolExecutor() as pool:
        for done in [pool.submit(set_up) for _ in range(2)]:
            done.result()
    with connection.cursor() as cursor:
        assert row_security_policies.missing_statements(cursor) == []


def test_other_roles_see_every_row_as_before():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename, permissive, roles::text FROM pg_policies ORDER BY tablename, permissive, policyname"
        )
        found = cursor.fetchall()
    names = sorted(model._meta.db_table for model in RESTRICTED)
    policies = (("PERMISSIVE", "{public}"), ("RESTRICTIVE", f"{{{ROW_SECURITY_ROLE}}}"))
    assert found == [(name, *policy) for name in names for policy in policies]
