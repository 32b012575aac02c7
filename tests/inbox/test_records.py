"""Lists and pages of records."""

import re
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from adsplatform.accounts.models import Role
from adsplatform.records.display import displayed_kinds, kinds_by_slug
from adsplatform.records.models import Company, Invoice
from enrollments.models import Application
from syncs.inbox import record_lists
from syncs.models import Upload
from tests.books import Books
from tests.factories import AppEnrollmentFactory, member
from tests.loading.uploading import Uploads

KINDS = list(displayed_kinds().values())


@pytest.fixture
def books(account):
    return Books(account)


@pytest.fixture
def others_books():
    return Books(member(Role.OWNER)[0].group_key)


def listed(inbox, slug, **asked):
    """The names of the records of a list."""
    text = inbox.get(f"/records/{slug}/", asked).text
    return re.findall(r'rowheader"><a href="[^"]+">([^<]+)</a>', text)


def test_every_kind_has_a_list_and_a_page_without_a_further_line(inbox, books):
    assert len(KINDS) == 15
    kinds = inbox.get("/records/").text
    for kind in KINDS:
        assert f'href="/records/{kind.slug}/"' in kinds
        text = inbox.get(f"/records/{kind.slug}/").text
        for record in kind.model.objects.all():
            address = f"/records/{kind.slug}/{record.pk}/"
            assert f'<a href="{address}">' in text
            page = inbox.get(address)
            assert page.status_code == 200
            assert page.text.count("<h1>") == 1


@pytest.mark.parametrize("slug", kinds_by_slug())
def test_nothing_of_another_account_is_listed_or_shown(inbox, others_books, slug):
    kind = kinds_by_slug()[slug]
    assert listed(inbox, slug) == []
    for record in kind.model.objects.all():
        assert inbox.get(f"/records/{slug}/{record.pk}/").status_code == 404


def test_an_unknown_kind_or_record_is_not_found(inbox, books):
    assert inbox.get("/records/nothing/").status_code == 404
    assert inbox.get(f"/records/payments/{books.invoice.pk}/").status_code == 404


@pytest.mark.parametrize("text", ["I1", "i1", " I1 ", "2025-0", "müller"])
def test_an_invoice_is_found_by_a_part_of_its_key_its_number_or_its_customer(inbox, books, text):
    Invoice.objects.filter(pk=books.invoice.pk).update(reference_code="RE 2025-0001")
    Invoice.objects.filter(pk=books.credit_memo.pk).update(customer=books.other)
    assert listed(inbox, "invoices", q=text) == ["RE 2025-0001"]
    assert listed(inbox, "invoices", q=books.invoice.pk) == ["RE 2025-0001"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"least": "100"}, ["I1"]),
        ({"most": "100"}, ["M1"]),
        ({"invoice_type_code": "AR Credit Memo"}, ["M1"]),
        ({"since": "2025-03-02"}, []),
        ({"since": "2025-03-01", "until": "2025-03-01", "order": "erp_key"}, ["I1", "M1"]),
        ({"party": "Müll", "order": "-erp_key"}, ["M1", "I1"]),
        ({"party": "nobody"}, []),
        ({"filter": "totalAmount > 100 AND customerName contains 'söhne'"}, ["I1"]),
        ({"order": "total_amount"}, ["M1", "I1"]),
    ],
)
def test_a_list_is_narrowed_and_sorted(inbox, books, asked, found):
    assert listed(inbox, "invoices", **asked) == found


def test_filters_in_use_are_chips_that_can_be_taken_away(inbox, books):
    text = inbox.get("/records/invoices/", {"least": "100", "customer": books.company.pk, "order": "erp_key"}).text
    chips = re.findall(r'class="chip">(.+?) <a href="([^"]+)"', text)
    assert [re.sub("<[^>]+>", "", words) for words, _ in chips] == [
        "Total from: 100.00",
        "Customer: Müller &amp; Söhne",
    ]
    assert chips[0][1] == f"/records/invoices/?customer={books.company.pk}&amp;order=erp_key"
    assert "1 invoice with these filters" in text


def test_a_query_that_is_not_understood_says_why_beside_it_and_lists_nothing(inbox, books):
    text = inbox.get("/records/invoices/", {"filter": "totalAmont > 100"}).text
    assert "No field is called “totalAmont” (position 1). Did you mean “totalAmount”?" in text
    assert "nothing is listed" in text
    assert 'rowheader"><a' not in text


def test_pages_follow_each_other_forth_and_back(inbox, books):
    for number in range(120):
        books.add(Company, erp_key=f"K{number:03}", company_name=f"K{number:03}", company_type="Vendor", is_active=True)
    seen, text = [], inbox.get("/records/companies/?company_type=Vendor&order=erp_key").text
    while True:
        seen.append(re.findall(r'rowheader"><a href="[^"]+">([^<]+)</a>', text))
        following = re.search(r'rel="next" href="([^"]+)"', text)
        if not following:
            break
        text = inbox.get("/records/companies/" + following[1].replace("&amp;", "&")).text
    assert [len(page) for page in seen] == [50, 50, 20]
    assert [name for page in seen for name in page] == [f"K{number:03}" for number in range(120)]
    back = re.search(r'rel="prev" href="([^"]+)"', text)[1].replace("&amp;", "&")
    text = inbox.get("/records/companies/" + back).text
    assert re.findall(r'rowheader"><a href="[^"]+">([^<]+)</a>', text) == seen[1]


def test_a_list_of_many_asks_the_database_no_more_often_than_one_of_few(inbox, books):
    def queries(slug):
        with CaptureQueriesContext(connection) as captured:
            inbox.get(f"/records/{slug}/")
        return len(captured)

    few = {kind.slug: queries(kind.slug) for kind in KINDS}
    for number in range(30):
        books.add_invoice(f"X{number}", "AR Invoice", Decimal(number), Decimal(number))
    assert queries("invoices") == few["invoices"]
    assert max(few.values()) <= 22, few


def test_an_invoice_shows_its_fields_and_links_both_ways(inbox, books):
    text = inbox.get(f"/records/invoices/{books.invoice.pk}/").text
    for part in ("119.00", "49.00", "1 Mar 2025", "Hauptstr. 1", "Köln", "Cost centre", "4711"):
        assert part in text
    for kind, record in [
        ("companies", books.company),
        ("companies", books.other),
        ("invoice-lines", books.line),
        ("payment-applications", books.application),
        ("payments", books.payment),
        ("credit-memo-applications", books.credit),
        ("invoices", books.credit_memo),
        ("custom-fields", books.custom_field),
        ("invoice-workflow-statuses", books.step),
    ]:
        assert f'href="/records/{kind}/{record.pk}/"' in text, kind


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({"string_value": None, "value": "North 7"}, "North 7"),
        ({"string_value": None, "numeric_value": Decimal("1234.5"), "value": "1234.5"}, "1,234.50"),
        ({"string_value": "A", "value": "B"}, "A"),
    ],
)
def test_a_custom_field_shows_its_value_however_it_was_given(inbox, books, values, shown):
    type(books.custom_field).objects.filter(pk=books.custom_field.pk).update(**values)
    assert f"<dd>{shown}</dd>" in inbox.get(f"/records/invoices/{books.invoice.pk}/").text


def test_a_company_links_to_its_invoices_contacts_and_payments(inbox, books):
    text = inbox.get(f"/records/companies/{books.company.pk}/").text
    for kind, record in [
        ("invoices", books.invoice),
        ("invoices", books.credit_memo),
        ("contacts", books.contact),
        ("payments", books.payment),
    ]:
        assert f'href="/records/{kind}/{record.pk}/"' in text, kind


def test_of_many_that_refer_to_a_record_the_first_are_shown_with_a_link_to_all(inbox, books):
    for number in range(12):
        books.add_invoice(f"X{number:02}", "AR Invoice", Decimal(number), Decimal(number))
    text = inbox.get(f"/records/companies/{books.company.pk}/").text
    address = f"/records/invoices/?customer={books.company.pk}"
    assert f'href="{address}">All of them</a>' in text
    assert len(listed(inbox, "invoices", customer=books.company.pk)) == 14


def test_a_record_says_which_syncs_wrote_it(inbox, books, make_sync):
    first, second = make_sync(succeeded=True), make_sync(succeeded=True)
    Invoice.objects.filter(pk=books.invoice.pk).update(created_sync_id=first.pk, modified_sync_id=second.pk)
    text = inbox.get(f"/records/invoices/{books.invoice.pk}/").text
    assert f'href="/syncs/{first.pk}/"' in text
    assert f'href="/syncs/{second.pk}/"' in text
    assert listed(inbox, "invoices", added_by=first.pk) == listed(inbox, "invoices", changed_by=second.pk) == ["I1"]
    assert listed(inbox, "invoices", changed_by=first.pk) == []


INVOICES = (
    "erpKey,companyErpKey,customerErpKey,invoiceTypeCode,totalAmount,currencyCode,description\n"
    'R1,C1,C1,AR Invoice,12.50,EUR,"two\nlines"\nR2,C1,C1,AR Invoice,7.25,EUR,plain\n'
)


def test_the_line_that_wrote_a_record_is_shown_while_its_file_is_kept(inbox, account, db):
    uploads = Uploads(AppEnrollmentFactory(group_key=account, app=Application.objects.get(connector="file-upload")))
    uploads.load("erpKey,companyName,companyType,isActive\nC1,Acme,Customer,true\n", "companies.csv")
    sync = uploads.load(INVOICES, "invoices.csv")
    record = Invoice.objects.get(erp_key="R2")
    # A cell of the line before has a line break.
    assert (record.modified_file, record.modified_line) == ("invoices.csv", 4)
    page = f"/records/invoices/{record.pk}/"
    assert f'<a href="{page}line/">line 4</a> of <span class="file-name">invoices.csv</span>' in inbox.get(page).text
    text = inbox.get(f"{page}line/").text
    assert "R2,C1,C1,AR Invoice,7.25,EUR,plain</pre>" in text
    assert "<code>totalAmount</code></dt><dd>7.25</dd>" in text
    assert f'href="/syncs/{sync.pk}/"' in text
    Upload.objects.update(removed=timezone.now())
    assert "The file was removed on" in inbox.get(page).text
    assert "The file was removed on" in inbox.get(f"{page}line/").text


def test_a_record_without_a_kept_line_says_why(inbox, books, make_sync, others_books):
    page = f"/records/invoices/{books.invoice.pk}/"
    assert "The sync that wrote it is no longer kept." in inbox.get(page).text
    Invoice.objects.filter(pk=books.invoice.pk).update(modified_sync_id=make_sync(succeeded=True).pk)
    assert "It was written before the platform noted lines." in inbox.get(page).text
    Invoice.objects.filter(pk=books.invoice.pk).update(modified_file="invoices", modified_line=7)
    assert "The line came from a connector, whose data are not kept." in inbox.get(f"{page}line/").text
    assert inbox.get(f"/records/invoices/{others_books.invoice.pk}/line/").status_code == 404


def test_the_counts_of_a_sync_lead_to_the_records_that_it_added_and_changed(inbox, account, db):
    uploads = Uploads(AppEnrollmentFactory(group_key=account, app=Application.objects.get(connector="file-upload")))
    header = "erpKey,companyName,companyType,isActive\n"
    first = uploads.load(f"{header}C1,Acme,Customer,true\nC2,Bee,Customer,true\n", "companies.csv")
    second = uploads.load(f"{header}C2,Bumble,Customer,true\nC3,Cat,Customer,true\n", "companies.csv")
    page = inbox.get(f"/syncs/{second.pk}/").text
    added, changed = (f"/records/companies/?{did}={second.pk}" for did in ("added_by", "changed_by"))
    assert f'<a href="{added}">1<span class="unseen"> companies added</span></a>' in page
    assert f'<a href="{changed}">1<span class="unseen"> companies changed</span></a>' in page
    assert listed(inbox, "companies", added_by=second.pk) == ["Cat"]
    assert listed(inbox, "companies", changed_by=second.pk) == ["Bumble"]
    assert listed(inbox, "companies", added_by=first.pk, order="erp_key") == ["Acme", "Bumble"]
    preview = uploads.load(f"{header}C4,Dog,Customer,true\n", "companies.csv", dry_run=True)
    assert "added_by" not in inbox.get(f"/syncs/{preview.pk}/").text


def test_what_takes_too_long_to_count_is_estimated_and_not_sorted(inbox, books, monkeypatch):
    slow = Company.objects.extra(where=["pg_sleep(0.15) IS NOT NULL"])
    assert record_lists.count_quickly(slow)[:2] == (record_lists.COUNTED_AT_MOST + 1, False)
    Invoice.objects.filter(pk=books.invoice.pk).update(invoice_date="2030-01-01")
    assert listed(inbox, "invoices") == ["I1", "M1"]
    monkeypatch.setattr(record_lists, "COUNTED_AT_MOST", 1)
    assert "About" in inbox.get("/records/invoices/", {"filter": "totalAmount > 0"}).text
    # All of them are not counted: merges keep how many there are.
    assert "About" not in inbox.get("/records/invoices/").text
    assert listed(inbox, "invoices") == ["M1", "I1"]
    assert listed(inbox, "invoices", order="-invoice_date") == ["I1", "M1"]


def test_a_record_says_how_it_is_removed_and_has_the_file_for_it(inbox, account, books, others_books):
    uploads = Uploads(AppEnrollmentFactory(group_key=account, app=Application.objects.get(connector="file-upload")))
    header = "erpKey,companyName,companyType,isActive\n"
    uploads.load(f"{header}00 7,Acme,Customer,true\nC2,Bee,Customer,true\n", "companies.csv")
    record = Company.objects.get(erp_key="00 7")
    page = f"/records/companies/{record.pk}/"
    assert f'href="{page}removal/"' in inbox.get(page).text
    file = inbox.get(f"{page}removal/")
    assert file.headers["Content-Disposition"] == 'attachment; filename="companies.csv"'
    uploads.load(file.text, "companies.csv", delete_on_match=True)
    assert not Company.objects.filter(pk=record.pk).exists()
    # Of a connector's records only the source can tell, and a balance has no key of its own.
    assert "Correct or delete it in" in inbox.get(f"/records/invoices/{books.invoice.pk}/").text
    assert inbox.get(f"/records/financial-account-balance-histories/{books.balance.pk}/removal/").status_code == 404
    formula = Company.objects.get(app_enrollment=uploads.enrollment, erp_key="C2")
    Company.objects.filter(pk=formula.pk).update(erp_key="=1+1")
    assert inbox.get(f"/records/companies/{formula.pk}/removal/").status_code == 404
    assert inbox.get(f"/records/invoices/{others_books.invoice.pk}/removal/").status_code == 404
