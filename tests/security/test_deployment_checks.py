"""`check --deploy` names settings with which the product runs, but is not safe."""

import pytest
from django.db import connection

from adsplatform import database
from adsplatform.deployment_checks import check_deployment
from adsplatform.local import embedded_postgres, landlock
from adsplatform.settings import VAR_DIR


@pytest.fixture
def use_database(monkeypatch):
    """Make a DATABASE_URL with these options the database's settings; nothing connects to it."""

    def use(options):
        url = f"postgresql://ads:secret@database.internal:5432/ads{options}"
        for name, value in ({"OPTIONS": {}} | database.settings_for(url, VAR_DIR)).items():
            monkeypatch.setitem(connection.settings_dict, name, value)

    return use


@pytest.fixture
def safe(settings, use_database):
    """The settings of a sound deployment on several machines."""
    settings.HTTPS = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"NUM_PROXIES": 1}
    use_database("?sslmode=verify-full&sslrootcert=/etc/ssl/ca.pem")
    settings.REDIS_URL = "rediss://queue.internal:6379/0"
    settings.EMAIL_URL, settings.EMAIL_HOST, settings.EMAIL_USE_TLS = "smtp+tls://mail.internal", "mail.internal", True
    return settings


def warnings():
    return [(found.id.removeprefix("adsplatform."), found.hint) for found in check_deployment(None)]


def test_a_sound_deployment_has_no_warning(safe):
    assert warnings() == []


def test_a_proxy_header_without_the_number_of_proxies(safe):
    safe.REST_FRAMEWORK = safe.REST_FRAMEWORK | {"NUM_PROXIES": 0}
    assert warnings() == [("W001", "Set NUM_PROXIES to the number of your proxies that write X-Forwarded-For.")]


@pytest.mark.parametrize("options", ["", "?sslmode=prefer", "?sslmode=require"])
def test_a_database_connection_that_is_not_verified(safe, use_database, options):
    use_database(options)
    assert warnings() == [("W002", "Add ?sslmode=verify-full&sslrootcert=/path/to/ca.pem to DATABASE_URL.")]


def test_plain_connections_to_redis_and_the_mail_server_and_plain_http(safe):
    safe.REDIS_URL, safe.EMAIL_USE_TLS, safe.HTTPS = "redis://queue.internal:6379/0", False, False
    assert [number for number, _ in warnings()] == ["W003", "W004", "W005"]


def test_a_system_that_cannot_confine_what_reads_sources(safe, monkeypatch):
    monkeypatch.setattr(landlock, "version", lambda: 0)
    ((number, hint),) = warnings()
    assert number == "W007"
    assert hint.startswith("Run the workers on Linux 5.13 or newer with Landlock")


@pytest.fixture
def server(tmp_path, monkeypatch):
    """The database of a server of its own."""
    # As root, the server runs as another user, who has to reach its data.
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o711)
    server = embedded_postgres.Server(tmp_path / "var", durable=False)
    server.start()
    yield server
    server.stop()


def test_a_database_user_who_is_a_superuser(safe, server, monkeypatch):
    def warnings_of_server():
        for name, value in embedded_postgres.database_settings(server.var_dir).items():
            monkeypatch.setitem(connection.settings_dict, name, value)
        monkeypatch.setitem(connection.settings_dict, "OPTIONS", {})
        return [number for number, _ in warnings()]

    assert warnings_of_server() == []
    server.stop()
    server.run_as_superuser(f"ALTER ROLE {embedded_postgres.NAME} SUPERUSER")
    server.start()
    assert warnings_of_server() == ["W006"]
