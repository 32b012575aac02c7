"""/healthz and /readyz, the probes of load balancers and monitoring."""

import pytest
from django.db import connection
from django.test import Client
from django_q.conf import Conf

from adsplatform.observability import health
from tests.product import free_port

pytestmark = pytest.mark.django_db


def test_a_process_that_answers_is_alive():
    answer = Client().get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})
    assert answer.headers["Cache-Control"] == "no-store"


def test_it_is_alive_without_a_database(django_db_blocker):
    with django_db_blocker.block():
        assert Client().get("/healthz").status_code == 200


def test_it_is_ready_when_all_it_needs_is_there():
    answer = Client().get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ready",
        "checks": {"Database": "Healthy", "Migrations": "Healthy", "Storage": "Healthy", "Queue": "Healthy"},
    }


def test_it_is_not_ready_while_a_migration_is_missing():
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'syncs' AND name = '0001_initial'")
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["status"] == "not ready"
    assert answer.json()["checks"]["Migrations"] == (
        "1 migration has not been applied to the database. Run `manage.py migrate`."
    )


def test_migrations_of_a_later_release_do_not_matter():
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('syncs', '9999_from_the_future', now())"
        )
    assert Client().get("/readyz").status_code == 200


def test_it_is_not_ready_without_its_database(django_db_blocker):
    with django_db_blocker.block():
        answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["Database"] == "Database does not answer. The reason is in the log."


def test_it_is_not_ready_without_its_storage(monkeypatch):
    def fail():
        raise OSError("gone")

    monkeypatch.setitem(health.NEEDED, "Storage", fail)
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["Storage"] == "Storage does not answer. The reason is in the log."


def test_it_is_not_ready_without_its_queue(monkeypatch):
    monkeypatch.setattr(Conf, "BROKER_CLASS", "adsplatform.cluster.brokers.RedisBroker")
    monkeypatch.setattr(Conf, "REDIS", f"redis://127.0.0.1:{free_port()}/0")
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["Queue"] == "Queue does not answer. The reason is in the log."


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_come_by_plain_http_and_by_any_address(path, settings):
    settings.SECURE_SSL_REDIRECT = True
    for host in ("10.1.2.3:8000", "[fd00::1]:8000", "localhost", ""):
        assert Client().get(path, headers={"Host": host}).status_code == 200, host
    assert Client().get("/", headers={"Host": "localhost"}).status_code == 301


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_probes_accept_only_get_and_head(path):
    answer = Client().post(path)
    assert answer.status_code == 405
    assert answer.json() == {"detail": f"Ask {path} with GET."}


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_a_page_of_another_site_cannot_read_a_probe_by_its_own_name(path):
    answer = Client().get(path, headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert answer.json() == {
        "detail": "This server has another name. Ask by its address, or add the name to ALLOWED_HOSTS."
    }
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/healthz", "/sign-in/", "/api/v1/Status", "/nothing-here", "/static/inbox/icon.svg"])
def test_every_answer_is_for_this_site_alone(path):
    headers = Client().get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
