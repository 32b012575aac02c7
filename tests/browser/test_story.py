"""The main job, end to end, in a browser in front of the whole product: web server, worker, database."""

import re

import pytest
from playwright.sync_api import expect

from tests.samples.workbooks import FAULTS, as_zip, with_three_faults, workbooks


@pytest.fixture(scope="module")
def browser(chromium, running):
    """A window in which the demo user has signed in by hand."""
    demo = running.demo()
    context = chromium.new_context(base_url=running.url, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(20_000)
    page = context.new_page()
    page.goto("/")
    page.get_by_label("E-mail").fill(demo["email"])
    page.get_by_label("Password").fill(demo["password"])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Enrollments")).to_be_visible()
    yield page
    context.close()


def upload(page, files):
    page.goto("/")
    page.get_by_role("link", name="Upload a file").click()
    page.get_by_label(re.compile("file", re.IGNORECASE)).first.set_input_files(
        {"name": "books.zip", "mimeType": "application/zip", "buffer": as_zip(files)}
    )
    page.get_by_role("button", name="Upload").click()


def row(page, name):
    """The cells of the entity's row, as text."""
    return page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=name, exact=True)).inner_text().split()


def test_sync_now_ends_in_success_with_counts(browser):
    browser.get_by_role("button", name="Sync now").click()
    expect(browser.get_by_role("heading", name="Success")).to_be_visible(timeout=30_000)
    for state in ("Ready", "Connector", "In Progress", "Success"):
        expect(browser.get_by_text(state, exact=True).first).to_be_visible()
    cells = row(browser, "Invoice")
    assert cells[1] == cells[2] == "1,200"


def test_the_six_files_load_and_again_change_nothing(browser):
    upload(browser, workbooks())
    expect(browser.get_by_role("heading", name="Success")).to_be_visible(timeout=30_000)
    assert row(browser, "Total")[1:3] == ["4,821", "4,821"]
    upload(browser, workbooks())
    expect(browser.get_by_role("heading", name="Nothing new")).to_be_visible(timeout=30_000)
    expect(browser.get_by_text("4,821 lines looked at, none had changed.", exact=True)).to_be_visible()


def test_three_broken_lines_are_listed_and_an_admin_finds_them(browser):
    upload(browser, with_three_faults())
    expect(browser.get_by_role("heading", name="Finished with problems")).to_be_visible(timeout=30_000)
    for _, file, line, column, value, message in FAULTS:
        problem = browser.get_by_role("row").filter(has_text=message)
        for text in (file, f"line {line:,}", column, value):
            expect(problem.get_by_text(text, exact=True).first).to_be_visible()

    browser.goto("/admin/syncs/syncresultdetail/?kind=error")
    listed = browser.locator("#result_list tbody tr")
    assert listed.count() == 3
    for _, file, line, column, value, _ in FAULTS:
        found = listed.filter(has_text=file)
        for text in (str(line), column, value):
            expect(found.get_by_text(text, exact=True).first).to_be_visible()
