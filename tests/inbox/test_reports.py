"""The reports of the Inbox: pages, files, and links to what is behind their figures."""

import csv
import html
import io
import re
from datetime import date
from decimal import Decimal

import openpyxl
import pytest

from adsplatform.accounts.models import Role
from syncs.inbox import aging_documents, report_tables
from syncs.inbox.report_views import REPORTS
from tests.books import Books
from tests.factories import member
from tests.reports.random_books import TODAY, RandomBooks
from tests.reports.random_ledger import RandomLedger


def rows_of(text):
    """Each row of the report's table: its label, its texts, and the addresses behind them."""
    found = []
    for row in re.findall(r'<tr role="row".*?</tr>', text.split("<tbody")[1], re.DOTALL):
        label, *cells = re.findall(r"<t[hd] .*?</t[hd]>", row, re.DOTALL)
        texts = [html.unescape(re.sub("<[^>]+>", "", cell)).strip() for cell in (label, *cells)]
        links = [html.unescape(link[0]) if (link := re.findall('href="([^"]+)"', cell)) else "" for cell in cells]
        found.append((texts[0], texts[1:], links))
    return found


def number(text):
    return Decimal(text.replace(",", "") or 0)


@pytest.fixture
def books(account):
    return RandomBooks(account, 3)


@pytest.fixture
def ledger(account):
    return RandomLedger(account, 4).post()


def test_every_report_is_listed_and_has_a_page_and_files(inbox, books, ledger):
    listed = inbox.get("/reports/").text
    for name, report in REPORTS.items():
        assert f'href="/reports/{name}/"' in listed
        asked = {"start": "2024-01-01", "end": "2024-12-31", "enrollment": ledger.enrollment.pk}
        page = inbox.get(f"/reports/{name}/", asked)
        assert page.status_code == 200
        assert f"<h1>{report.title}</h1>" in page.text
        shown = rows_of(page.text)
        assert shown
        file = inbox.get(f"/reports/{name}/", asked | {"format": "csv"})
        assert file.headers["Content-Disposition"] == f'attachment; filename="{name}.csv"'
        header, *lines = csv.reader(io.StringIO(file.getvalue().decode("utf-8-sig")))
        assert [line[0] for line in lines] == [label for label, _, _ in shown]
        workbook = openpyxl.load_workbook(
            io.BytesIO(inbox.get(f"/reports/{name}/", asked | {"format": "xlsx"}).getvalue())
        )
        sheet = [[cell or "" for cell in row] for row in workbook.active.iter_rows(values_only=True)]
        assert sheet[0] == header
        assert [row[0] for row in sheet[1:]] == [line[0] for line in lines]


def test_the_aging_of_a_page_leads_down_to_an_invoice(inbox, books):
    for day in (TODAY, date(2024, 3, 1)):
        asked = {"side": "AP", "day": day}
        *companies, total = rows_of(inbox.get("/reports/aging/", asked).text)
        assert companies
        assert [sum(map(number, column)) for column in zip(*(texts for _, texts, _ in companies), strict=True)] == list(
            map(number, total[1])
        )
        for text, link in zip(total[1], total[2], strict=True):
            if not link:
                assert number(text) == 0
                continue
            items = rows_of(inbox.get(link).text)
            assert sum(number(texts[-1]) for _, texts, _ in items) == number(text)
            said = re.search(r"<strong>([\d,]+) documents?, (\S+)", inbox.get(link).text)
            assert (number(said[1]), number(said[2].removesuffix("</strong>"))) == (len(items), number(text))
    label, _, _ = items[0]
    page = inbox.get(link).text
    address = re.search(r'rowheader" class="level-0"><a href="([^"]+)"', page)[1]
    assert label in inbox.get(address).text


def test_figures_lead_to_lists_of_records(inbox, books, ledger):
    asked = {"start": "2024-01-01", "end": "2024-12-31", "enrollment": ledger.enrollment.pk}
    counted = 0
    for name in ("daily-sales-outstanding", "risk-rates", "cashflow"):
        for _, texts, links in rows_of(inbox.get(f"/reports/{name}/", {"days": 300}).text):
            if links[0]:
                count = number(texts[1] if name == "daily-sales-outstanding" else texts[0])
                assert len(re.findall("<tr role", inbox.get(links[0]).text)) - 1 == min(count, 50) > 0
                counted += 1
    assert counted > 3
    for name in ("trial-balance", "income-statement", "balance-sheet"):
        links = [link for _, _, each in rows_of(inbox.get(f"/reports/{name}/", asked).text) for link in each if link]
        assert any(link.startswith("/records/journal-entry-lines/?filter=") for link in links)
        for link in links[:3]:
            assert "<tbody" in inbox.get(link).text


def test_balances_of_periods_lead_to_them(inbox, account):
    ledger = RandomLedger(account, 4).close()
    asked = {"start": "2024-01-01", "end": "2024-12-31", "enrollment": ledger.enrollment.pk}
    shown = rows_of(inbox.get("/reports/trial-balance/", asked).text)
    links = [link for _, _, each in shown for link in each if link]
    assert len(links) == len(ledger.accounts)
    for link in links:
        assert "1 financial account balance history with these filters" in inbox.get(link).text


def test_only_one_company(inbox, books):
    company = books.companies[0]
    text = inbox.get("/reports/aging/", {"company": company.pk}).text
    assert f"only {company.company_name}" in text
    assert f'name="company" value="{company.pk}"' in text


def test_what_is_asked_wrongly_is_said_at_its_field_or_above_the_table(inbox, account):
    ledger = RandomLedger(account, 4).close()
    assert "Enter a valid date." in inbox.get("/reports/aging/", {"day": "31.12.2024"}).text
    assert "Choose a day from 1900-01-01" in inbox.get("/reports/cashflow/", {"day": "0001-01-01"}).text
    asked = {"start": "2024-01-01", "end": "2024-12-30", "enrollment": ledger.enrollment.pk}
    assert "none ends on 2024-12-30. The nearest end on 2024-11-30" in inbox.get("/reports/trial-balance/", asked).text
    wrong = inbox.get("/reports/aging/", {"format": "pdf"}).text
    assert "Reports come as csv or xlsx, not as “pdf”." in wrong


def test_very_many_companies_are_in_the_file_only(inbox, books, monkeypatch):
    shown = rows_of(inbox.get("/reports/aging/").text)
    monkeypatch.setattr(report_tables, "MOST_ROWS", 3)
    page = inbox.get("/reports/aging/").text
    assert f"{len(shown) - 3} more row" in page
    assert [label for label, _, _ in rows_of(page)] == [shown[0][0], shown[1][0], "Total"]


def test_the_documents_are_a_file_with_their_sum(inbox, books, monkeypatch):
    asked = {"side": "AP", "day": TODAY}
    *_, total = rows_of(inbox.get("/reports/aging/", asked).text)
    items = rows_of(inbox.get("/reports/aging/items/", asked).text)
    file = inbox.get("/reports/aging/items/", asked | {"format": "csv"})
    assert file.headers["Content-Disposition"] == 'attachment; filename="aging-documents.csv"'
    header, *lines = csv.reader(io.StringIO(file.getvalue().decode("utf-8-sig")))
    assert [line[0] for line in lines] == [*(label for label, _, _ in items), "Total"]
    assert number(lines[-1][-1]) == number(total[1][-1])
    dates = [line[header.index("Date")] for line in lines[:-1]]
    assert all(date.fromisoformat(text) for text in dates if text)
    workbook = openpyxl.load_workbook(
        io.BytesIO(inbox.get("/reports/aging/items/", asked | {"format": "xlsx"}).getvalue())
    )
    sheet = list(workbook.active.iter_rows(values_only=True))
    assert [str(row[3] or "")[:10] for row in sheet[1:-1]] == dates
    monkeypatch.setattr(aging_documents, "MOST_IN_FILE", 3)
    refused = inbox.get("/reports/aging/items/", asked | {"format": "csv"}).text
    assert f"A file has at most 3 documents, and these are {len(items)}." in refused


def test_long_lists_of_documents_have_pages(inbox, books, monkeypatch):
    monkeypatch.setattr(aging_documents, "ITEMS_ON_PAGE", 5)
    first = inbox.get("/reports/aging/items/").text
    second = inbox.get("/reports/aging/items/", {"page": 2}).text
    assert len(rows_of(first)) == len(rows_of(second)) == 5
    assert not {label for label, _, _ in rows_of(first)} & {label for label, _, _ in rows_of(second)}
    assert "Nothing is outstanding here." in inbox.get("/reports/aging/items/", {"page": 999}).text


def test_another_account_finds_nothing_of_it(client, account, books, ledger):
    client.force_login(member(Role.OWNER)[0].user)
    company = books.companies[0].pk
    for address in ("/reports/aging/", "/reports/aging/items/"):
        assert client.get(address, {"company": company}).status_code == 404
    assert [label for label, _, _ in rows_of(client.get("/reports/aging/").text)] == ["Total"]
    text = client.get("/reports/trial-balance/", {"enrollment": ledger.enrollment.pk}).text
    assert "Select a valid choice" in text
    assert "<tbody" not in text
    assert client.get("/reports/nothing/").status_code == 404


def test_an_account_without_enrollments_sees_the_pages(client):
    client.force_login(member(Role.READ_ONLY)[0].user)
    for name in REPORTS:
        assert client.get(f"/reports/{name}/").status_code == 200


def test_amounts_of_a_workbook_keep_all_digits(inbox, account):
    books = Books(account)
    type(books.invoice).objects.filter(pk=books.invoice.pk).update(
        base_currency_outstanding_balance_amount=Decimal("12345678901234567890.12345678")
    )
    file = inbox.get("/reports/aging/", {"format": "xlsx"}).getvalue()
    values = [cell for row in openpyxl.load_workbook(io.BytesIO(file)).active.values for cell in row]
    assert "12345678901234567890.12345678" in values
