"""Who comes in, how often one may try, and who sees which account."""

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse

from adsplatform.accounts.models import Role, User
from adsplatform.accounts.services import caller_of_key
from tests.factories import AppEnrollmentFactory, MembershipFactory, UserFactory, member

SIGN_IN = "/sign-in/"


def attempt(client, email, password):
    return client.post(SIGN_IN, {"username": email, "password": password})


def test_a_page_sends_strangers_to_the_sign_in_and_back(client, db):
    UserFactory(email="ana@example.com")
    assert client.get("/syncs/?status=Failed").url == "/sign-in/?next=/syncs/%3Fstatus%3DFailed"
    response = client.post(
        SIGN_IN, {"username": "Ana@Example.com", "password": "correct horse battery", "next": "/syncs/"}
    )
    assert response.url == "/syncs/"


def test_a_wrong_password_is_explained(client, db):
    UserFactory(email="ana@example.com")
    response = attempt(client, "ana@example.com", "wrong")
    assert "This e-mail address and password do not match." in response.text


def test_the_eleventh_attempt_in_a_minute_has_to_wait(client, db):
    UserFactory(email="ana@example.com")
    for _ in range(10):
        assert attempt(client, "ana@example.com", "wrong").status_code == 200
    response = attempt(client, "ANA@example.com ", "correct horse battery")
    assert response.status_code == 429
    assert f"Too many attempts to sign in. Wait {response['Retry-After']} seconds, then try again." in response.text
    assert 0 < int(response["Retry-After"]) <= 60
    assert attempt(client, "other@example.com", "wrong").status_code == 200


def test_the_administration_counts_the_same_attempts(client, db):
    UserFactory(email="ana@example.com", staff=True)
    for _ in range(10):
        attempt(client, "ana@example.com", "wrong")
    right = {"username": "ana@example.com", "password": "correct horse battery"}
    assert "Too many attempts to sign in. Wait " in client.post("/admin/login/", right).text
    assert client.get("/admin/").status_code == 302


def test_nobody_tries_everyones_passwords_from_one_place(client, db, settings):
    limit(settings, **{"sign-in-many": "3/min"})
    statuses = [attempt(client, f"person{n}@example.com", "Summer2026").status_code for n in range(5)]
    assert statuses == [200, 200, 200, 429, 429]


def limit(settings, **rates):
    rates = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"] | rates
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": rates}


def test_patient_guesses_end_for_a_day_and_successes_do_not_count(client, db, settings):
    member(email="ana@example.com")
    limit(settings, **{"sign-in": "100/min", "sign-in-day": "3/day"})
    for _ in range(5):
        assert attempt(Client(), "ana@example.com", "correct horse battery").status_code == 302
    for _ in range(3):
        assert attempt(client, "ana@example.com", "wrong").status_code == 200
    response = attempt(client, "ana@example.com", "correct horse battery")
    assert response.status_code == 429
    assert "Too many attempts to sign in. Wait 24 hours, then try again." in response.text
    elsewhere = Client(REMOTE_ADDR="203.0.113.7")
    assert attempt(elsewhere, "ana@example.com", "correct horse battery").status_code == 302


def test_behind_a_proxy_that_was_not_set_ten_wrong_attempts_lock_nobody_out(client, db):
    member(email="ana@example.com")
    through_proxy = Client(REMOTE_ADDR="10.0.0.2", headers={"X-Forwarded-For": "198.51.100.1"})
    for _ in range(15):
        assert attempt(through_proxy, "ana@example.com", "wrong").status_code == 200
    assert attempt(through_proxy, "ana@example.com", "correct horse battery").status_code == 302
    # The header of somebody who is not in a private network changes nothing.
    direct = Client(REMOTE_ADDR="93.184.216.34", headers={"X-Forwarded-For": "10.0.0.1"})
    assert [attempt(direct, "ana@example.com", "wrong").status_code for _ in range(11)] == [200] * 10 + [429]


def test_the_present_password_cannot_be_guessed_on_the_password_page(inbox, membership):
    wrong = {"old_password": "wrong", "new_password1": "staple-9-lake-Oslo", "new_password2": "staple-9-lake-Oslo"}
    assert [inbox.post("/password/", wrong).status_code for _ in range(11)] == [200] * 10 + [429]
    right = inbox.post("/password/", wrong | {"old_password": "correct horse battery"})
    assert (right.status_code, 0 < int(right.headers["Retry-After"]) <= 60) == (429, True)
    assert "Too many attempts. Wait " in right.text
    membership.user.refresh_from_db()
    assert membership.user.check_password("correct horse battery")


def test_the_administration_has_no_password_page_of_its_own(client, db):
    client.force_login(UserFactory(email="staff@example.com", staff=True))
    for ask in (client.get, client.post):
        assert ask("/admin/password_change/").url == "/password/"


@pytest.mark.parametrize("password", ["Summer2026!", "P@ssw0rd2026", "qwertzuiop12"])
def test_a_password_that_is_easy_to_guess_is_refused(inbox, membership, password):
    values = {"old_password": "correct horse battery", "new_password1": password, "new_password2": password}
    assert "This password is too easy to guess." in inbox.post("/password/", values).text


def test_the_count_is_not_forgotten_among_many(db):
    for n in range(500):
        cache.set(f"someone-{n}", 1)
    assert cache.get("someone-0") == cache.get("someone-499") == 1


def test_signing_out_ends_the_session(inbox):
    assert inbox.post("/sign-out/").url == f"{SIGN_IN}?after=sign-out"
    assert inbox.get("/").status_code == 302


def test_the_password_can_be_changed(inbox, membership):
    response = inbox.post(
        "/password/",
        {
            "old_password": "correct horse battery",
            "new_password1": "staple-9-lake-Oslo",
            "new_password2": "staple-9-lake-Oslo",
        },
        follow=True,
    )
    assert "Your password has been changed, and your other sessions have ended." in response.text
    membership.user.refresh_from_db()
    assert membership.user.check_password("staple-9-lake-Oslo")


def test_a_new_password_ends_the_other_sessions_and_keys_if_asked(client, inbox, membership):
    elsewhere = Client()
    elsewhere.force_login(membership.user)
    _, other_key = member(membership.role, membership.group_key)
    old, new = "correct horse battery", "staple-9-lake-Oslo"
    first = {"old_password": old, "new_password1": new, "new_password2": new}
    inbox.post("/password/", first)
    assert [browser.get("/").status_code for browser in (inbox, elsewhere)] == [200, 302]
    assert membership.user.api_keys.usable().count() == 1
    second = {"old_password": new, "new_password1": old, "new_password2": old, "revokes_keys": "on"}
    page = inbox.post("/password/", second, follow=True).text
    assert "API keys of yours that were revoked: 1." in page
    assert membership.user.api_keys.get().revoked_user == membership.user
    assert caller_of_key(other_key)


def test_a_person_without_an_account_is_told_whom_to_ask(client, db):
    client.force_login(UserFactory(email="new@example.com"))
    response = client.get("/")
    assert response.status_code == 403
    assert "You are not in an account yet" in response.text


def test_a_person_in_two_accounts_switches_between_them(inbox, membership):
    membership.group_key.name = "A first"
    membership.group_key.save()
    second = MembershipFactory(user=membership.user, role=Role.READ_ONLY)
    AppEnrollmentFactory(group_key=second.group_key, name="Ledger of the second")
    assert "Ledger of the second" not in inbox.get("/").text
    inbox.post(reverse("inbox:account"), {"group_key": str(second.group_key_id)})
    assert "Ledger of the second" in inbox.get("/").text


def test_nobody_switches_into_a_foreign_account(inbox):
    stranger = MembershipFactory()
    AppEnrollmentFactory(group_key=stranger.group_key, name="Not for you")
    response = inbox.post("/account/", {"group_key": str(stranger.group_key_id)}, follow=True)
    assert "You are not a member of that account." in response.text
    assert "Not for you" not in inbox.get("/").text


def test_a_lapsed_session_makes_a_live_page_reload(client, db):
    response = client.get("/syncs/", headers={"HX-Request": "true"})
    assert response["HX-Refresh"] == "true"


def test_everything_wrong_with_a_field_is_its_description(inbox):
    wrong = {"old_password": "x", "new_password1": "123", "new_password2": "123"}
    text = inbox.post("/password/", wrong).text
    assert text.count('id="id_new_password2_error"') == 1
    assert "This password is too short." in text
    assert "This password is too common." in text
    text = inbox.get("/syncs/?since=yesterday").text
    assert 'aria-describedby="id_since_error"' in text
    assert 'id="id_since_error"' in text


def test_people_are_found_in_an_index_whatever_the_case(db):
    person = UserFactory(email="ana@example.com")
    assert User.objects.get_by_natural_key("Ana@Example.COM") == person
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    assert "one_user_per_email" in User.objects.with_email("ana@example.com").explain()


def test_what_was_sent_after_the_session_had_ended_is_said_to_be_lost(client, db):
    page = client.post("/upload/", {}, follow=True)
    assert "Your session had ended, so what you sent was not saved." in page.text
    assert 'type="email"' in page.text
    assert 'name="next" value="/upload/"' in page.text
    assert "Your session" not in client.get("/upload/", follow=True).text
