"""Who changed what, in a browser: what a person has just done stands first, on a screen and on a phone."""

import pytest
from playwright.sync_api import expect

from tests.browser.layout import fits
from tests.browser.screenshots import take_screenshot


@pytest.mark.parametrize("width", [1280, 375])
def test_a_change_is_found_under_the_name_of_who_made_it(open_browser, enrollment, width):
    page = open_browser(width=width)
    page.goto("/account/settings/")
    page.get_by_label("Time zone").select_option("Europe/Lisbon")
    page.get_by_role("button", name="Save").click()
    page.goto("/")
    page.locator("details.person summary").click()
    page.get_by_role("link", name="Changes", exact=True).click()
    expect(page.get_by_role("heading", name="Changes")).to_be_visible()
    row = page.get_by_role("table", name="Changes").get_by_role("row").nth(1)
    expect(row).to_contain_text("Changed: account")
    expect(row).to_contain_text("ana@example.com")
    expect(row).to_contain_text("Inbox, from 127.0.0.1")
    expect(row).to_contain_text("time zone: UTC → Europe/Lisbon")
    # What the platform did by itself is listed as that.
    expect(page.get_by_text("The platform itself").first).to_be_visible()
    assert fits(page)
    take_screenshot(page, f"changes-{width}")
