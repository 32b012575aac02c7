"""Production settings: no warning by Django's checks, and the security headers."""

import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from adsplatform.accounts import session_ends
from tests.factories import member

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains; preload",
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
}


@pytest.fixture
def over_https(db, settings):
    settings.SECURE_HSTS_SECONDS = 31536000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True
    settings.SECURE_SSL_REDIRECT = settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    return Client(raise_request_exception=False)


def test_djangos_deployment_check_finds_nothing(tmp_path):
    # Without the environment of this test run.
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    checked = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        env=environment | {"ADS_VAR_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "adsplatform.settings"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
    )
    assert (checked.returncode, checked.stdout) == (0, "System check identified no issues (0 silenced).\n")


@pytest.mark.parametrize(
    "path",
    ["/sign-in/", "/", "/no-such-page/", "/admin/login/", "/api/v1/Status", "/api/v1/Sync/query", "/api/nothing"],
)
def test_every_answer_has_the_security_headers(over_https, path):
    answer = over_https.get(path, secure=True)
    check_headers(answer)
    assert "Server" not in answer.headers
    assert "X-Powered-By" not in answer.headers


def test_an_error_and_a_refused_form_have_them_too(over_https, monkeypatch):
    from adsplatform.observability import health

    monkeypatch.setattr(health, "dependencies", lambda: 1 / 0)
    fault = over_https.get("/api/v1/Status", secure=True)
    refused = Client(enforce_csrf_checks=True).post("/sign-in/", secure=True)
    assert (fault.status_code, refused.status_code) == (500, 403)
    for answer in (fault, refused):
        check_headers(answer)


def check_headers(answer):
    assert {name: answer.headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert "no-store" in answer.headers["Cache-Control"]


def test_http_is_redirected_to_https(over_https):
    answer = over_https.get("/sign-in/")
    assert (answer.status_code, answer.headers["Location"]) == (301, "https://testserver/sign-in/")


def test_cookies_are_secure_http_only_and_same_site(over_https):
    _membership, _ = member(email="ana@example.com")
    values = {"username": "ana@example.com", "password": "correct horse battery"}
    answer = over_https.post("/sign-in/", values, secure=True)
    session = answer.cookies["sessionid"]
    assert (session["secure"], session["httponly"], session["samesite"]) == (True, True, "Lax")
    assert session["max-age"] == 12 * 3600
    assert all(cookie["secure"] and cookie["samesite"] == "Lax" for cookie in answer.cookies.values())


def test_cookies_of_production_are_of_this_host_alone(tmp_path):
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    script = "from adsplatform import settings as s; print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME)"
    said = subprocess.run(
        [sys.executable, "-c", script],
        env=environment | {"ADS_VAR_DIR": str(tmp_path)},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
    )
    # Browsers take them only with Secure, without Domain, for the whole host.
    assert said.stdout == "__Host-sessionid __Host-csrftoken\n"
    assert (settings.SESSION_COOKIE_DOMAIN, settings.SESSION_COOKIE_PATH) == (None, "/")
    assert (settings.CSRF_COOKIE_DOMAIN, settings.CSRF_COOKIE_PATH) == (None, "/")


@pytest.mark.parametrize("of_a_page", [False, True])
def test_a_session_ends_some_time_after_the_last_activity(client, db, settings, of_a_page):
    settings.SESSION_IDLE_MINUTES = 60
    membership, _ = member()
    client.force_login(membership.user)
    # What an open page asks for by itself is no activity.
    headers = {"HX-Request": "true"} if of_a_page else {}
    move_back(client, minutes=40)
    assert client.get("/", headers=headers).status_code == 200
    move_back(client, minutes=40)
    assert client.get("/").status_code == (302 if of_a_page else 200)


def test_a_session_ends_some_time_after_signing_in(client, db, settings):
    settings.SESSION_HOURS = 2
    membership, _ = member()
    client.force_login(membership.user)
    for status in (200, 200, 302):
        move_back(client, minutes=50)
        answer = client.get("/keys/")
        if status == 302:
            assert answer.url == "/sign-in/?next=/keys/"
        assert answer.status_code == status
    assert "_auth_user_id" not in client.session


def move_back(client, minutes):
    """Let the times of a session be so long ago."""
    session = client.session
    for name in (session_ends.SIGNED_IN, session_ends.ACTIVE):
        session[name] -= minutes * 60
    session.save()


def test_signing_in_renews_the_session_and_a_new_password_ends_it(over_https):
    membership, _ = member(email="ana@example.com")
    values = {"username": "ana@example.com", "password": "correct horse battery"}
    over_https.post("/sign-in/", values, secure=True)
    first = over_https.cookies["sessionid"].value
    over_https.post("/sign-out/", secure=True)
    over_https.post("/sign-in/", values, secure=True)
    assert over_https.cookies["sessionid"].value != first
    assert over_https.get("/", secure=True).status_code == 200
    membership.user.set_password("another horse battery")
    membership.user.save()
    assert over_https.get("/", secure=True).status_code == 302


@pytest.mark.parametrize("host", ["evil.example", "testserver.evil.example", "testserver:80@evil.example"])
def test_an_unknown_host_is_refused(over_https, settings, host):
    settings.ALLOWED_HOSTS = ["testserver"]
    assert over_https.get("/sign-in/", secure=True, headers={"Host": host}).status_code == 400


def test_whoever_finds_a_vulnerability_knows_whom_to_tell(client, db, settings):
    assert client.get("/.well-known/security.txt").status_code == 404
    settings.SECURITY_CONTACT = ["mailto:security@example.com", "https://example.com/report"]
    settings.SECURITY_POLICY, settings.PUBLIC_URL = "https://example.com/policy", "https://ads.example.com"
    answer = client.get("/.well-known/security.txt")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    lines = answer.text.splitlines()
    (expires,) = (line for line in lines if line.startswith("Expires: "))
    left = datetime.strptime(expires, "Expires: %Y-%m-%dT%H:%M:%S%z") - timezone.now()
    # RFC 9116 asks for less than a year.
    assert timedelta(days=80) < left < timedelta(days=366)
    assert [line for line in lines if line != expires] == [
        "Contact: mailto:security@example.com",
        "Contact: https://example.com/report",
        "Preferred-Languages: en",
        "Policy: https://example.com/policy",
        "Canonical: https://ads.example.com/.well-known/security.txt",
    ]
