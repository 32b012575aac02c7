"""Previews and allowed deletes, in a browser."""

from playwright.sync_api import expect

from adsplatform.records.models import Company
from syncs import tasks
from syncs.models import SyncRequest
from tests.browser.screenshots import take_screenshot

HEADER = "erpKey,companyName,companyType,isActive\n"


def companies(names):
    lines = "".join(f"C{at},{name},Customer,true\n" for at, name in enumerate(names))
    return {"name": "companies.csv", "mimeType": "text/csv", "buffer": (HEADER + lines).encode()}


def upload(page, names, button="Upload and load", full=False):
    page.goto("/upload/")
    page.get_by_label("File").set_input_files(companies(names))
    if full:
        page.get_by_label("This is the complete data set").check()
    page.get_by_role("button", name=button).click()
    expect(page.locator(".step-now")).to_contain_text("Connector")
    tasks.run_next_sync()


def test_a_preview_is_looked_at_and_applied(page):
    upload(page, ["Acme", "Beta", "Gamma"])
    expect(page.get_by_role("heading", name="Success")).to_be_visible()
    upload(page, ["Acme Ltd", "Beta", "Delta", "Omega"], "Preview first")
    expect(page.get_by_role("heading", name="Preview")).to_be_visible()
    sentence = "Preview: 1 would be added, 2 changed. Nothing was changed."
    expect(page.locator(".outcome").get_by_text(sentence)).to_be_visible()
    changed = page.get_by_role("table", name="Differences").get_by_role("row").filter(has_text="C0")
    expect(changed).to_contain_text("companyName")
    expect(changed.locator("del")).to_contain_text("Acme")
    expect(changed.locator("ins")).to_contain_text("Acme Ltd")
    take_screenshot(page, "preview")
    assert Company.objects.count() == 3
    page.get_by_role("button", name="Apply: load it now").click()
    expect(page.locator(".step-now")).to_contain_text("Connector")
    tasks.run_next_sync()
    expect(page.get_by_role("heading", name="Success")).to_be_visible()
    expect(page.get_by_text("4 lines read. 1 record added, 2 changed").first).to_be_visible()
    take_screenshot(page, "preview-applied")
    assert Company.objects.count() == 4
    assert SyncRequest.objects.values("upload").distinct().count() == 2


def test_deletes_that_the_guard_stopped_are_allowed(page):
    upload(page, ["Acme"] * 20)
    expect(page.get_by_role("heading", name="Success")).to_be_visible()
    upload(page, ["Acme"], full=True)
    expect(page.get_by_text("would delete 19 of 20 companies").first).to_be_visible()
    take_screenshot(page, "deletes-stopped")
    page.get_by_role("link", name="Delete them and run again").click()
    expect(page.get_by_text("would delete 19 of 20 companies")).to_be_visible()
    take_screenshot(page, "deletes-asked")
    page.get_by_role("button", name="Yes, delete them and run again").click()
    expect(page.locator(".step-now")).to_contain_text("Connector")
    tasks.run_next_sync()
    expect(page.get_by_text("1 line read. 19 records deleted, 1 already the same.").first).to_be_visible()
    assert Company.objects.count() == 1
