"""The accounting records in the admin: looked up, never touched."""

import csv
import io
from datetime import date
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from adsplatform.accounts.models import AuditEntry
from adsplatform.records import search_indexes
from adsplatform.records.display import displayed_kinds
from adsplatform.records.models import Company, Contact, Invoice
from tests.admin.conftest import make_record
from tests.factories import AppEnrollmentFactory, UserFactory

LIST = "/admin/records/invoice/"


def found(browser, **asked):
    return list(browser.get(LIST, asked).context["cl"].result_list)


def test_a_record_is_found_by_its_exact_key_its_id_its_enrollment_and_its_account(browser):
    enrollment = AppEnrollmentFactory(name="Northwind ERP", group_key__name="Northwind Traders")
    company = make_record(Company, enrollment)
    invoice, other = (
        make_record(Invoice, each, erp_key=key, company_id=company.pk, customer_id=company.pk)
        for each, key in ((enrollment, "I1"), (AppEnrollmentFactory(), "I10"))
    )
    assert found(browser, q="I1") == [invoice]
    assert found(browser, q=str(invoice.pk)) == [invoice]
    assert found(browser, enrollment="wind erp") == [invoice]
    assert found(browser, account="northwind t") == [invoice]
    assert found(browser, account="northwind t", q="I10") == []
    assert found(browser) == [other, invoice]


def test_a_key_is_looked_up_by_the_index_that_begins_with_the_enrollment(browser):
    enrollment = AppEnrollmentFactory()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO records_contact (id, group_key, app_enrollment_id, created, modified, erp_key,
                                         company_id, is_active)
            SELECT gen_random_uuid(), %s, %s, now(), now(), 'C' || n, gen_random_uuid(), true
              FROM generate_series(1, 20000) AS n
            """,
            [enrollment.group_key_id, enrollment.pk],
        )
        cursor.execute("ANALYZE records_contact, enrollments_appenrollment")
    with CaptureQueriesContext(connection) as captured:
        page = browser.get("/admin/records/contact/", {"q": "C77"})
    assert [contact.erp_key for contact in page.context["cl"].result_list] == ["C77"]
    for query in captured.captured_queries:
        if 'FROM "records_contact"' in query["sql"]:
            with connection.cursor() as cursor:
                cursor.execute("EXPLAIN " + query["sql"])
                plan = "\n".join(line for (line,) in cursor.fetchall())
            assert "one_contact_per_key" in plan
            assert "Seq Scan on records_contact" not in plan


def test_references_are_links_and_what_is_gone_is_left_blank(browser):
    enrollment = AppEnrollmentFactory()
    company = make_record(Company, enrollment, erp_key="C1", company_name="Acme")
    make_record(Contact, enrollment, erp_key="P1", company_id=company.pk)
    make_record(Contact, enrollment, erp_key="P2", company_id=enrollment.pk)
    page = browser.get("/admin/records/contact/")
    assert [contact.erp_key for contact in page.context["cl"].result_list] == ["P2", "P1"]
    assert f'<a href="/admin/records/company/{company.pk}/change/">Acme</a>' in page.text


def test_amounts_are_shown_without_empty_places(browser):
    enrollment = AppEnrollmentFactory()
    for key, amount in (("I1", "1234.5"), ("I2", "-0.12345678"), ("I3", None)):
        make_record(
            Invoice,
            enrollment,
            erp_key=key,
            company_id=enrollment.pk,
            customer_id=enrollment.pk,
            total_amount=amount and Decimal(amount),
        )
    page = browser.get(LIST).text
    assert ">1,234.50<" in page
    assert ">-0.12345678<" in page


def test_records_cannot_be_added_changed_or_deleted(browser):
    company = make_record(Company, AppEnrollmentFactory(), company_name="Acme")
    address = f"/admin/records/company/{company.pk}/"
    assert browser.get("/admin/records/company/add/").status_code == 403
    assert browser.get(f"{address}delete/").status_code == 403
    browser.post(f"{address}change/", {"company_name": "Other"})
    company.refresh_from_db()
    assert company.company_name == "Acme"


def test_a_record_is_found_by_a_part_of_its_key_name_or_number(browser):
    enrollment = AppEnrollmentFactory(name="Northwind ERP")
    company = make_record(Company, enrollment, erp_key="C-4711", company_name="Müller & Söhne")
    invoice = make_record(
        Invoice, enrollment, erp_key="K1", reference_code="RE-2025-0042", company_id=company.pk, customer_id=company.pk
    )
    assert found(browser, q="2025-00") == [invoice]
    page = browser.get("/admin/records/company/", {"q": "söhne"})
    assert [found.pk for found in page.context["cl"].result_list] == [company.pk]
    assert "found among the newest 50,000" in page.text
    narrowed = browser.get("/admin/records/company/", {"q": "4711", "enrollment": "wind"})
    assert [found.pk for found in narrowed.context["cl"].result_list] == [company.pk]
    assert "found among the newest" not in narrowed.text
    assert "found among the newest" not in browser.get("/admin/records/company/", {"q": "C-4711"}).text


def test_records_are_narrowed_by_date_amount_and_reference_and_linked(browser):
    enrollment = AppEnrollmentFactory()
    company = make_record(Company, enrollment, erp_key="C1")
    for number, key in enumerate(("I1", "I2"), start=1):
        make_record(
            Invoice, enrollment, erp_key=key, company_id=company.pk, customer_id=company.pk,
            total_amount=Decimal(number * 100), invoice_date=date(2025, number, 1),
        )  # fmt: skip
    assert [each.erp_key for each in found(browser, least="150")] == ["I2"]
    assert [each.erp_key for each in found(browser, until="2025-01-31")] == ["I1"]
    assert len(found(browser, customer=company.pk, enrollment=enrollment.pk)) == 2
    assert found(browser, customer=enrollment.pk) == []
    page = browser.get(f"/admin/records/company/{company.pk}/change/").text
    assert f"/admin/records/invoice/?customer={company.pk}&amp;enrollment={enrollment.pk}" in page
    invoice = Invoice.objects.get(erp_key="I1")
    assert f'href="/admin/records/company/{company.pk}/change/"' in browser.get(f"{LIST}{invoice.pk}/change/").text


def test_an_export_has_the_lists_rows_and_is_recorded(browser):
    enrollment, other = AppEnrollmentFactory(name="Northwind ERP"), AppEnrollmentFactory()
    for each, key in ((enrollment, "I1"), (other, "I2")):
        make_record(Invoice, each, erp_key=key, company_id=each.pk, customer_id=each.pk, total_amount=Decimal("0.10"))
    answer = browser.get(f"{LIST}export/csv/", {"enrollment": "wind"})
    (row,) = csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig")))
    assert (row["Key"], row["Total"], row["Enrollment"]) == ("I1", "0.1", "Northwind ERP")
    entry = AuditEntry.objects.get(action="seen")
    assert (entry.action, entry.subject, entry.group_key) == ("seen", "export of invoices", enrollment.group_key_id)
    assert entry.after == {"enrollment": "wind", "rows": 1}
    assert browser.get(f"{LIST}export/pdf/").status_code == 302
    browser.get(f"{LIST}export/xlsx/", {"q": "Somebody"}).getvalue()
    assert AuditEntry.objects.latest("pk").after == {"q": "(not kept here)", "rows": 0}


def test_the_export_is_for_staff_who_may_see_the_records(client, db):
    assert client.get(f"{LIST}export/csv/").status_code == 302
    client.force_login(UserFactory(is_staff=True))
    assert client.get(f"{LIST}export/csv/").status_code == 403


def test_the_command_makes_a_search_index_or_says_why_not(transactional_db, capsys):
    if not search_indexes.is_available():
        with pytest.raises(CommandError, match="has no pg_trgm"):
            call_command("search_index")
        return
    call_command("search_index")
    assert "records_invoice_search" in capsys.readouterr().out
    assert search_indexes.has_index(displayed_kinds()["Invoice"])
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        plan = Company.objects.filter(company_name__icontains="acme").explain()
        cursor.execute("RESET enable_seqscan")
    call_command("search_index", "--drop")
    assert "records_company_search" in plan
    assert not search_indexes.has_index(displayed_kinds()["Invoice"])
