"""What SQL with the rights of a request's role cannot forge: members, keys of staff, counts of attempts."""

import pytest
from django.core.cache import cache
from django.db import DatabaseError, connection

from adsplatform.accounts.models import ApiKey, AuditEntry, Membership, Role
from tests.callers import Program, anonymous
from tests.factories import MembershipFactory, UserFactory, member
from tests.security.test_row_security_policies import as_request_of

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounts_membership SET role = 'Group Owner'",
        "DELETE FROM accounts_membership",
        "UPDATE accounts_apikey SET is_of_staff = true",
        "UPDATE accounts_apikey SET role = 'Group Owner', is_read_only = false",
        "UPDATE accounts_apikey SET key_hash = ''",
        "UPDATE accounts_apikey SET expires = NULL",
        "DELETE FROM accounts_apikey",
    ],
)
def test_members_and_keys_cannot_be_changed(statement):
    with as_request_of(member()[0].group_key) as cursor, pytest.raises(DatabaseError, match="permission denied"):
        cursor.execute(statement)


def test_nobody_can_be_made_a_member():
    account, staff = member()[0].group_key, UserFactory(is_staff=True, is_superuser=True)
    with as_request_of(account), pytest.raises(DatabaseError, match="permission denied"):
        Membership.objects.create(group_key=account, user=staff, role=Role.OWNER)


def test_no_key_can_be_made():
    membership, _ = member(is_staff=True)
    with as_request_of(membership.group_key), pytest.raises(DatabaseError, match="permission denied"):
        ApiKey.make(account=membership.group_key, user=membership.user, name="forged", is_of_staff=True)


def test_requests_make_and_revoke_keys_still_and_staff_make_those_of_staff():
    program = Program(is_staff=True)
    made = program.post("ApiKeys", {"name": "mine"})
    assert made.status_code in (200, 201)
    key = ApiKey.objects.get(name="mine")
    assert key.is_of_staff
    entry = AuditEntry.objects.filter(subject="API key", action="added").newest_first().first()
    assert (entry.subject_id, entry.user_email) == (str(key.pk), key.created_user.email)
    assert program.delete(f"ApiKeys/{key.pk}").status_code in (200, 204)
    key.refresh_from_db()
    assert key.revoked
    assert key.revoked_user == key.created_user


@pytest.mark.parametrize("change", ["revoked = NULL", "revoked = now()", "revoked_user_id = gen_random_uuid()"])
def test_a_revoked_key_stays_revoked(change):
    membership, key = member()
    ApiKey.objects.get().revoke(membership.user)
    with as_request_of(membership.group_key) as cursor, pytest.raises(DatabaseError, match="has been revoked"):
        cursor.execute(f"UPDATE accounts_apikey SET {change}")
    answer = anonymous().get("/api/v1/ApiKeys/query", headers={"Api-Key": key})
    assert (answer.status_code, "was revoked" in answer.text) == (401, True)


def test_who_revoked_a_key_can_be_forgotten():
    member()
    ApiKey.objects.get().revoke(other := UserFactory())
    other.delete()
    assert ApiKey.objects.get().revoked_user is None


@pytest.mark.parametrize("value", ['"x"', "[1]", "[1, 2, 3]", '["a", "b"]', "{}", "7", "[NaN, NaN]", f"[1{400 * '0'}]"])
def test_a_count_that_is_none_does_not_fail_the_sign_in(value):
    cache.clear()
    membership = MembershipFactory()
    sign_in = {"email": membership.user.email, "password": "wrong"}
    assert anonymous().post("/api/v1/sign-in", sign_in, content_type="application/json").status_code == 401
    with connection.cursor() as cursor:
        cursor.execute("UPDATE cache_entry SET value = %s", [value])
        assert cursor.rowcount >= 3
    sign_in["password"] = PASSWORD
    assert anonymous().post("/api/v1/sign-in", sign_in, content_type="application/json").status_code == 200
