"""Who a request comes from, and each way of not knowing."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from adsplatform.accounts import services
from adsplatform.accounts.models import ApiKey, Role
from tests.callers import Program, anonymous
from tests.factories import MembershipFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def program():
    return Program()


def ask(headers):
    return anonymous().get("/api/v1/Sync/query", headers=headers)


def refusal(headers):
    answer = ask(headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.headers["Content-Type"] == "application/problem+json; charset=utf-8"
    problem = answer.json()
    assert (problem["title"], problem["status"]) == ("Unauthorized", 401)
    assert len(problem["traceId"]) == 32
    return problem["detail"]


@pytest.mark.parametrize("header", ["Api-Key", "ApiKey", "APIKey", "api-key"])
def test_a_key_is_accepted_in_every_header_that_sdks_send(program, header):
    assert ask({header: program.key}).status_code == 200


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER "])
def test_a_key_is_accepted_as_bearer(program, scheme):
    assert ask({"Authorization": f"{scheme} {program.key}"}).status_code == 200


def test_a_token_from_sign_in_is_accepted(program):
    token, _ = services.issue_token(program.membership)
    assert ask({"Authorization": f"Bearer {token}"}).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"Api-Key": ""}, {"Api-Key": " ", "Authorization": ""}])
def test_a_request_without_a_credential_is_refused(headers):
    assert refusal(headers) == (
        "This call needs a credential. Send an API key as Api-Key, or as Authorization: Bearer; "
        "a token from sign-in goes there too."
    )


@pytest.mark.parametrize("key", ["LSPK-unknown", "nonsense", "Größe", "x" * 8000])
def test_an_unknown_key_is_refused(key):
    assert refusal({"Api-Key": key}) == (
        "No API key is like this one. Check that all of it was copied, or make a new one."
    )


def test_a_revoked_key_is_refused_at_once(program):
    assert ask(program.headers).status_code == 200
    ApiKey.objects.get().revoke(program.user)
    assert " was revoked on " in refusal(program.headers)


def test_an_expired_key_is_refused(program):
    ApiKey.objects.update(expires=datetime(2024, 5, 6, 7, 8, tzinfo=UTC))
    assert refusal(program.headers) == (
        f"The API key test ({program.key[:10]}…) expired on 2024-05-06 at 07:08 UTC. Make a new one."
    )


def test_a_key_expires_to_the_moment(program):
    ApiKey.objects.update(expires=timezone.now() + timedelta(hours=1))
    assert ask(program.headers).status_code == 200


def test_an_expired_token_is_refused(program, monkeypatch):
    monkeypatch.setattr(services, "TOKEN_LIFETIME", timedelta(seconds=-1))
    token, expires = services.issue_token(program.membership)
    assert refusal({"Authorization": f"Bearer {token}"}) == (
        f"The token expired on {expires:%Y-%m-%d at %H:%M} UTC. Sign in again for a new one."
    )


def test_a_token_outlives_a_change_of_the_secret_key(program, settings):
    token, _ = services.issue_token(program.membership)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "the next secret key", [settings.SECRET_KEY]
    assert services.caller_of_token(token).user == program.user
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(services.NotSignedIn, match="none of ours"):
        services.caller_of_token(token)


@pytest.mark.parametrize("token", ["nonsense", "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "a:b", ":", "x" * 5000])
def test_a_token_that_is_none_of_ours(token):
    assert refusal({"Authorization": f"Bearer {token}"}) == (
        "The bearer token is none of ours or is damaged. Sign in again for a new one, or send an API key."
    )


def test_a_token_cannot_be_changed(program):
    token, _ = services.issue_token(program.membership)
    payload, _, signature = token.partition(":")
    assert "none of ours" in refusal({"Authorization": f"Bearer {payload[:-1]}A:{signature}"})


def test_a_token_made_for_something_else_is_no_token(program):
    from django.core import signing

    other = signing.dumps({"user": str(program.user.pk), "account": str(program.account.pk)})
    assert "none of ours" in refusal({"Authorization": f"Bearer {other}"})


@pytest.mark.parametrize("header", ["Basic YTpi", "Bearer", "Bearer ", "LSPK-abc"])
def test_an_authorization_header_that_is_no_bearer(header):
    assert refusal({"Authorization": header}) == (
        "The Authorization header is not understood. Write “Bearer”, a blank, and the key or token."
    )


def test_a_changed_password_ends_tokens_but_not_keys(program):
    token, _ = services.issue_token(program.membership)
    program.user.set_password("another horse battery")
    program.user.save()
    assert refusal({"Authorization": f"Bearer {token}"}) == (
        "The password has been changed since this token was made. Sign in again for a new one."
    )
    assert ask(program.headers).status_code == 200


def test_a_person_who_left_the_account_takes_the_keys_along(program):
    token, _ = services.issue_token(program.membership)
    MembershipFactory(user=program.user)
    program.membership.delete()
    sentence = "The person this credential belongs to is no longer a member of the account."
    assert refusal(program.headers) == sentence
    assert refusal({"Authorization": f"Bearer {token}"}) == sentence


def test_a_person_who_was_switched_off_is_nobody(program):
    program.user.is_active = False
    program.user.save()
    assert refusal(program.headers) == "The person this credential belongs to can no longer sign in."


def test_a_key_has_the_role_its_maker_has_now(program):
    program.membership.role = Role.READ_ONLY
    program.membership.save()
    answer = program.post("Sync", {})
    assert answer.status_code == 403
    assert answer.json()["detail"] == ("This needs the role Group Owner, Group Admin or Member; yours is Read-Only.")


def test_a_browser_session_is_no_credential(program):
    client = anonymous()
    client.force_login(program.user)
    assert client.get("/api/v1/Sync/query").status_code == 401
