"""Three faults, corrected in the browser, loaded again, cured."""

import io

from playwright.sync_api import expect

from syncs.models import SyncRequest
from syncs.services import requests
from tests.browser.screenshots import take_screenshot
from tests.corrections.conftest import run

FILE = """erpKey,companyName,companyType,isActive
C1,Acme,Customer,true
C2,,Customer,true
C3,Cee,Customer,perhaps
C4,Dee,Customer,2
"""


def test_three_faults_are_corrected_loaded_again_and_cured(page, person):
    asked = requests.load_upload(person.group_key, person.user, io.BytesIO(FILE.encode()), file_name="companies.csv")
    sync = run(asked)
    page.goto(f"/syncs/{sync.pk}/")
    expect(page.get_by_text("1 of 4 lines loaded, 3 not loaded.")).to_be_visible()
    take_screenshot(page, "sync-before")
    for line, column, value in ((3, "companyName", "Bee"), (4, "isActive", "true"), (5, "isActive", "false")):
        page.goto(f"/syncs/{sync.pk}/problems/")
        row = page.get_by_role("row").filter(has=page.get_by_text(f"line {line}", exact=True))
        row.get_by_role("link", name="Correct this line").click()
        cell = page.get_by_label(column, exact=True)
        # The first faulty cell waits for the keyboard.
        expect(cell).to_be_focused()
        take_screenshot(page, f"line-{line}")
        cell.fill(value)
        cell.press("Enter")
        expect(page.get_by_text("The line is corrected.")).to_be_visible()
    take_screenshot(page, "corrected")
    page.get_by_role("button", name="Load again (3 corrected lines)").click()
    child = run(SyncRequest.objects.get(replay_of=sync))
    expect(page.get_by_role("heading", name="Success")).to_be_visible()
    page.get_by_role("link", name="an earlier sync").click()
    expect(page.get_by_text("3 not loaded, all of them cured since.")).to_be_visible()
    expect(page.get_by_text("Cured by Ana")).to_have_count(3)
    assert (child.status_code, child.lines_read) == ("Success", 3)
    take_screenshot(page, "cured")
