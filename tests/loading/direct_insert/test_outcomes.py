"""Rows that are inserted directly, while their source is read: the outcome is the same as without."""

import pytest
from django.db import connection

from adsplatform.records.models import Company, Contact, FinancialAccountBalanceHistory, Invoice
from syncs.loading.control_totals.recount import recount
from tests.factories import AppEnrollmentFactory
from tests.loading.conftest import GivenFiles, account, balance, company, invoice
from tests.loading.direct_insert.conftest import blocks, contact


def test_rows_that_depend_on_nothing_later_are_inserted_block_by_block(load, counts, enrollment):
    data = blocks(
        ("Company", [company("C1"), company("C2")]),
        ("Company", [company("C3", parentCompanyErpKey="C1")]),
        ("Contact", [contact("K1", "C3")]),
        ("Invoice", [invoice("I1", "C2", totalAmount="10", currencyRate="1.0"), invoice("I2", "C3")]),
    )
    result = load(data)
    assert result.status_code == "Success"
    assert (load.blocks, load.attempts) == ([2, 1, 1, 2], 1)
    assert counts(result) == {
        "Company": {"lines_read": 3, "inserted": 3},
        "Contact": {"lines_read": 1, "inserted": 1},
        "Invoice": {"lines_read": 2, "inserted": 2},
    }
    assert Company.objects.get(erp_key="C3").parent_company.erp_key == "C1"
    assert Contact.objects.get().company.erp_key == "C3"
    assert Invoice.objects.get(erp_key="I1").base_currency_total_amount == 10
    assert recount(enrollment) == []
    again = load(data)
    # One of them records the upload.
    assert (load.blocks, load.transactions) == ([], 2)
    assert counts(again)["Invoice"] == {"lines_read": 2, "unchanged": 2}
    changed = load(blocks(("Company", [company("C1", companyName="Other"), company("C9")])))
    assert (load.blocks, load.attempts) == ([], 1)
    assert counts(changed) == {"Company": {"lines_read": 2, "inserted": 1, "updated": 1}}


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"currencyRate": ""},
        {"baseCurrencyTotalAmount": "7.5", "currencyRate": "2"},
        {"totalAmount": "", "isVoided": ""},
        {"netAmount": "3.10", "isVoided": "true", "invoiceDate": "2024-02-29"},
    ],
)
def test_records_have_the_values_that_a_merge_would_give_them(load, sync, enrollment, values):
    data = blocks(("Company", [company("C1")]), ("Invoice", [invoice("I1", "C1", **values)]))
    other = AppEnrollmentFactory(app=enrollment.app)
    assert load(data).status_code == sync(data, into=other).status_code == "Success"
    assert load.blocks == [1, 1]
    own = {"id", "group_key", "app_enrollment", "company", "customer"}
    own |= {"created", "modified", "created_sync_id", "modified_sync_id"}
    names = [field.name for field in Invoice._meta.concrete_fields if field.name not in own]
    directly = Invoice.objects.filter(app_enrollment=enrollment).values(*names).get()
    assert directly == Invoice.objects.filter(app_enrollment=other).values(*names).get()


def test_rows_that_refer_to_later_ones_are_inserted_by_the_merge(load, counts):
    result = load(
        blocks(
            ("Invoice", [invoice("I1", "C1")]),
            ("Company", [company("C1"), company("C2"), company("C3", parentCompanyErpKey="C4")]),
            ("Company", [company("C4")]),
        )
    )
    assert (result.status_code, load.blocks) == ("Success", [2, 1])
    assert counts(result) == {
        "Invoice": {"lines_read": 1, "inserted": 1},
        "Company": {"lines_read": 4, "inserted": 4},
    }
    assert Company.objects.get(erp_key="C3").parent_company.erp_key == "C4"
    assert Invoice.objects.get().company.erp_key == "C1"


@pytest.mark.parametrize("between", [[], [("Company", [company("C7")])]], ids=["next block", "later block"])
def test_the_last_row_of_a_key_still_wins(load, counts, enrollment, between):
    result = load(
        blocks(
            ("Company", [company("C1", companyName="First"), company("C2")]),
            ("Contact", [contact("K1", "C1")]),
            *between,
            ("Company", [company("C1", companyName="Last")]),
            ("Invoice", [invoice("I1", "C1", totalAmount="10"), invoice("I2", "C2")]),
            ("Invoice", [invoice("I1", "C2", totalAmount="20")]),
        )
    )
    assert (result.status_code, load.attempts) == ("Success", 2)
    assert counts(result)["Company"]["skipped"] == counts(result)["Invoice"]["skipped"] == 1
    assert Company.objects.get(erp_key="C1").company_name == "Last"
    assert Contact.objects.get().company == Company.objects.get(erp_key="C1")
    assert [(i.total_amount, i.company.erp_key) for i in Invoice.objects.filter(erp_key="I1")] == [(20, "C2")]
    assert recount(enrollment) == []
    skipped = result.details.get(kind="skip", entity="Company")
    assert skipped.message.startswith("Superseded by line 2 of Company")


@pytest.mark.parametrize("most_keys", [0, 1, 2, 100])
def test_references_are_found_however_many_keys_fit_into_memory(load, counts, monkeypatch, most_keys):
    monkeypatch.setattr("syncs.loading.direct_insert.MOST_KEYS", most_keys)
    result = load(
        blocks(
            ("Company", [company("C1"), company("C2")]),
            ("Contact", [contact("K1", "C2")]),
            ("Company", [company("50%s", parentCompanyErpKey="C1")]),
            ("Contact", [contact("K2", "50%s"), contact("K3", "C9"), contact("K4", "C1")]),
        )
    )
    assert (load.blocks, load.attempts) == ([2, 1, 1, 2], 1)
    assert counts(result)["Contact"] == {"lines_read": 4, "inserted": 3, "rejected": 1}
    found = dict(Contact.objects.values_list("erp_key", "company__erp_key"))
    assert found == {"K1": "C2", "K2": "50%s", "K4": "C1"}


def test_keys_that_look_alike_when_escaped_are_not_confused(load, counts):
    keys = ["a\\tb", "a\\\\tb", "\\N", "ä"]
    result = load(
        blocks(
            ("Company", [company(key, companyName=repr(key)) for key in keys]),
            ("Contact", [contact(f"K{at}", key) for at, key in enumerate(keys)]),
        )
    )
    assert counts(result)["Contact"] == {"lines_read": 4, "inserted": 4}
    assert sorted(Company.objects.values_list("erp_key", flat=True)) == sorted(keys)
    assert {c.company.company_name for c in Contact.objects.all()} == set(map(repr, keys))
    assert all(c.company.company_name == repr(keys[int(c.erp_key[1:])]) for c in Contact.objects.all())


def test_the_earliest_remaining_account_of_a_code_is_used(load, counts):
    result = load(
        blocks(
            ("FinancialAccount", [account("A1"), account("A2")]),
            ("Company", [company()]),
            ("FinancialAccount", [account("A1")]),
            ("FinancialAccountBalanceHistory", [balance(financialAccountCode="1000")]),
        )
    )
    assert result.status_code == "Success"
    assert FinancialAccountBalanceHistory.objects.get().financial_account.erp_key == "A2"


def test_a_record_that_the_same_input_refers_to_is_not_deleted(load, sync):
    sync({"companies": [company("C1")]})
    result = load(
        blocks(("Contact", [contact("K1", "C1")]), ("Company", [company("C1", onMatchAction="2"), company("C2")]))
    )
    assert load.blocks == [1]
    (problem,) = result.details.filter(code="still_referenced")
    assert "of the same input" in problem.message
    assert Contact.objects.get().company.erp_key == "C1"


def test_a_row_that_refers_to_a_rejected_row_is_rejected_too(load, counts, enrollment):
    result = load(
        blocks(
            ("Company", [company("C1"), company("C2"), company("C3", parentCompanyErpKey="")]),
            ("Company", [company("C4", parentCompanyErpKey="C1")]),
            ("Invoice", [invoice("I1", "C1"), invoice("I2", "C2"), invoice("I3", "C4")]),
            ("Company", [company("C1", parentCompanyErpKey="C9")]),
        )
    )
    assert result.status_code == "Success"
    assert counts(result) == {
        "Company": {"lines_read": 5, "inserted": 2, "skipped": 1, "rejected": 2},
        "Invoice": {"lines_read": 3, "inserted": 1, "rejected": 2},
    }
    assert sorted(Company.objects.values_list("erp_key", flat=True)) == ["C2", "C3"]
    assert [i.erp_key for i in Invoice.objects.all()] == ["I2"]
    assert recount(enrollment) == []


def test_rows_that_may_mean_another_record_are_staged(load, counts):
    result = load(
        blocks(
            ("Company", [company("C1"), company("C2")]),
            ("Contact", [contact("K1", "C1")]),
            ("Company", [company("C3", onMatchAction="1"), company("C4", networkId="")]),
        )
    )
    assert (result.status_code, load.blocks) == ("Success", [2, 1])
    assert counts(result) == {
        "Company": {"lines_read": 4, "inserted": 4},
        "Contact": {"lines_read": 1, "inserted": 1},
    }


def test_a_row_that_lacks_what_a_new_record_needs_is_rejected(load, counts):
    incomplete = company("C3")
    del incomplete["companyName"]
    result = load(blocks(("Company", [company("C1"), company("C2")]), ("Company", [incomplete])))
    assert counts(result) == {"Company": {"lines_read": 3, "inserted": 2, "rejected": 1}}
    assert result.details.get(kind="error").code == "required_missing"


def test_an_amount_that_becomes_too_large_is_rejected(load, counts):
    large = invoice("I2", totalAmount="9" * 20, currencyRate="100")
    rated = invoice("I3", totalAmount="10", currencyRate="2")
    result = load(blocks(("Company", [company()]), ("Invoice", [invoice("I1"), large, rated])))
    assert load.blocks == [1, 1]
    assert counts(result)["Invoice"] == {"lines_read": 3, "inserted": 2, "rejected": 1}
    assert Invoice.objects.get(erp_key="I3").base_currency_total_amount == 20
    assert result.details.get(kind="error").code == "number_too_large"


def test_a_full_sync_does_not_delete_what_it_inserted(load, sync, counts):
    sync({"invoices": []})
    result = load(blocks(("Company", [company("C1"), company("C2")])), run_full_sync=True)
    assert counts(result) == {"Company": {"lines_read": 2, "inserted": 2}}
    result = load(
        blocks(("Company", [company("C1")]), ("Invoice", [invoice("I1", "C1")])), run_full_sync=True, allow_deletes=True
    )
    assert counts(result) == {
        "Company": {"lines_read": 1, "unchanged": 1, "deleted_as_missing": 1},
        "Invoice": {"lines_read": 1, "inserted": 1},
    }


def test_under_row_level_security_nothing_is_inserted_directly(load, counts):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE records_company FORCE ROW LEVEL SECURITY")
        cursor.execute("SELECT row_security_active('records_company')")
        (is_restricted,) = cursor.fetchone()
    result = load(blocks(("Company", [company("C1"), company("C2")])))
    assert counts(result) == {"Company": {"lines_read": 2, "inserted": 2}}
    # Row-level security does not apply to a superuser.
    assert load.blocks == ([] if is_restricted else [2])


def test_previews_and_parts_insert_nothing_directly(load):
    load(blocks(("Company", [company()])), dry_run=True)
    assert not load.blocks
    assert not Company.objects.exists()
    load(blocks(("Company", [company()])), total_batches=2, current_batch=1)
    assert not load.blocks
    assert Company.objects.exists()


def test_a_long_csv_is_inserted_while_it_is_read(load, counts):
    lines = [f"C{number},Company {number},Customer,true" for number in range(45_000)]
    text = "erpKey,companyName,companyType,isActive\n" + "\n".join(lines)
    result = load(GivenFiles({"companies.csv": text}))
    assert len(load.blocks) >= 3
    assert sum(load.blocks) == 45_000
    assert counts(result) == {"Company": {"lines_read": 45_000, "inserted": 45_000}}
