"""Records in a browser: found, read, followed and exported; by keyboard, without JavaScript, on a phone."""

from datetime import date, timedelta
from decimal import Decimal

import openpyxl
import pytest
from playwright.sync_api import expect

from adsplatform.records.display import displayed_kinds
from adsplatform.records.models import PaymentApplied
from enrollments.models import Application
from tests.books import Books
from tests.browser.layout import fits
from tests.browser.screenshots import take_screenshot
from tests.factories import AppEnrollmentFactory
from tests.loading.uploading import Uploads
from tests.samples.workbooks import as_zip, workbooks

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


@pytest.fixture
def uploads(person, transactional_db):
    """The six sample files, loaded as one ZIP."""
    app = Application.objects.get(connector="file-upload")
    uploads = Uploads(AppEnrollmentFactory(group_key=person.group_key, app=app, name="Sample books"))
    sync = uploads.load(as_zip(workbooks()), "books.zip", format="zip")
    assert sync.status_code == "Success"
    return uploads


def press_until(page, name, *, most=80):
    """Press Tab until the link or button of that name has the focus, then Enter."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText || ''").strip().startswith(name):
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"Tab does not reach {name}.")


def test_an_invoice_is_followed_to_company_payment_sync_and_line_by_keyboard(open_browser, uploads):
    applied = PaymentApplied.objects.order_by("id").first()
    invoice, payment = applied.invoice, applied.payment
    page = open_browser()
    page.goto("/")
    page.keyboard.press("/")
    page.keyboard.type(invoice.erp_key[3:20])
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Search")).to_be_visible()
    take_screenshot(page, "search")
    name = displayed_kinds()["Invoice"].title(invoice)
    press_until(page, name)
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    address = page.url
    take_screenshot(page, "invoice-of-sample")
    press_until(page, invoice.customer.company_name)
    expect(page.get_by_role("heading", name=invoice.customer.company_name)).to_be_visible()
    take_screenshot(page, "company-of-sample")
    page.goto(address)
    press_until(page, displayed_kinds()["Payment"].title(payment))
    expect(page.get_by_text("Payment", exact=True).first).to_be_visible()
    assert str(payment.pk) in page.url
    page.goto(address)
    press_until(page, f"line {invoice.modified_line:,}")
    expect(
        page.get_by_role("heading", name=f"Line {invoice.modified_line:,} of {invoice.modified_file}")
    ).to_be_visible()
    expect(page.locator("pre.raw")).to_contain_text(invoice.erp_key)
    take_screenshot(page, "line-of-sample")
    press_until(page, "the sync of")
    expect(page.get_by_role("heading", name="Success")).to_be_visible()
    take_screenshot(page, "sync-of-sample")
    press_until(page, "2,121")
    expect(page.get_by_text("2,121 invoices with these filters")).to_be_visible()


def test_without_javascript_records_are_found_narrowed_and_exported(open_browser, uploads, tmp_path):
    page = open_browser(java_script_enabled=False)
    page.goto("/records/invoices/")
    page.get_by_text("Filters", exact=True).click()
    page.get_by_label("Query").fill("totalAmount > 1000 AND invoiceTypeCode contains 'invoice'")
    page.get_by_label("Company").fill("Customer 1")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("with these filters")).to_be_visible()
    take_screenshot(page, "filtered-without-script")
    page.get_by_role("link", name="Next →").click()
    expect(page.get_by_role("link", name="First page")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Excel").click()
    assert download.value.suggested_filename == "invoices.xlsx"
    download.value.save_as(tmp_path / "invoices.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "invoices.xlsx", read_only=True).active
    rows = list(sheet.iter_rows(values_only=True))
    total = rows[0].index("Total")
    assert len(rows) > 51
    assert all(row[total] > 1000 for row in rows[1:])


def test_a_query_is_completed_by_keyboard_and_its_fault_shown_beside_it(page, books):
    page.goto("/records/invoices/")
    page.get_by_text("Filters", exact=True).click()
    field = page.get_by_label("Query")
    field.click()
    page.keyboard.type("outst")
    expect(page.locator(".completion").get_by_role("option").first).to_contain_text("outstandingBalanceAmount")
    take_screenshot(page, "completion")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(field).to_have_value("outstandingBalanceAmount ")
    page.keyboard.type("gt")
    page.keyboard.press("Escape")
    page.keyboard.type(" twelve")
    page.keyboard.press("Enter")
    expect(page.get_by_text("so nothing is listed")).to_be_visible()
    expect(page.locator("#query-error")).to_contain_text("twelve")
    take_screenshot(page, "query-error")


def test_staff_look_up_records_in_the_admin(open_browser, uploads, person):
    person.user.is_staff = person.user.is_superuser = True
    person.user.save()
    page = open_browser()
    page.goto("/admin/records/invoice/?enrollment=Sample")
    take_screenshot(page, "admin-invoices")
    page.locator("#result_list tbody th a").first.click()
    expect(page.get_by_text("What refers to it")).to_be_visible()
    take_screenshot(page, "admin-invoice")
