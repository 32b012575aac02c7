"""Records in a browser: found, read, followed and exported; by keyboard, without JavaScript, on a phone."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from tests.books import Books
from tests.browser.screenshots import take_screenshot

PHONE = 390


@pytest.fixture
def books(person):
    books = Books(person.group_key)
    for number in range(60):
        books.add_invoice(
            f"INV-{number:04}", "AR Invoice", Decimal(number * 119) + Decimal("0.50"), Decimal(number * 19),
            reference_code=f"RE-2025-{number:04}",
        )  # fmt: skip
    for number, invoice in enumerate(type(books.invoice).objects.filter(erp_key__startswith="INV")):
        invoice.payment_due_date = date(2026, 12, 1) - timedelta(days=number * 3)
        invoice.save()
    return books


def fits(page):
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("width", [1280, PHONE])
def test_lists_and_pages_of_records(open_browser, books, width):
    page = open_browser(width=width)
    page.goto("/records/")
    take_screenshot(page, f"record-kinds-{width}")
    assert fits(page)
    page.get_by_role("link", name="Invoices", exact=True).click()
    expect(page.get_by_role("heading", name="Invoices")).to_be_visible()
    take_screenshot(page, f"invoices-{width}")
    assert fits(page)
    page.get_by_role("searchbox", name="Key, name or number").fill("2025-0042")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_text("1 invoice with these filters")).to_be_visible()
    take_screenshot(page, f"invoices-found-{width}")
    assert fits(page)
    page.get_by_role("link", name="RE-2025-0042").click()
    expect(page.get_by_role("heading", name="RE-2025-0042")).to_be_visible()
    take_screenshot(page, f"invoice-{width}")
    assert fits(page)
    page.get_by_role("link", name="Müller & Söhne").first.click()
    expect(page.get_by_role("heading", name="Müller & Söhne")).to_be_visible()
    take_screenshot(page, f"company-{width}")
    assert fits(page)
    page.goto(f"/records/invoices/{books.invoice.pk}/")
    take_screenshot(page, f"invoice-full-{width}")
    assert fits(page)
