"""New lines are inserted, different ones update, equal ones change nothing."""

from decimal import Decimal

from adsplatform.records.models import Company, Contact, Invoice
from tests.loading.conftest import company, invoice


def test_new_lines_become_records(sync, counts, enrollment):
    result = sync({"companies": [company()], "invoices": [invoice(totalAmount="12.345")]})
    assert result.status_code == "Success"
    assert result.process_result_message == "2 lines loaded: 2 added."
    assert counts(result) == {
        "Company": {"lines_read": 1, "inserted": 1},
        "Invoice": {"lines_read": 1, "inserted": 1},
    }
    loaded = Invoice.objects.get()
    assert loaded.total_amount == Decimal("12.345")
    assert loaded.company == loaded.customer == Company.objects.get()
    assert loaded.group_key == enrollment.group_key_id
    assert loaded.created_sync_id == loaded.modified_sync_id == result.pk
    assert (loaded.modified_file, loaded.modified_line) == ("invoices.csv", 2)


def test_the_same_lines_again_change_nothing(sync, counts):
    data = {"companies": [company()], "invoices": [invoice()]}
    sync(data)
    before = list(Invoice.objects.values())
    result = sync(data)
    assert result.process_result_message == "Nothing new: 2 lines looked at, none had changed."
    assert counts(result)["Invoice"] == {"lines_read": 1, "unchanged": 1}
    assert list(Invoice.objects.values()) == before


def test_a_different_line_updates_its_record(sync, counts):
    first = sync({"companies": [company()]})
    result = sync({"companies": [company(companyName="Acme Ltd"), company("C2")]})
    assert counts(result) == {"Company": {"lines_read": 2, "inserted": 1, "updated": 1}}
    changed = Company.objects.get(erp_key="C1")
    assert changed.company_name == "Acme Ltd"
    assert (changed.created_sync_id, changed.modified_sync_id) == (first.pk, result.pk)
    result = sync({"companies": [company("C2"), company("C1", companyName="Acme GmbH")]})
    changed.refresh_from_db()
    assert (changed.modified_sync_id, changed.modified_line) == (result.pk, 3)
    # A line that changes nothing writes nothing.
    assert Company.objects.get(erp_key="C2").modified_line == 3


def test_an_absent_column_stays_and_an_empty_one_clears(sync):
    sync({"companies": [company(city="Berlin", country="DE")]})
    sync({"companies": [{"erpKey": "C1", "city": ""}]})
    changed = Company.objects.get()
    assert (changed.city, changed.country, changed.company_name) == (None, "DE", "Acme")


def test_columns_that_a_row_lacks_keep_their_values(sync):
    sync({"companies": [company("C1", city="Berlin"), company("C2", city="Bonn")]})
    sync({"companies": [{"erpKey": "C1", "country": "DE"}, {"erpKey": "C2", "city": None}]})
    assert list(Company.objects.order_by("erp_key").values_list("city", "country")) == [
        ("Berlin", "DE"),
        (None, None),
    ]


def test_company_and_contact_may_refer_to_each_other(sync, counts):
    data = {
        "companies": [company(primaryContactErpKey="K1")],
        "contacts": [{"erpKey": "K1", "companyErpKey": "C1", "isActive": "true"}],
    }
    assert counts(sync(data)) == {
        "Company": {"lines_read": 1, "inserted": 1},
        "Contact": {"lines_read": 1, "inserted": 1},
    }
    assert Company.objects.get().primary_contact == Contact.objects.get()
    assert counts(sync(data))["Company"] == {"lines_read": 1, "unchanged": 1}


def test_the_last_line_of_a_key_wins(sync, counts):
    result = sync({"companies": [company(companyName="A"), company(companyName="B"), company(companyName="C")]})
    assert Company.objects.get().company_name == "C"
    assert counts(result) == {"Company": {"lines_read": 3, "inserted": 1, "skipped": 2}}
    assert [(d.kind, d.erp_key, d.line, d.message) for d in result.details.order_by("line")] == [
        ("skip", "C1", 2, "Superseded by line 4 of companies.csv, which has the same key."),
        ("skip", "C1", 3, "Superseded by line 4 of companies.csv, which has the same key."),
    ]


def test_other_enrollments_keep_their_records_of_the_same_key(sync, enrollment):
    from tests.factories import AppEnrollmentFactory

    other = AppEnrollmentFactory(app=enrollment.app)
    sync({"companies": [company(companyName="Theirs")]}, into=other)
    sync({"companies": [company(companyName="Ours")]})
    assert sorted(Company.objects.values_list("company_name", flat=True)) == ["Ours", "Theirs"]
