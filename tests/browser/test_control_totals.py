"""Control totals, in a browser: a table on a screen, a list on a phone."""

import pytest
from playwright.sync_api import expect

from syncs import tasks
from tests.browser.layout import fits
from tests.inbox.test_control_totals import HEADER, LINES

COMPANY = b"erpKey,companyName,companyType,isActive\nC0,Acme,Customer,true\n"


def upload(page, name, content):
    page.goto("/upload/")
    page.get_by_label("File").set_input_files({"name": name, "mimeType": "text/csv", "buffer": content})
    page.get_by_role("button", name="Upload and load").click()
    expect(page.locator(".step-now")).to_contain_text("Connector")
    tasks.run_next_sync()
    expect(page.get_by_role("heading", name="Every line, by kind of record")).to_be_visible()


@pytest.mark.parametrize("width", [1280, 375])
def test_totals_are_read_without_scrolling_sideways(open_browser, width):
    page = open_browser(width=width)
    upload(page, "companies.csv", COMPANY)
    expect(page.get_by_role("table", name="Control totals")).to_have_count(0)
    upload(page, "invoices.csv", (HEADER + "\n".join(LINES) + "\n").encode())
    page.get_by_text("sums of amounts; all agree with the books.").click()
    table = page.get_by_role("table", name="Control totals")
    row = table.get_by_role("row").filter(has_text="EUR")
    expect(row).to_contain_text("1,234,584.505")
    expect(row).to_contain_text("✓ agree")
    assert table.evaluate("table => table.scrollWidth <= table.parentElement.clientWidth")
    assert fits(page)
    labels = row.evaluate(
        "row => [...row.cells].map(cell => getComputedStyle(cell, '::before').content).filter(text => text !== 'none')"
    )
    assert ('"In the file: "' in labels) == (width < 700)
    # What is nothing takes no room where there is little.
    expect(table.locator("td.nothing").first).to_be_visible(visible=width > 700)
