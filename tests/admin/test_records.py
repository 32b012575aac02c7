"""The accounting records in the admin: looked up, never touched."""

from decimal import Decimal

from django.db import connection
from django.test.utils import CaptureQueriesContext

from adsplatform.records.models import Company, Contact, Invoice
from tests.admin.conftest import make_record
from tests.factories import AppEnrollmentFactory

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
    company = make_record(Company, enrollment, erp_key="C1")
    make_record(Contact, enrollment, erp_key="P1", company_id=company.pk)
    make_record(Contact, enrollment, erp_key="P2", company_id=enrollment.pk)
    page = browser.get("/admin/records/contact/")
    assert [contact.erp_key for contact in page.context["cl"].result_list] == ["P2", "P1"]
    assert f'<a href="/admin/records/company/{company.pk}/change/">Company C1</a>' in page.text


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
