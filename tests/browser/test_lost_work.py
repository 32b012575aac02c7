"""Nothing that a person has typed is lost, and nothing ends at a single click."""

import io

import pytest
from playwright.sync_api import expect

from adsplatform.accounts.models import ApiKey
from syncs.services import requests
from tests.browser.conftest import PASSWORD
from tests.browser.layout import fits
from tests.browser.screenshots import take_screenshot
from tests.corrections.conftest import run

FILE = "erpKey,companyName,companyType,isActive\nC1,Acme,Customer,true\nC2,Bee,Customer,perhaps\n"


@pytest.fixture
def sync(person):
    return run(
        requests.load_upload(person.group_key, person.user, io.BytesIO(FILE.encode()), file_name="companies.csv")
    )


def test_a_correction_outlives_the_session(page, sync):
    page.goto(f"/syncs/{sync.pk}/")
    page.get_by_role("link", name="Correct 1 line").click()
    page.get_by_role("link", name="Correct this line").click()
    page.get_by_label("isActive", exact=True).fill("true")
    page.get_by_label("companyName", exact=True).fill("Bee & Sons")
    page.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Save and check").click()
    expect(
        page.get_by_text("Your session had ended, so what you sent was not saved. What you typed is")
    ).to_be_visible()
    take_screenshot(page, "session-ended")
    page.get_by_label("E-mail address").fill("ana@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("is filled in again. It is not saved yet.")).to_be_visible()
    expect(page.get_by_label("companyName", exact=True)).to_have_value("Bee & Sons")
    expect(page.get_by_label("isActive", exact=True)).to_have_value("true")
    page.get_by_role("button", name="Save and check").click()
    expect(page.get_by_text("The line is corrected.")).to_be_visible()
    page.reload()
    expect(page.get_by_text("is filled in again")).to_have_count(0)


@pytest.mark.parametrize("has_script", [True, False])
def test_a_key_is_revoked_when_asked_twice(open_browser, person, has_script):
    key, _ = ApiKey.make(account=person.group_key, user=person.user, name="Nightly")
    page = open_browser(java_script_enabled=has_script, width=390)
    page.goto("/keys/")
    assert fits(page)
    take_screenshot(page, "keys-390")
    page.get_by_label("Revoke Nightly…").click()
    expect(page.get_by_text("Programs with this key stop at once").filter(visible=True)).to_have_count(1)
    key.refresh_from_db()
    assert key.revoked is None
    page.get_by_role("button", name="Revoke Nightly", exact=True).click()
    expect(page.get_by_text("The key “Nightly” is revoked.")).to_be_visible()


@pytest.mark.parametrize("width", [390, 1024])
def test_the_whole_menu_is_in_the_window(open_browser, person, width):
    page = open_browser(width=width)
    page.goto("/records/")
    for link in page.locator(".nav a").all():
        box = link.bounding_box()
        assert 0 <= box["x"] <= box["x"] + box["width"] <= width
        assert box["height"] >= 24
