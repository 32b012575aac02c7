"""Adding an application as a new user does, with a script and without: from the catalogue to its removal."""

import pytest
from playwright.sync_api import expect

from adsplatform.records.models import Company, Invoice
from enrollments.models import AppEnrollment
from syncs import tasks
from syncs.models import SourceState
from tests.browser.layout import fits
from tests.browser.screenshots import take_screenshot

PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 900}


@pytest.fixture(params=[True, False], ids=["script", "no script"])
def page(request, open_browser, example_ledger):
    page = open_browser(java_script_enabled=request.param)
    page.has_script = request.param
    return page


def look(page, name):
    """Look at the page as it is on a desk and on a phone."""
    for size, window in (("phone", PHONE), ("desk", DESK)):
        page.set_viewport_size(window)
        if page.has_script:
            assert fits(page), f"{name} on a {size}"
        take_screenshot(page, f"{name}-{size}{'' if page.has_script else '-no-script'}")


def test_an_application_is_added_loaded_and_removed(page, person):
    search(page)
    enrol(page)
    preview_and_load(page)
    read_again(page)
    remove(page)


def search(page):
    page.goto("/")
    page.get_by_role("link", name="Enrol an application").first.click()
    look(page, "catalogue")
    page.get_by_role("searchbox", name="Name, kind of server or file").fill("example invoices")
    if not page.has_script:
        page.get_by_role("button", name="Search", exact=True).click()
    expect(page.get_by_text("1 application for “example invoices”.")).to_be_visible()
    look(page, "catalogue-searched")
    page.get_by_role("link", name="Enrol in Example Ledger").click()


def enrol(page):
    page.get_by_label("Address of the server").fill("erp.example")
    key = page.get_by_label("Key", exact=True)
    key.fill("wrong")
    page.get_by_role("button", name="Test connection").click()
    expect(page.get_by_text("Example Ledger refuses the key. Enter another one.")).to_be_visible()
    key.fill("right")
    page.get_by_role("button", name="Test connection").click()
    expect(page.get_by_text("Example Ledger has 3 invoices. Nothing is stored.")).to_be_visible()
    expect(page.get_by_text("2 of the first 3 rows would load.")).to_be_visible()
    look(page, "tested")
    # What the source offers is there to choose from now, and with a script the key is still there.
    page.get_by_label("Company").select_option(label="Globex & Sons")
    assert key.input_value() == ("right" if page.has_script else "")
    key.fill("right")
    page.get_by_label("Customers").uncheck()
    page.get_by_label("Schedule", exact=True).select_option("On working days at 06:00")
    assert page.get_by_label("Preview it").is_checked()
    page.get_by_role("button", name="Enrol", exact=True).click()


def preview_and_load(page):
    expect(page.get_by_text("Example Ledger is enrolled.")).to_be_visible()
    enrollment = AppEnrollment.objects.get(app__connector="example-ledger")
    # Of the kinds the companies were left out, which invoices need.
    tasks.run_next_sync()
    page.reload()
    expect(page.get_by_role("heading", name="Failed")).to_be_visible()
    page.goto(f"/enrollments/{enrollment.pk}/")
    page.get_by_role("link", name="Change, or test").click()
    page.get_by_label("Customers").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("are saved. Example Ledger has 3 invoices.")).to_be_visible()
    page.get_by_label("How much to load").select_option("Preview everything")
    page.get_by_role("button", name="Sync now").click()
    tasks.run_next_sync()
    page.reload()
    expect(page.get_by_text("Preview: 4 would be added, 1 line would not be loaded.").first).to_be_visible()
    look(page, "preview")
    assert not Company.objects.exists()
    page.get_by_role("button", name="Apply: load it now").click()
    tasks.run_next_sync()
    page.reload()
    expect(
        page.get_by_role("link", name="Correct 1 line").or_(page.get_by_text("Correct 1 line")).first
    ).to_be_visible()
    assert set(Invoice.objects.values_list("erp_key", flat=True)) == {"I1", "I3"}


def read_again(page):
    enrollment = AppEnrollment.objects.get(app__connector="example-ledger")
    page.goto(f"/enrollments/{enrollment.pk}/")
    expect(page.get_by_text("Works", exact=True)).to_be_visible()
    expect(page.get_by_text("Invoice: 3")).to_be_visible()
    expect(page.get_by_text("On working days at 06:00 · 0 6 * * 1-5")).to_be_visible()
    page.get_by_role("button", name="Test connection").click()
    expect(page.get_by_text("Example Ledger has 3 invoices.")).to_be_visible()
    look(page, "enrollment")
    page.get_by_text("Read everything again…").click()
    page.get_by_role("button", name="Read everything again").click()
    expect(page.get_by_text("The next sync of Example Ledger reads everything again.")).to_be_visible()
    assert not SourceState.objects.exists()


def remove(page):
    page.get_by_role("link", name="Remove…").click()
    expect(page.get_by_text("4 records: 2 companies, 2 invoices")).to_be_visible()
    look(page, "removal")
    page.get_by_label("Remove them too, for good").check()
    page.get_by_label("Its name, to confirm").fill("Example")
    page.get_by_role("button", name="Remove Example Ledger").click()
    expect(page.get_by_text("It is called “Example Ledger”, not “Example”. Nothing was removed.")).to_be_visible()
    page.get_by_label("Its name, to confirm").fill("Example Ledger")
    page.get_by_role("button", name="Remove Example Ledger").click()
    expect(page.get_by_text("Example Ledger is removed. Its records are being removed.")).to_be_visible()
    look(page, "removed")
    (enrollment,) = AppEnrollment.objects.filter(removal_asked__isnull=False)
    tasks.remove_enrollment_data(str(enrollment.pk))
    assert not Company.objects.exists()
