"""Reports in a browser: read, narrowed and followed, by keyboard, without JavaScript, on a phone and on paper."""

import pytest
from playwright.sync_api import expect

from tests.browser.layout import fits
from tests.browser.screenshots import take_screenshot
from tests.reports.random_books import RandomBooks
from tests.reports.random_ledger import RandomLedger

PHONE = 390


@pytest.fixture
def books(person):
    books = RandomBooks(person.group_key, 3)
    books.ledger = RandomLedger(person.group_key, 4).post()
    for company, name in zip(books.companies, ("Müller & Söhne", "Acme", "Northwind", "Zenith"), strict=True):
        type(company).objects.filter(pk=company.pk).update(company_name=name)
    return books


@pytest.mark.parametrize("width", [1280, PHONE])
def test_every_report_can_be_read(open_browser, books, width):
    page = open_browser(width=width)
    page.goto("/reports/")
    take_screenshot(page, f"reports-{width}")
    assert fits(page)
    addresses = [link.get_attribute("href") for link in page.locator(".report-cards a").all()]
    for address in addresses:
        page.goto(f"{address}?start=2024-01-01&end=2024-12-31&enrollment={books.ledger.enrollment.pk}")
        if "/income" in address:
            page.get_by_label("Columns").select_option("Quarterly")
            page.get_by_role("button", name="Apply").click()
        expect(page.locator("table.report tbody tr").first).to_be_visible()
        take_screenshot(page, f"report-{address.split('/')[2]}-{width}")
        assert fits(page), address
    page.goto("/reports/aging/items/")
    take_screenshot(page, f"report-items-{width}")
    assert fits(page)


def test_a_figure_is_followed_to_its_invoice_by_keyboard(open_browser, books):
    page = open_browser()
    page.goto("/reports/aging/")
    total = page.locator("tr.is-sum td a").last
    total.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Aging, documents")).to_be_visible()
    link = page.locator("table.report tbody th a").first
    name = link.inner_text()
    link.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=name)).to_be_visible()


def test_reports_need_no_script(open_browser, books):
    page = open_browser(java_script_enabled=False)
    page.goto("/reports/aging/")
    page.get_by_label("Side").select_option("AP")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("columnheader", name="Vendor")).to_be_visible()
    expect(page.get_by_role("button", name="Print")).to_be_hidden()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert download.value.suggested_filename == "aging.csv"


def test_on_paper_there_is_the_report_and_nothing_else(open_browser, books):
    page = open_browser()
    page.goto("/reports/aging/")
    expect(page.get_by_role("button", name="Print")).to_be_visible()
    page.emulate_media(media="print")
    take_screenshot(page, "report-aging-print")
    for gone in (page.locator(".top"), page.locator(".filters"), page.locator(".actions")):
        expect(gone).to_be_hidden()
    expect(page.locator("table.report")).to_be_visible()
