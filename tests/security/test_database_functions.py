"""Functions of the database use our tables, whatever temporary tables a session has made beside them."""

import re

import pytest
from django.db import DatabaseError, connection, transaction

from tests.factories import member
from tests.security.test_row_security_policies import as_request_of

pytestmark = pytest.mark.django_db

OURS = """
    SELECT p.proname, p.prosecdef, p.prosrc, coalesce(array_to_string(p.proconfig, ' '), '')
      FROM pg_proc p
     WHERE p.pronamespace = current_schema()::regnamespace
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
"""
# A trail of the session's own, whose trigger would run with the privileges of the tables' owner.
FALSE_TRAIL = """
    CREATE TEMP TABLE accounts_auditentry (LIKE public.accounts_auditentry);
    ALTER TABLE pg_temp.accounts_auditentry ALTER audit_entry_id DROP NOT NULL;
    CREATE TEMP TABLE loot (found text);
    GRANT ALL ON pg_temp.accounts_auditentry, pg_temp.loot TO PUBLIC;
    CREATE FUNCTION pg_temp.steal() RETURNS trigger LANGUAGE plpgsql AS $body$
    BEGIN
        INSERT INTO pg_temp.loot SELECT password FROM public.accounts_user;
        RETURN NEW;
    END
    $body$;
    CREATE TRIGGER steal AFTER INSERT ON pg_temp.accounts_auditentry FOR EACH ROW EXECUTE FUNCTION pg_temp.steal()
"""


def test_a_temporary_table_does_not_take_the_place_of_the_audit_trail():
    membership, _ = member()
    with as_request_of(membership.group_key) as cursor:
        cursor.execute(FALSE_TRAIL)
        cursor.execute("UPDATE accounts_membership SET wants_notices = NOT wants_notices")
        cursor.execute("SELECT (SELECT count(*) FROM pg_temp.accounts_auditentry), (SELECT count(*) FROM pg_temp.loot)")
        assert cursor.fetchone() == (0, 0)
        cursor.execute("SELECT action, subject_id FROM public.accounts_auditentry ORDER BY audit_entry_id DESC LIMIT 1")
        assert cursor.fetchone() == ("changed", str(membership.pk))


def test_keys_are_revoked_whatever_temporary_table_there_is():
    membership, _ = member()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE accounts_apikey (LIKE public.accounts_apikey)")
        cursor.execute("DELETE FROM accounts_membership WHERE id = %s", [membership.pk])
        cursor.execute("SELECT count(*) FROM public.accounts_apikey WHERE revoked IS NULL")
        assert cursor.fetchone() == (0,)
        transaction.set_rollback(True)


def test_nobody_else_can_write_entries_through_a_table_of_their_own():
    with (
        as_request_of(member()[0].group_key) as cursor,
        pytest.raises(DatabaseError, match="permission denied for function public.audit_change"),
    ):
        cursor.execute(
            "CREATE TEMP TABLE mine (id int); "
            "CREATE TRIGGER t AFTER INSERT ON mine FOR EACH ROW EXECUTE FUNCTION public.audit_change('{}')"
        )


def test_every_function_looks_among_temporary_tables_last():
    with connection.cursor() as cursor:
        cursor.execute(OURS)
        functions = cursor.fetchall()
        tables = connection.introspection.table_names(cursor)
    assert {"audit_change", "audit_stands", "revoke_keys_of_member"} <= {name for name, *_ in functions}
    assert [name for name, _, _, config in functions if not re.search(r"search_path=.*, pg_temp$", config)] == []
    definers = [(name, source) for name, is_definer, source, _ in functions if is_definer]
    assert [name for name, _ in definers] == ["audit_change"]
    unqualified = [
        (name, table) for name, source in definers for table in tables if re.search(rf"(?<![.\w]){table}\b", source)
    ]
    assert unqualified == []
