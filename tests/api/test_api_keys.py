"""API keys: shown once, stored as a hash, ended at once."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from adsplatform.accounts.models import ApiKey, Role
from tests.callers import Program

pytestmark = pytest.mark.django_db


@pytest.fixture
def program():
    return Program()


def test_a_new_key_is_shown_this_once(program, settings):
    settings.ENVIRONMENT = "test"
    answer = program.post("ApiKeys", {"name": "nightly export"})
    made = answer.json()
    api_key = ApiKey.objects.get(name="nightly export")
    assert answer.status_code == 201
    key = made.pop("apiKey")
    assert made == {
        "apiKeyId": str(api_key.pk),
        "groupKey": str(program.account.pk),
        "name": "nightly export",
        "environment": "test",
        "keyPrefix": key[:10],
        "created": made["created"],
        "createdUserId": str(program.user.pk),
    }
    assert datetime.fromisoformat(made["created"]).tzinfo is not None
    assert (len(key) > 40, key[:5]) == (True, "LSPK-")
    assert key not in str(ApiKey.objects.values().get(pk=api_key.pk))
    assert program.get(f"ApiKeys/{api_key.pk}").json() == made
    assert key not in program.get("ApiKeys/query").content.decode()


def test_a_new_key_opens(program):
    program.headers = {"Api-Key": program.post("ApiKeys", {"name": "mine"}).json()["apiKey"]}
    assert program.get("Sync/query").status_code == 200


def test_its_last_use_is_known_to_the_minute(program):
    made = program.post("ApiKeys", {"name": "mine"}).json()
    api_key = ApiKey.objects.get(pk=made["apiKeyId"])
    assert api_key.last_used is None
    program.headers = {"Api-Key": made["apiKey"]}
    program.get("Sync/query")
    api_key.refresh_from_db()
    first = api_key.last_used
    assert timezone.now() - first < timedelta(seconds=30)
    program.get("Sync/query")
    api_key.refresh_from_db()
    assert api_key.last_used == first
    ApiKey.objects.update(last_used=first - timedelta(seconds=61))
    program.get("Sync/query")
    api_key.refresh_from_db()
    assert api_key.last_used >= first
    # Who is refused has not used it.
    ApiKey.objects.update(last_used=None)
    program.delete(f"ApiKeys/{made['apiKeyId']}")
    ApiKey.objects.update(last_used=None)
    assert program.get("Sync/query").status_code == 401
    api_key.refresh_from_db()
    assert api_key.last_used is None


def test_a_revoked_key_stays_revoked_and_visible(program):
    made = program.post("ApiKeys", {"name": "mine"}).json()
    answer = program.delete(f"ApiKeys/{made['apiKeyId']}")
    assert (answer.status_code, answer.json()) == (
        200,
        {"messages": [f"Revoked API key {made['apiKeyId']}"]},
    )
    body = program.get(f"ApiKeys/{made['apiKeyId']}").json()
    assert body["revokedUserId"] == str(program.user.pk)
    again = program.delete(f"ApiKeys/{made['apiKeyId']}").json()["messages"]
    assert again[0].startswith(f"API key {made['apiKeyId']} had been revoked on ")
    assert program.get(f"ApiKeys/{made['apiKeyId']}").json()["revoked"] == body["revoked"]
    program.headers = {"Api-Key": made["apiKey"]}
    assert program.get("Sync/query").status_code == 401


def test_a_key_may_expire(program):
    expires = (timezone.now() + timedelta(days=1)).replace(microsecond=0)
    made = program.post("ApiKeys", {"name": "mine", "expires": expires.isoformat()}).json()
    assert made["expires"] == expires.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def test_a_key_cannot_expire_in_the_past(program):
    answer = program.post("ApiKeys", {"name": "mine", "expires": "2020-01-01T00:00:00Z"})
    assert answer.status_code == 400
    assert answer.json()["errors"] == {"expires": ["A key must expire in the future, or never."]}


def test_a_key_that_expires_makes_none_that_outlives_it(program):
    expires = timezone.now().replace(microsecond=0) + timedelta(days=1)
    ApiKey.objects.update(expires=expires)
    for body in ({"name": "a"}, {"name": "b", "expires": (expires + timedelta(days=9)).isoformat()}):
        made = program.post("ApiKeys", body).json()
        assert ApiKey.objects.get(pk=made["apiKeyId"]).expires == expires


def test_a_reader_may_make_a_key_and_it_reads_only():
    program = Program(Role.READ_ONLY)
    program.headers = {"Api-Key": program.post("ApiKeys", {"name": "mine"}).json()["apiKey"]}
    assert program.post("Sync", {}).status_code == 403


@pytest.mark.parametrize(
    ("role", "sees"),
    [(Role.OWNER, 2), (Role.ADMIN, 2), (Role.MEMBER, 1), (Role.READ_ONLY, 1)],
)
def test_owners_and_admins_see_all_keys_of_the_account_and_others_their_own(role, sees):
    owner = Program()
    program = Program(role, account=owner.account)
    foreign = owner.user.api_keys.get()
    assert program.get("ApiKeys/query").json()["totalCount"] == sees
    expected = 200 if sees == 2 else 404
    assert program.get(f"ApiKeys/{foreign.pk}").status_code == expected
    assert program.delete(f"ApiKeys/{foreign.pk}").status_code == expected
    foreign.refresh_from_db()
    assert (foreign.revoked is not None) == (sees == 2)


def test_a_stranger_finds_no_key(program):
    stranger = Program()
    own = program.user.api_keys.get()
    for answer in (stranger.get(f"ApiKeys/{own.pk}"), stranger.delete(f"ApiKeys/{own.pk}")):
        assert answer.status_code == 404
        assert answer.json()["detail"] == f"There is no API key with the id “{own.pk}”."
    listed = stranger.get("ApiKeys/query").json()["records"]
    assert [row["apiKeyId"] for row in listed] == [str(stranger.user.api_keys.get().pk)]


@pytest.mark.parametrize("name", ["", "x" * 101, None])
def test_a_name_has_1_to_100_characters(program, name):
    answer = program.post("ApiKeys", {"name": name})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["name"])


def test_keys_can_be_filtered_and_ordered(program):
    for name in ("b", "a"):
        program.post("ApiKeys", {"name": name})
    answer = program.get("ApiKeys/query", query="filter=name+in+('a','b')+AND+revoked+is+null&order=NAME")
    assert [row["name"] for row in answer.json()["records"]] == ["a", "b"]


def test_a_key_that_only_reads_looks_and_changes_nothing():
    program = Program(is_staff=True)
    made = program.post("ApiKeys", {"name": "dashboard", "isReadOnly": True}).json()
    assert made["isReadOnly"] is True
    other = program.post("ApiKeys", {"name": "loader"}).json()
    assert "isReadOnly" not in other
    program.headers = {"Api-Key": made["apiKey"]}
    assert program.get("Sync/query").status_code == 200
    assert program.get("Status/auth").json()["roles"] == ["Read-Only"]
    for answer in (
        program.post("Sync/batch", {"companies": []}),
        program.post("AppEnrollments", [{}]),
        program.post("Applications", {"name": "Mine", "appType": "Connector"}),
        program.post("ApiKeys", {"name": "child"}),
        program.delete(f"ApiKeys/{other['apiKeyId']}"),
    ):
        assert answer.status_code == 403
        assert answer.json()["detail"] == (
            f"The API key dashboard ({made['keyPrefix']}…) may only read. Use another one to change something."
        )
