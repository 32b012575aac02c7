"""A tap in the running product: enrolled by forms, read by the worker's confined process, cancelled in the middle."""

import json
import re

import pytest

from tests.product import Up, eventually
from tests.singer.books import PASSWORD, TAP, Books, credentials_of, settings_of
from tests.sql_source.test_running import Browser


@pytest.fixture
def books(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tap")
    # Another user runs the tap, where the tests are root's.
    for part in (folder, folder.parent, folder.parent.parent):
        part.chmod(0o711)
    return Books(folder / "books")


@pytest.fixture
def browser(tmp_path_factory, books):
    """A person who is signed in to a running product."""
    product = Up(tmp_path_factory.mktemp("up") / "var", SINGER_TAPS=json.dumps(books.allowed))
    yield Browser(product.wait())
    product.end()


def test_a_tap_is_enrolled_loaded_changed_and_cancelled(browser, books):
    form = {f"setting_{name}": value for name, value in settings_of().items()}
    form |= {"credential_secrets": credentials_of(token="t0ken")["secrets"], "name": "Books", "schedule": "none"}
    found = re.search(
        r'href="(/enroll/[\w-]+/)">Enrol<span class="unseen"> in Singer Tap', browser.get("/enroll/").text
    )
    page = browser.send(found[1], **form, first_sync="later").url.removeprefix(browser.url)
    assert re.fullmatch(r"/enrollments/[\w-]+/", page)

    assert status_of(browser, synced(browser, page)) == "Success"
    del books.rows["companies"][2]
    books.save()
    second = synced(browser, page)
    assert status_of(browser, second) == "Success"
    assert "deleted" in browser.get(f"/syncs/{second}/").text

    settings = {f"setting_{name}": value for name, value in settings_of(does="wait").items()}
    browser.send(f"{page}source/", **settings)
    third = synced(browser, page)
    assert eventually(lambda: browser.api(f"Sync/{third}")["statusCode"] == "In Progress", seconds=60)
    assert eventually(books.processes, seconds=60)
    browser.send(f"/syncs/{third}/", f"/syncs/{third}/cancel/")
    assert eventually(lambda: browser.api(f"Sync/{third}")["statusCode"] == "Cancelled", seconds=30)
    assert eventually(lambda: not books.processes(), seconds=10)
    shown = browser.get(page).text
    assert PASSWORD not in shown
    assert "t0ken" not in shown
    assert TAP in shown


def synced(browser, page) -> str:
    return browser.send(page, f"{page}sync-now/", scope="delta").url.rstrip("/").rpartition("/")[2]


def status_of(browser, sync) -> str:
    """How a sync ends."""
    assert eventually(lambda: browser.api(f"Sync/{sync}")["statusCode"] in ("Success", "Failed"), seconds=120)
    return browser.api(f"Sync/{sync}")["statusCode"]
