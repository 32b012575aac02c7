"""Fixtures that every test may use."""

import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote

import pytest
from coverage import Coverage
from django.conf import settings as project_settings
from django.db import connection
from playwright.sync_api import expect, sync_playwright

from adsplatform import database
from adsplatform.local import embedded_postgres
from syncs.connectors import connector_named, registry
from syncs.connectors.protocol import ConnectorError, Field
from tests.conformance_table import print_table
from tests.example_ledger import ExampleLedger
from tests.product import Up

# On a busy machine a page may take longer than the five seconds that browsers' tests otherwise have.
expect.set_options(timeout=30_000)
CHROMIUM_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings):
    """Give the tests a PostgreSQL: that of DATABASE_URL or, without one, a fast one of their own."""
    try:
        if project_settings.DATABASE_URL:
            database.check()
            yield
            return
        folder = Path(tempfile.mkdtemp(prefix="ads-tests-"))
        # As root, the server runs as another user, who has to reach its data.
        folder.chmod(0o711)
        server = embedded_postgres.Server(folder, durable=False)
        server.start()
    except (database.DatabaseUnusable, embedded_postgres.EmbeddedDatabaseError) as reason:
        pytest.exit(str(reason), returncode=1)
    connection.settings_dict.update(embedded_postgres.database_settings(folder))
    yield
    server.stop()
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def database_url(django_db_setup):
    """The test database as a DATABASE_URL, for processes that a test starts."""
    of = connection.settings_dict
    user, password, host, name = (quote(of[key], safe="") for key in ("USER", "PASSWORD", "HOST", "NAME"))
    return f"postgresql://{user}:{password}@{host}:{of['PORT']}/{name}"


@pytest.fixture(autouse=True)
def uploads_in_a_temporary_folder(settings, tmp_path):
    """Keep what tests upload out of var/."""
    storages = dict(settings.STORAGES)
    storages["default"] = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(tmp_path / "uploads")},
    }
    storages["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = storages


@pytest.fixture
def up(tmp_path):
    """Start the product: `up(PORT="8123")`, in the test's own var folder unless it says otherwise."""
    started = []

    def start(var=tmp_path / "var", **environment):
        started.append(Up(var, **environment))
        return started[-1]

    yield start
    for process in started:
        process.end()


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """One running product that the tests of a module share; they leave it running."""
    product = Up(tmp_path_factory.mktemp("up") / "var")
    yield product.wait()
    product.end()


@pytest.fixture
def example_erp(monkeypatch):
    """The demo connector with settings and credentials, which refuses the password “wrong”.

    Its `tried` lists the credentials it was asked about.
    """
    connector = connector_named("demo-data")
    tried = []

    def check(settings, credentials):
        tried.append(dict(credentials))
        if credentials.get("password") == "wrong":
            raise ConnectorError("Example ERP does not accept this user and password.")
        return "Example ERP has 3 ledgers."

    declared = replace(
        connector.application,
        settings=(
            Field("ledger", "Ledger", default="main"),
            Field("days", "Days", "number", default="12.50"),
            Field("note", "Note"),
        ),
        credentials=(
            Field("username", "User", help_text="As in Example ERP, under <Users>.", is_required=True),
            Field("password", "Password", "password", is_secret=True, is_required=True),
            Field("tenant", "Tenant"),
        ),
    )
    monkeypatch.setattr(connector, "check", check, raising=False)
    monkeypatch.setattr(connector, "application", declared, raising=False)
    return SimpleNamespace(tried=tried)


@pytest.fixture
def example_ledger(db, monkeypatch):
    """A connector with all that a form may have, in the catalogue."""
    from enrollments.services import publish_application

    connector = ExampleLedger()
    monkeypatch.setitem(registry, "example-ledger", connector)
    publish_application(connector.application)
    return connector


def pytest_collection_modifyitems(items):
    """What forks goes first, while this process has no threads that the forked one would lack."""
    items.sort(key=lambda item: item.get_closest_marker("forks") is None)


def pytest_terminal_summary(terminalreporter, config):
    if config.get_verbosity() > 0:
        print_table(terminalreporter)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    """Stop the tracer, which slows Python down by half, for tests that repeat many times what others cover once."""
    repeats = item.get_closest_marker("untraced") or getattr(item.obj, "is_hypothesis_test", False)
    tracer = Coverage.current() if repeats else None
    if not tracer:
        return (yield)
    tracer.stop()
    try:
        return (yield)
    finally:
        tracer.start()


@pytest.fixture(scope="session")
def chromium():
    """One Chromium for all tests; `CHROMIUM` names another executable.

    Where there is none the tests are skipped and say so; under CI they fail instead, so that they cannot go missing.
    """
    executable = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not executable:
        missing = "No Chromium is installed (Debian: apt-get install chromium), so no page was tried in a browser."
        pytest.fail(missing) if os.environ.get("CI") == "true" else pytest.skip(missing)
    # Playwright's blocking interface runs an event loop in this thread, in which Django would refuse
    # to touch the database. Nothing here runs concurrently.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()
