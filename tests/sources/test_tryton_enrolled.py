"""Tryton as a person enrols it: in a browser, before the whole product with its worker and its confined reader."""

import re

import pytest
from playwright.sync_api import expect

from tests.product import Up, sign_in
from tests.sources.tryton.server import DATABASE, tryton_server


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    """The running product, which tries again soon and may reach this machine."""
    up = Up(
        tmp_path_factory.mktemp("up") / "var",
        CONNECTOR_ALLOWED_ADDRESSES="127.0.0.1",
        SYNC_RETRY_SECONDS="1",
        SYNC_LONGEST_RETRY_SECONDS="2",
        SYNC_TRIES="100",
    )
    yield up.wait()
    up.end()


@pytest.fixture
def browser(chromium, product):
    """A window in which the demo user has signed in."""
    context = chromium.new_context(base_url=product.url, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(30_000)
    page = context.new_page()
    sign_in(page, product)
    yield page
    context.close()


def test_tryton_is_enrolled_read_away_and_connected_again(browser, tmp_path):
    with tryton_server() as tryton:
        _enrol(browser, tryton)
        expect(browser.get_by_text("Success", exact=True).first).to_be_visible(timeout=120_000)
        invoices = browser.get_by_role("row").filter(has=browser.get_by_role("rowheader", name="Invoice", exact=True))
        assert invoices.inner_text().split()[1:3] == ["24", "24"]

        # While Tryton is away, the sync waits and says why.
        tryton.stop()
        browser.get_by_role("link", name="Ledger of Tryton").first.click()
        enrollment = browser.url
        browser.get_by_role("button", name="Sync now").click()
        expect(browser.get_by_text("cannot be reached").first).to_be_visible(timeout=60_000)
        tryton.start()
        expect(browser.get_by_role("heading", name="Nothing new")).to_be_visible(timeout=120_000)

        # The key is cancelled in Tryton, and another one is entered.
        tryton.cancel_keys()
        browser.goto(enrollment)
        browser.get_by_role("button", name="Sync now").click()
        expect(browser.get_by_role("heading", name="Failed")).to_be_visible(timeout=60_000)
        expect(browser.get_by_text("Tryton refuses the key").first).to_be_visible()
        key = tryton.books("key")["key"]
        browser.goto(enrollment)
        browser.get_by_role("link", name="Replace").click()
        browser.get_by_label(re.compile("^Key")).fill(key)
        browser.get_by_role("button", name="Connect").click()
        browser.goto(enrollment)
        assert key not in browser.content()
        browser.get_by_role("button", name="Sync now").click()
        expect(browser.get_by_role("heading", name="Nothing new")).to_be_visible(timeout=120_000)


def _enrol(browser, tryton):
    """By the form of the connector: first with a wrong key, of which nothing is kept."""
    browser.goto("/enroll/")
    browser.get_by_role("link", name="Enrol in Tryton").click()
    browser.get_by_label(re.compile("^Name")).fill("Ledger of Tryton")
    browser.get_by_label("Address of the server").fill(tryton.address)
    browser.get_by_label(re.compile("^Database")).fill(DATABASE)
    key = browser.get_by_label(re.compile("^Key"))
    key.fill("wrong")
    browser.get_by_role("button", name="Test connection").click()
    expect(browser.get_by_text("Tryton refuses the key").first).to_be_visible(timeout=60_000)
    key.fill(tryton.key)
    browser.get_by_role("button", name="Test connection").click()
    expect(browser.get_by_text("with 24 posted invoices. Nothing is stored.")).to_be_visible(timeout=60_000)
    expect(browser.get_by_role("heading", name="Invoices", exact=True)).to_be_visible()
    browser.get_by_label(re.compile("^Company")).select_option(index=1)
    browser.get_by_label("Load everything at once").check()
    browser.get_by_role("button", name="Enrol", exact=True).click()
    expect(browser.get_by_role("heading", name="Ledger of Tryton")).to_be_visible(timeout=60_000)
