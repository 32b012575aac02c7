"""API keys: shown once, stored as a hash, ended at once."""

from datetime import datetime, timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from adsplatform.accounts.models import ApiKey, Membership, Role, User
from tests.callers import Program
from tests.factories import MembershipFactory

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
        "expires": made["expires"],
        "madeWithApiKeyId": str(program.user.api_keys.get(name="test").pk),
    }
    # An end by default.
    assert timedelta(days=364) < api_key.expires - timezone.now() < timedelta(days=365)
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
    assert answer.json()["errors"] == {"expires": ["A key must expire in the future."]}


def test_no_key_works_for_longer_than_a_year(program, settings):
    settings.API_KEY_DAYS = 30
    expires = timezone.now() + timedelta(days=31)
    answer = program.post("ApiKeys", {"name": "mine", "expires": expires.isoformat()})
    assert answer.status_code == 400
    assert answer.json()["errors"]["expires"][0].startswith("A key works for at most 30 days, now until 2")
    program.post("ApiKeys", {"name": "mine", "expires": None})
    assert ApiKey.objects.get(name="mine").expires < expires


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


def test_a_key_never_has_more_rights_than_its_maker_had_or_has(program):
    reader = Program(Role.READ_ONLY, account=program.account)
    made = reader.post("ApiKeys", {"name": "mine"}).json()
    reader.headers = {"Api-Key": made["apiKey"]}
    # A promotion does not promote the key, nor what is made with it.
    Membership.objects.filter(user=reader.user).update(role=Role.OWNER)
    assert reader.get("Status").json()["roles"] == ["Read-Only"]
    assert reader.post("Sync/batch", {"companies": []}).status_code == 403
    reader.headers = {"Api-Key": reader.post("ApiKeys", {"name": "child"}).json()["apiKey"]}
    assert reader.get("Status").json()["roles"] == ["Read-Only"]
    # A demotion demotes a key.
    owner = Program(account=program.account)
    Membership.objects.filter(user=owner.user).update(role=Role.MEMBER)
    assert owner.get("Status").json()["roles"] == ["Member"]


def test_keys_made_with_a_key_are_revoked_with_it(program):
    key = program.user.api_keys.get()
    child = program.post("ApiKeys", {"name": "child"}).json()
    program.headers = {"Api-Key": child["apiKey"]}
    grandchild = program.post("ApiKeys", {"name": "grandchild"}).json()
    assert grandchild["madeWithApiKeyId"] == child["apiKeyId"]
    program.headers = {"Api-Key": grandchild["apiKey"]}
    # By itself it works on while its maker's key does.
    assert program.get("Sync/query").status_code == 200
    other = Program(account=program.account)
    assert other.delete(f"ApiKeys/{key.pk}").status_code == 200
    assert program.get("Sync/query").status_code == 401
    assert {key.revoked_user for key in program.user.api_keys.all()} == {other.user}
    assert other.get("Sync/query").status_code == 200


def test_keys_end_for_good_with_their_person(program):
    owner = Program(account=program.account)
    elsewhere = Program()
    kept = MembershipFactory(user=program.user, group_key=elsewhere.account)
    _, key_elsewhere = ApiKey.make(account=elsewhere.account, user=program.user, name="elsewhere")
    # Written again, as by a form, it is the same membership.
    program.membership.save()
    assert program.get("Sync/query").status_code == 200
    program.membership.delete()
    MembershipFactory(user=program.user, group_key=program.account, role=Role.OWNER)
    answer = program.get("Sync/query")
    assert answer.status_code == 401
    assert "was revoked" in answer.json()["detail"]
    # In another account, the person's keys end when the person is switched off.
    program.headers = {"Api-Key": key_elsewhere}
    assert program.get("Sync/query").status_code == 200
    User.objects.filter(pk=kept.user_id).update(is_active=False)
    User.objects.filter(pk=kept.user_id).update(is_active=True)
    assert program.get("Sync/query").status_code == 401
    assert [other.get("Sync/query").status_code for other in (owner, elsewhere)] == [200, 200]


def test_a_person_has_a_limited_number_of_keys(program, settings):
    settings.API_KEYS_PER_PERSON, settings.API_KEYS_PER_ACCOUNT = 2, 4
    first = program.post("ApiKeys", {"name": "a"}).json()
    answer = program.post("ApiKeys", {"name": "b"})
    assert (answer.status_code, answer.json()["title"]) == (429, "Quota exceeded.")
    assert answer.json()["detail"] == (
        "You have 2 API keys that work, which is the most there may be. Revoke one that is not needed."
    )
    assert "Retry-After" not in answer.headers
    program.delete(f"ApiKeys/{first['apiKeyId']}")
    assert program.post("ApiKeys", {"name": "b"}).status_code == 201
    reader, other = (Program(Role.READ_ONLY, account=program.account) for _ in range(2))
    assert "Company" in reader.post("ApiKeys", {"name": "c"}).json()["detail"]
    assert ApiKey.objects.of(program.account).usable().count() == 4
    assert other.get("Sync/query").status_code == 200


def test_making_keys_is_throttled(settings):
    cache.clear()
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": {"make-key": "3/hour"}}
    reader = Program(Role.READ_ONLY)
    answers = [reader.post("ApiKeys", {"name": f"key {number}"}) for number in range(4)]
    assert [answer.status_code for answer in answers] == [201, 201, 201, 429]
    assert int(answers[-1].headers["Retry-After"]) > 3000
    # It is the person who is counted, in the Inbox as well.
    reader.client.force_login(reader.user)
    page = reader.client.post("/keys/", {"name": "another"})
    assert "You have made many API keys in a short time. Make the next one in 3," in page.text
    cache.clear()


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


def test_a_name_has_no_line_breaks_and_nothing_invisible(program):
    answer = program.post("ApiKeys", {"name": "export\r\nX: y"})
    assert (answer.status_code, answer.json()["detail"]) == (
        400,
        "Character 7 of the key's name is U+000D, which cannot be seen. Leave it out.",
    )
    assert program.post("ApiKeys", {"name": "a\u202eb"}).status_code == 400
    assert program.post("ApiKeys", {"name": "Export für Zürich"}).status_code == 201


def test_keys_can_be_filtered_and_ordered(program):
    for name in ("b", "a"):
        program.post("ApiKeys", {"name": name})
    answer = program.get("ApiKeys/query", query="filter=name+in+('a','b')+AND+revoked+is+null&order=NAME")
    assert [row["name"] for row in answer.json()["records"]] == ["a", "b"]


def test_a_key_that_only_reads_looks_and_changes_nothing():
    program = Program(staff=True)
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
