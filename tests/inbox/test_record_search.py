"""Search of everything, exports of lists, and what is outstanding with a company."""

import csv
import io
import re
import zipfile
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import escape, unescape

import openpyxl
import psycopg
import pytest
from django.db import connection

from adsplatform.accounts.models import Role
from adsplatform.records.models import Invoice
from syncs.inbox import global_search
from syncs.presentation import table_files
from tests.books import Books
from tests.factories import member
from tests.loading.uploading import Uploads


@pytest.fixture
def books(account):
    return Books(account)


def found(inbox, text):
    page = inbox.get("/search/", {"q": text}).text
    return re.findall(r'<li><a href="/records/([^/]+)/[^"]+"><strong>([^<]+)<', page)


def test_everything_that_is_called_so_is_found_by_kind(inbox, books):
    assert found(inbox, "i1") == [
        ("invoices", "I1"),
        ("invoice-lines", "I1-1"),
        ("custom-fields", "Cost centre"),
    ]
    assert found(inbox, "söhne") == [("companies", "Müller &amp; Söhne")]
    assert found(inbox, books.payment.pk) == [("payments", "Z1")]
    # What has no name is found by its id.
    assert [kind for kind, _ in found(inbox, books.balance.pk)] == ["financial-account-balance-histories"]
    assert found(inbox, "nobody") == []
    assert "Nothing is called “nobody”." in inbox.get("/search/", {"q": "nobody"}).text
    assert inbox.get("/search/").status_code == 200


def test_a_hit_says_what_each_value_is(inbox, books):
    page = inbox.get("/search/", {"q": "I1"}).text
    assert re.search(r"<dt>Outstanding balance</dt><dd>49.00</dd>", page)
    assert re.search(r"<dt>Customer</dt><dd>Müller &amp; Söhne</dd>", page)


def test_a_sync_is_found_by_its_id_and_its_file(inbox, account, enrollment):
    sync = Uploads(enrollment).load("erpKey,companyName,companyType,isActive\nC1,A,Customer,true\n", "companies-07.csv")
    for text in (sync.pk, "ies-07"):
        assert f'href="/syncs/{sync.pk}/"' in inbox.get("/search/", {"q": text}).text


def test_nothing_of_another_account_is_found(inbox, db):
    theirs = Books(member(Role.OWNER)[0].group_key)
    sync = Uploads().load("erpKey,companyName,companyType,isActive\nC1,A,Customer,true\n", "companies-07.csv")
    for text in ("I1", "Müller", theirs.invoice.pk, sync.pk, "companies-07"):
        assert found(inbox, text) == []
        assert "Nothing is called" in inbox.get("/search/", {"q": text}).text
    assert exported(inbox) == []


def test_a_kind_that_takes_too_long_is_left_to_its_own_search(inbox, monkeypatch):
    monkeypatch.setattr(global_search, "SECONDS", 0.2)
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": None}) as other:
        other.execute("LOCK TABLE records_contact")
        page = inbox.get("/search/", {"q": "ana"}).text
    assert 'href="/records/contacts/?q=ana">Search the contacts alone</a>' in page
    assert page.count("too many to search") == 1


def exported(inbox, **asked):
    answer = inbox.get("/records/invoices/export/", {"format": "csv", **asked})
    assert answer["Content-Disposition"] == 'attachment; filename="invoices.csv"'
    return list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))


def test_a_filtered_list_is_exported_with_all_its_fields(inbox, books):
    exact = Decimal("12345678901234567890.12345678")
    Invoice.objects.filter(pk=books.invoice.pk).update(total_amount=exact, special_terms="=1+1")
    assert len(exported(inbox)) == 2
    (row,) = exported(inbox, q="I1")
    assert (row["Key"], row["Total"], row["Date"]) == ("I1", str(exact), "2025-03-01")
    assert (row["Customer"], row["Customer key"]) == ("Müller & Söhne", "C1")
    assert (row["In the base currency: Total"], row["Bill to address: City"]) == ("119", "Köln")
    assert (row["Special terms"], row["ID"], row["Voided"]) == ("'=1+1", str(books.invoice.pk), "false")
    assert row["Changed"] == "2025-03-01T12:00:00Z"


def test_a_workbook_has_numbers_and_dates_where_it_can_hold_them(inbox, books):
    exact = Decimal("12345678901234567890.12345678")
    changes = {"total_amount": exact, "special_terms": "=1+1", "outstanding_balance_amount": Decimal("9267.78")}
    Invoice.objects.filter(pk=books.invoice.pk).update(**changes)
    file = io.BytesIO(inbox.get("/records/invoices/export/", {"format": "xlsx", "q": "I1"}).getvalue())
    # Not 9267.780000000001, which is the same double.
    assert b"<v>9267.78</v>" in zipfile.ZipFile(file).read("xl/worksheets/sheet1.xml")
    sheet = openpyxl.load_workbook(file).active
    header, values = sheet.iter_rows(values_only=True)
    row = dict(zip(header, values, strict=True))
    assert (row["Total"], row["Outstanding balance"], row["Date"]) == (str(exact), 9267.78, datetime(2025, 3, 1))
    assert (row["Special terms"], row["Voided"]) == ("=1+1", False)
    # As a text, not as a formula.
    assert sheet.cell(2, header.index("Special terms") + 1).data_type == "s"


def test_what_cannot_be_exported_is_refused_beside_the_list(inbox, books, monkeypatch):
    for format, sentence in (("pdf", "not as “pdf”"), ("xlsx", "A workbook holds at most 1 rows, and these are 2.")):
        monkeypatch.setattr(table_files, "MAX_SHEET_ROWS", 1)
        answer = inbox.get("/records/invoices/export/", {"format": format}, follow=True)
        assert answer.redirect_chain[0][0].startswith("/records/invoices/?")
        assert sentence in answer.text
    answer = inbox.get("/records/invoices/export/", {"filter": "nonsense = 1"}, follow=True)
    assert "No field is called “nonsense”" in unescape(answer.text)


def test_a_company_shows_what_is_outstanding_by_age_with_the_invoices_behind_it(inbox, books):
    today = datetime.now(UTC).date()
    Invoice.objects.all().delete()
    for number, days in enumerate((-5, 0, 1, 30, 31, 61, 91)):
        invoice = books.add_invoice(f"X{number}", "AR Invoice", Decimal(100), Decimal(10) ** number)
        invoice.payment_due_date = today - timedelta(days=days)
        invoice.save()
    no_due_date = books.add_invoice("X7", "AR Invoice", Decimal(100), Decimal("0.5"))
    Invoice.objects.filter(pk=no_due_date.pk).update(payment_due_date=None, invoice_date=today)
    text = inbox.get(f"/records/companies/{books.company.pk}/").text
    section = text[text.index("Open balance") : text.index("Details</h2>")]
    assert "Receivable: 1,111,111.50" in section
    assert "Payable" not in section
    figures = re.findall(r'<dd><a href="([^"]+)">([^<]+)</a>', section)
    assert [figure for _, figure in figures] == ["11.50", "1,100.00", "10,000.00", "100,000.00", "1,000,000.00"]
    behind = [["X0", "X1", "X7"], ["X2", "X3"], ["X4"], ["X5"], ["X6"]]
    for (address, figure), keys in zip(figures, behind, strict=True):
        listed = inbox.get(unescape(address)).text
        assert sorted(re.findall(r'class="level-0"><a href="[^"]+">([^<]+)</a>', listed)) == keys
        assert f"only {escape(books.company.company_name)}" in listed
        assert f", {figure}</strong>" in listed
