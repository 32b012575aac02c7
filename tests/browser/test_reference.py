"""The reference of the API in a browser: read, and try a call, under the page's own policy."""

from playwright.sync_api import expect

from tests.browser.screenshots import take_screenshot
from tests.callers import Program


def test_a_call_is_found_and_tried_with_a_key(open_browser, person):
    key = Program(account=person.group_key).key
    page = open_browser()
    page.goto("/keys/")
    take_screenshot(page, "keys")
    page.get_by_role("link", name="reference of the API").click()
    # The first reader of a process waits until the document is generated.
    page.locator("h3[data-tag]").first.wait_for(timeout=30_000)
    page.get_by_role("button", name="Authorize").click()
    page.locator(".dialog-ux input").first.fill(key)
    page.locator(".dialog-ux").get_by_role("button", name="Apply credentials").first.click()
    page.locator(".dialog-ux").get_by_role("button", name="Close").first.click()
    page.locator('h3[data-tag="UserRoles"] button').click()
    call = page.locator("#operations-UserRoles-UserRoles_query")
    call.locator("button").first.click()
    call.get_by_role("button", name="Try it out").click()
    call.get_by_role("button", name="Execute").click()
    expect(call.locator(".live-responses-table")).to_contain_text("Group Owner")
    take_screenshot(page, "reference")


def test_the_page_fits_a_phone(open_browser):
    page = open_browser(width=390, height=844)
    page.goto("/reference/")
    page.locator("h3[data-tag]").first.wait_for(timeout=30_000)
    take_screenshot(page, "reference-phone")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
