"""Signing in for a token."""

import json

import pytest
from django.core.cache import cache

from adsplatform.accounts.models import User
from tests.callers import Program, anonymous
from tests.factories import MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def nobody_has_tried_yet():
    cache.clear()


def sign_in(email, password=PASSWORD, **more):
    body = {"email": email, "password": password, **more}
    return anonymous().post("/api/v1/sign-in", body, content_type="application/json")


def test_a_password_buys_a_token_for_an_hour():
    membership = MembershipFactory(user__email="ann@example.com")
    answer = sign_in("Ann@Example.com")
    assert answer.status_code == 200
    assert set(answer.json()) == {"token", "expires", "groupKey"}
    assert answer.json()["groupKey"] == str(membership.group_key_id)
    assert answer.json()["expires"].endswith(".000Z")
    status = anonymous().get("/api/v1/Status", headers={"Authorization": f"Bearer {answer.json()['token']}"}).json()
    assert status["emailAddress"] == "ann@example.com"
    assert "apiKeyId" not in status
    assert User.objects.get().last_login is not None


def test_someone_in_two_accounts_says_which():
    first = MembershipFactory()
    second = MembershipFactory(user=first.user)
    assert sign_in(first.user.email).json()["groupKey"] == str(first.group_key_id)
    answer = sign_in(first.user.email, groupKey=str(second.group_key_id))
    assert answer.json()["groupKey"] == str(second.group_key_id)


def test_an_account_one_is_not_in_stays_closed():
    membership, stranger = MembershipFactory(), MembershipFactory()
    answer = sign_in(membership.user.email, groupKey=str(stranger.group_key_id))
    assert answer.status_code == 403
    assert answer.json()["detail"] == (
        f"You are not a member of the account {stranger.group_key_id}. Ask its owner to invite you."
    )


def test_someone_in_no_account_gets_no_token():
    assert sign_in(UserFactory().email).status_code == 403


def test_an_unknown_person_and_a_wrong_password_get_the_same_answer():
    membership, inactive = MembershipFactory(), MembershipFactory(user__is_active=False)
    answers = [
        sign_in(membership.user.email, "wrong"),
        sign_in("nobody@example.com"),
        sign_in(inactive.user.email),
    ]
    assert [answer.status_code for answer in answers] == [401, 401, 401]
    assert {answer.json()["detail"] for answer in answers} == {
        "This e-mail address and this password do not go together."
    }


def test_blanks_of_a_password_count():
    membership = MembershipFactory()
    assert sign_in(membership.user.email, f" {PASSWORD} ").status_code == 401


@pytest.fixture
def rates(settings):
    def set_to(**rates):
        usual = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"] | {"sign-in": "100/min", "sign-in-many": "100/min"}
        rates = usual | {name.replace("_", "-"): rate for name, rate in rates.items()}
        settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": rates}

    return set_to


def statuses_from(addresses, emails):
    return [
        anonymous()
        .post(
            "/api/v1/sign-in",
            {"email": email, "password": "x"},
            content_type="application/json",
            REMOTE_ADDR=address,
            # What a caller says of itself is not believed.
            headers={"X-Forwarded-For": f"10.0.0.{number}"},
        )
        .status_code
        for number, (address, email) in enumerate(zip(addresses, emails, strict=True))
    ]


def test_trying_one_persons_passwords_is_slowed_down(rates):
    rates(sign_in="3/min")
    membership = MembershipFactory()
    assert [sign_in(membership.user.email, "wrong").status_code for _ in range(3)] == [401] * 3
    answer = sign_in(membership.user.email.upper())
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert answer.json()["detail"] == f"Too many requests. Try again in {answer.headers['Retry-After']} seconds."
    # Another person may go on, and so may this one from another address.
    assert sign_in("somebody.else@example.com").status_code == 401
    assert statuses_from(["10.9.9.9"], [membership.user.email]) == [401]


def test_trying_everyones_passwords_from_one_place_is_slowed_down(rates):
    rates(sign_in_many="3/min")
    emails = [f"person{number}@example.com" for number in range(5)]
    # In the open network: one near us could be a proxy that hides who calls.
    assert statuses_from(["9.9.9.9"] * 5, emails) == [401, 401, 401, 429, 429]


def test_trying_one_persons_passwords_from_everywhere_is_slowed_down(rates):
    rates(sign_in_many="3/min")
    addresses = [f"10.1.1.{number}" for number in range(5)]
    assert statuses_from(addresses, ["ann@example.com"] * 5) == [401, 401, 401, 429, 429]


def test_our_own_proxy_is_believed(rates, settings):
    rates(sign_in_many="3/min")
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": 1}
    emails = [f"person{number}@example.com" for number in range(5)]
    assert statuses_from(["10.1.1.1"] * 5, emails) == [401] * 5


def test_an_api_key_does_not_help_to_sign_in():
    program = Program()
    answer = program.post("sign-in", {"email": program.user.email, "password": "wrong"})
    assert answer.status_code == 401


def test_signing_out_ends_all_tokens_of_the_person():
    membership, other = MembershipFactory(), MembershipFactory()
    tokens = [sign_in(membership.user.email).json()["token"] for _ in range(2)]
    kept = sign_in(other.user.email).json()["token"]
    answer = call("POST", "sign-out", tokens[0])
    assert (answer.status_code, answer.json()) == (200, {"messages": ["Ended all bearer tokens that you had"]})
    refused = [call("GET", "Sync/query", token) for token in tokens]
    assert [answer.status_code for answer in refused] == [401, 401]
    assert "The token was ended by signing out on 2" in refused[0].json()["detail"]
    assert call("GET", "Sync/query", kept).status_code == 200
    assert call("GET", "Sync/query", sign_in(membership.user.email).json()["token"]).status_code == 200


def test_an_api_key_is_revoked_and_not_signed_out():
    program = Program()
    answer = program.post("sign-out")
    assert answer.status_code == 400
    assert f"revoke it with DELETE /api/v1/ApiKeys/{program.user.api_keys.get().pk}." in answer.json()["detail"]


def test_a_token_makes_no_key_without_an_end():
    token = sign_in(MembershipFactory().user.email).json()["token"]
    body = {"name": "for ever", "expires": "9999-12-31T00:00:00Z"}
    assert call("POST", "ApiKeys", token, body).status_code == 400
    made = call("POST", "ApiKeys", token, {"name": "for ever"}).json()
    assert made["expires"]
    assert "madeWithApiKeyId" not in made


def call(method, path, token, body=None):
    headers = {"Authorization": f"Bearer {token}"}
    return anonymous().generic(
        method, f"/api/v1/{path}", json.dumps(body or {}), content_type="application/json", headers=headers
    )
