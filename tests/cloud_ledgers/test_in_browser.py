"""Xero as a person connects it: in a browser, before the running product with its worker and its confined reader."""

import json

import pytest
from playwright.sync_api import expect

from tests.browser.screenshots import take_screenshot
from tests.cloud_ledgers.double import CLIENT
from tests.cloud_ledgers.xero_double import DEMO, XeroDouble, fill
from tests.product import Up, sign_in


@pytest.fixture(scope="module")
def double():
    xero = XeroDouble()
    fill(xero)
    yield xero
    xero.close()
    assert xero.complaints == []


@pytest.fixture(scope="module")
def product(tmp_path_factory, double):
    up = Up(
        tmp_path_factory.mktemp("up") / "var",
        CONNECTOR_ALLOWED_ADDRESSES="127.0.0.1",
        OAUTH_CLIENTS=json.dumps({"xero": CLIENT}),
        DJANGO_SETTINGS_MODULE="tests.cloud_ledgers.product_settings",
        SYNC_READER_ENVIRONMENT="XERO_DOUBLE",
        XERO_DOUBLE=double.url,
    )
    yield up.wait()
    up.end()


@pytest.fixture
def browser(chromium, product):
    """A window in which the demo user has signed in."""
    context = chromium.new_context(base_url=product.url, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(30_000)
    page = context.new_page()
    complaints = []
    page.on("console", lambda said: said.type == "error" and complaints.append(said.text))
    sign_in(page, product)
    yield page
    context.close()
    assert complaints == []


def test_xero_is_connected_tried_loaded_and_disconnected(browser, double):
    browser.goto("/enroll/")
    browser.get_by_role("link", name="Enrol in Xero").click()
    take_screenshot(browser, "connect")
    browser.get_by_role("link", name="Connect to Xero").click()
    expect(browser.get_by_role("heading", name="May the platform read your books?")).to_be_visible()
    browser.get_by_label("Demo Company (UK)").check()
    browser.get_by_label("Other Ltd").check()
    browser.get_by_role("button", name="Allow").click()

    expect(browser.get_by_role("heading", name="Whose books?")).to_be_visible()
    take_screenshot(browser, "tenant")
    browser.get_by_label("Whose books are read").select_option(DEMO)
    browser.get_by_role("button", name="Choose").click()
    expect(browser.get_by_role("heading", name="Demo Company (UK)")).to_be_visible()
    expect(browser.get_by_text("Demo Company (UK) at Xero")).to_be_visible()
    take_screenshot(browser, "connected")
    enrollment = browser.url

    browser.get_by_role("link", name="Change, or test").click()
    browser.get_by_role("button", name="Test connection").click()
    expect(browser.get_by_text("Xero gives access to “Demo Company (UK)”").first).to_be_visible(timeout=60_000)

    browser.goto(enrollment)
    browser.get_by_role("button", name="Sync now").click()
    expect(browser.get_by_text("Success", exact=True).first).to_be_visible(timeout=60_000)
    row = browser.get_by_role("row").filter(has=browser.get_by_role("rowheader", name="Invoice", exact=True))
    assert row.inner_text().split()[1:3] == ["12", "12"]

    # A token that ends is renewed by the worker for its confined reader, and stored.
    for grant in double.grants:
        grant.access = "ended"
    browser.goto(enrollment)
    browser.get_by_role("button", name="Sync now").click()
    expect(browser.get_by_role("heading", name="Nothing new")).to_be_visible(timeout=60_000)
    assert (double.refreshed, double.reused) == (1, 0)

    browser.goto(enrollment)
    browser.get_by_text("Disconnect…").click()
    browser.get_by_role("button", name="Disconnect", exact=True).click()
    expect(browser.get_by_text("It was disconnected here.").first).to_be_visible()
    take_screenshot(browser, "disconnected")
    assert DEMO not in double.grants[0].tenants
    browser.get_by_role("link", name="Reconnect").click()
    expect(browser.get_by_role("link", name="Reconnect at Xero")).to_be_visible()
