"""Control totals on a sync's page."""

import re

import pytest

from adsplatform.records.models import Invoice
from enrollments.models import AppEnrollment
from syncs import tasks
from tests.factories import ControlTotalFactory
from tests.inbox.test_previews import companies
from tests.inbox.test_upload import csv

HEADER = "erpKey,companyErpKey,customerErpKey,currencyCode,totalAmount,currencyRate\n"
LINES = [
    "I1,C0,C0,EUR,1234567.5,1", "I2,C0,C0,EUR,0.005,1", "I2,C0,C0,EUR,10,1", "I3,C9,C9,EUR,7,1", "I4,C0,C0,,3,1",
]  # fmt: skip


def load(browser, file, **values):
    """Upload, let the worker run, and return the page's table of totals as lists of texts, or nothing."""
    address = browser.post("/upload/", {"file": file} | values).url
    tasks.run_next_sync()
    return totals(browser.get(address).text)


def totals(page):
    table = re.search(r'<table class="totals.*?</table>', page, re.DOTALL)
    if not table:
        return []
    rows = re.findall(r"<tr.*?</tr>", table[0].split("<tbody")[1], re.DOTALL)
    cells = [re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL) for row in rows]
    return [[" ".join(re.sub(r"<[^>]*>", " ", cell).split()) for cell in row] for row in cells]


@pytest.fixture
def company_c0(inbox):
    assert load(inbox, companies("Acme")) == []


def invoices():
    return csv("invoices.csv", (HEADER + "\n".join(LINES) + "\n").encode())


EUR = ["Invoice totalAmount", "EUR", "1,234,584.505 of 4", "1,234,577.50 of 2", "7.00 of 1", "0.005 of 1"]


def test_totals_are_on_the_page_with_every_digit(inbox, company_c0):
    assert load(inbox, invoices()) == [
        ["Invoice totalAmount", "none given", "3.00 of 1", "3.00 of 1", "–", "–", "3.00 of 1", "✓ agree"],
        [*EUR, "1,234,577.50 of 2", "✓ agree"],
        ["Invoice baseCurrencyTotalAmount", "–", "–", "–", "–", "–", "1,234,580.50 of 3", "✓ agree"],
    ]


def test_rejected_lines_without_a_readable_amount_are_counted_beside_the_totals(inbox, company_c0):
    lines = [*LINES, "I5,C0,C0,EUR,twelve,1", "I6,C0,C0,EUR,4,1,too,many"]
    address = inbox.post("/upload/", {"file": csv("invoices.csv", (HEADER + "\n".join(lines) + "\n").encode())}).url
    tasks.run_next_sync()
    text = " ".join(inbox.get(address).text.split())
    # Of I3, which is rejected for its company, the amount is in the totals.
    assert "2 of the 3 rejected lines of invoices have no amount that could be read" in text
    address = inbox.post("/upload/", {"file": invoices()}).url
    tasks.run_next_sync()
    assert "no amount that could be read" not in inbox.get(address).text


def test_a_recount_that_differs_from_the_books_is_displayed(inbox, company_c0):
    address = inbox.post("/upload/", {"file": invoices()}).url
    tasks.run_next_sync()
    Invoice.objects.filter(erp_key="I1").update(total_amount="1")
    page = inbox.get(address).text
    assert [row[-1] for row in totals(page)] == ["✓ agree", "differ", "✓ agree"]
    assert "The database has checked that these three make up what was in the file." in page


def test_books_that_have_changed_since_are_not_compared(inbox, company_c0):
    address = inbox.post("/upload/", {"file": invoices()}).url
    tasks.run_next_sync()
    load(inbox, csv("invoices.csv", (HEADER + "I9,C0,C0,EUR,1,1\n").encode()))
    assert [row[-1] for row in totals(inbox.get(address).text)] == ["✓ agree", "–", "–"]


def test_a_preview_says_what_the_books_would_hold(inbox, company_c0):
    address = inbox.post("/upload/", {"file": invoices(), "preview": "1"}).url
    tasks.run_next_sync()
    page = inbox.get(address).text
    assert totals(page)[1] == [*EUR, "1,234,577.50 of 2"]
    assert "The books are those of the whole enrollment, as they would be afterwards." in page


def test_all_lines_of_a_failed_sync_count_as_skipped(inbox, company_c0):
    AppEnrollment.objects.update(reject_limit_percent=10)
    address = inbox.post("/upload/", {"file": invoices()}).url
    tasks.run_next_sync()
    page = inbox.get(address).text
    assert "<h2>Failed</h2>" in page
    assert totals(page)[1][2:] == ["1,234,584.505 of 4", "–", "7.00 of 1", "1,234,577.505 of 3", "–", "✓ agree"]
    assert "as the sync failed, every line without a problem was" in page


def test_there_is_no_table_where_there_is_nothing_to_total(inbox, make_sync):
    assert "Control totals" not in inbox.get(f"/syncs/{make_sync(succeeded=True).pk}/").text
    assert "Control totals" not in inbox.get(f"/syncs/{make_sync(running=True).pk}/").text


def test_a_stranger_sees_none(inbox):
    total = ControlTotalFactory()
    assert inbox.get(f"/syncs/{total.sync_request_id}/").status_code == 404
