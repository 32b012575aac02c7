"""Keys with blanks that are in the books since before keys were cleaned: listed, renamed and merged."""

from importlib import import_module
from uuid import UUID, uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from adsplatform.records.models import (
    Company,
    Contact,
    CustomField,
    FinancialAccount,
    FinancialAccountBalanceHistory,
    Invoice,
    InvoiceWorkflowStatus,
)
from adsplatform.records.specification import entities
from syncs.loading.control_totals.recount import recount
from syncs.loading.staging.row_hashes import RowHasher
from syncs.services.key_cleaning import clean_keys
from tests.factories import AppEnrollmentFactory, SyncRequestFactory
from tests.loading.conftest import GivenRows, account, balance, company, enrollment, given, invoice, sync  # noqa: F401


def rename(model, key, wanted):
    """Give a record a key as it was stored before keys were cleaned."""
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {model._meta.db_table} SET erp_key = %s WHERE erp_key = %s", [wanted, key])
        assert cursor.rowcount == 1


def sentences(changes):
    return [str(change) for change in changes]


@pytest.fixture
def books(sync):  # noqa: F811
    """Company C1 three times, last loaded as `C1 `, with what refers to each of them; and others."""
    sync(
        {
            "companies": [company("C1"), company("second"), company("C2"), company("odd"), company("é")],
            "contacts": [{"erpKey": "K1", "companyErpKey": "C1", "isActive": "true"}],
            "invoices": [invoice("I1", "second"), invoice("I2", "C2")],
            "customFields": [
                {"tableKey": "Company", "erpKey": "C1", "customFieldLabel": "Tour", "value": "1"},
                {"tableKey": "Company", "erpKey": "second", "customFieldLabel": "Tour", "value": "2"},
                {"tableKey": "Company", "erpKey": "second", "customFieldLabel": "Ramp", "value": "3"},
            ],
            "invoiceWorkflowStatuses": [
                {"invoiceErpKey": "I1", "code": "A", "created": "2024-01-01"},
                {"invoiceErpKey": "I2", "code": "B", "created": "2024-01-01"},
            ],
        }
    )
    sync({"companies": [company("third", companyName="Newest", parentCompanyErpKey="second")]})
    rename(Company, "second", "C1 ")
    rename(Company, "third", "\u00a0C1")
    rename(Company, "odd", "odd\u200b")
    rename(Company, "é", "e\u0301")
    rename(Invoice, "I1", "I1\t")
    CustomField.objects.filter(erp_key="second").update(erp_key="C1 ")


def everything():
    models = (Company, Contact, Invoice, CustomField, InvoiceWorkflowStatus)
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in models}


CHANGES = [
    "company “C1” goes into “C1”, which was loaded later; what referred to it refers there.",
    "company “C1 ” goes into “C1”, which was loaded later; what referred to it refers there.",
    "company “[U+00A0]C1” becomes “C1”.",
    "company “odd[U+200B]” has a character that cannot be seen. Correct the key at the source, or delete the record.",
    "company “e\u0301” becomes “é”.",
    "custom field “Company”, “C1”, “Tour” goes into “Company”, “C1”, “Tour”, which was loaded later; what referred to "
    "it refers there.",
    "custom field “Company”, “C1 ”, “Ramp” becomes “Company”, “C1”, “Ramp”.",
    "custom field “Company”, “C1 ”, “Tour” becomes “Company”, “C1”, “Tour”.",
    "invoice “I1[U+0009]” becomes “I1”.",
]


def test_keys_are_listed_and_nothing_changes_without_consent(books, enrollment):  # noqa: F811
    before = everything()
    assert sorted(sentences(clean_keys(enrollment, apply=False))) == sorted(CHANGES)
    assert everything() == before


def test_records_whose_keys_become_one_are_merged_and_references_follow(books, enrollment):  # noqa: F811
    newest = Company.objects.get(company_name="Newest").pk
    assert sorted(sentences(clean_keys(enrollment, apply=True))) == sorted(CHANGES)
    assert set(Company.objects.values_list("erp_key", flat=True)) == {"C1", "C2", "odd\u200b", "é"}
    stays = Company.objects.get(erp_key="C1")
    assert (stays.pk, stays.company_name, stays.parent_company_id, stays.row_hash) == (newest, "Newest", newest, None)
    assert Contact.objects.get().company_id == newest
    first = Invoice.objects.get(erp_key="I1")
    assert (first.company_id, first.customer_id, first.row_hash) == (newest, newest, None)
    assert sorted(CustomField.objects.values_list("erp_key", "custom_field_label", "value", "record_key")) == [
        ("C1", "Ramp", "3", newest),
        ("C1", "Tour", "2", newest),
    ]
    assert recount(enrollment) == []
    assert sentences(clean_keys(enrollment, apply=True)) == [CHANGES[3]]


def test_records_that_are_told_apart_by_a_merged_record_are_merged_too(sync, enrollment):  # noqa: F811
    accounts = [account("A1", "1000"), account("A2", "2000 ")]
    sync({"financialAccounts": accounts})
    sync({"financialAccountBalanceHistories": [
        balance("1", financialAccountErpKey="A1", balance="1"),
        balance("2", financialAccountErpKey="A1", balance="2"),
        balance("1", financialAccountErpKey="A2", balance="3"),
        balance("3", financialAccountErpKey="A2", balance="4"),
    ]})  # fmt: skip
    rename(FinancialAccount, "A2", "A1 ")
    FinancialAccount.objects.filter(code="2000").update(code="2000 ")
    clean_keys(enrollment, apply=True)
    stays = FinancialAccount.objects.get()
    assert (stays.erp_key, stays.code) == ("A1", "2000")
    found = FinancialAccountBalanceHistory.objects.values_list("financial_account_id", "period_number", "balance")
    assert sorted((one, period, int(amount)) for one, period, amount in found) == [
        (stays.pk, 1, 3),
        (stays.pk, 2, 2),
        (stays.pk, 3, 4),
    ]
    assert recount(enrollment) == []


def test_each_enrollment_has_its_own_keys(sync, enrollment):  # noqa: F811
    other = AppEnrollmentFactory(app=enrollment.app, group_key=enrollment.group_key)
    sync({"companies": [company("C1")]})
    sync({"companies": [company("C9")]}, into=other)
    rename(Company, "C9", "C1 ")
    assert clean_keys(enrollment, apply=True) == []
    assert sentences(clean_keys(other, apply=True)) == ["company “C1 ” becomes “C1”."]
    assert Company.objects.filter(erp_key="C1").count() == 2


def test_another_enrollments_reference_by_platform_id_follows(sync, enrollment):  # noqa: F811
    other = AppEnrollmentFactory(app=enrollment.app, group_key=enrollment.group_key)
    sync({"companies": [company("C1"), company("C2")]})
    old = Company.objects.get(erp_key="C1").pk
    sync({"companies": [company("D1", parentCompanyNetworkId=str(old))]}, into=other)
    rename(Company, "C2", "C1 ")
    clean_keys(enrollment, apply=True)
    assert Company.objects.get(erp_key="D1").parent_company_id == Company.objects.get(erp_key="C1").pk != old


def test_a_running_sync_is_not_disturbed(books, enrollment, capsys):  # noqa: F811
    SyncRequestFactory(app_enrollment=enrollment, running=True)
    before = everything()
    call_command("clean_keys", apply=True)
    assert "A sync of the enrollment is running. Wait for its end, then try again." in capsys.readouterr().err
    assert everything() == before


def test_the_command_reports_and_cleans(books, enrollment, capsys):  # noqa: F811
    call_command("clean_keys")
    *lines, summary, advice = capsys.readouterr().out.splitlines()
    assert sorted(lines) == sorted(f"{enrollment}: {change}" for change in CHANGES)
    assert summary == "5 records would be renamed and 3 merged into others; 1 can only be corrected at the source."
    assert advice == "Nothing was changed. Run it with --apply to do so."
    call_command("clean_keys", apply=True, enrollment=str(enrollment.pk))
    assert "5 records were renamed and 3 merged into others" in capsys.readouterr().out
    Company.objects.filter(erp_key="odd\u200b").delete()
    call_command("clean_keys", apply=True)
    assert capsys.readouterr().out == "All keys are clean.\n"


@pytest.mark.parametrize("wrong", ["nonsense", str(uuid4())])
def test_an_unknown_enrollment_is_named(db, wrong):
    with pytest.raises(CommandError, match=f"There is no enrollment with the id “{wrong}”."):
        call_command("clean_keys", enrollment=wrong)


def test_after_cleaning_the_next_sync_finds_every_record(books, sync, enrollment):  # noqa: F811
    clean_keys(enrollment, apply=True)
    ids = set(Company.objects.values_list("pk", flat=True))
    result = sync({"companies": [company("C1 "), company("C2"), company("é")]})
    assert {one.entity: (one.inserted, one.updated) for one in result.results.all()} == {"Company": (0, 1)}
    assert set(Company.objects.values_list("pk", flat=True)) == ids
    assert all(isinstance(one, UUID) for one in ids)


# Row hashes from before.

FORGETS = import_module("adsplatform.records.migrations.0004_forget_row_hashes").Migration.operations


def forget_row_hashes():
    with connection.cursor() as cursor:
        for operation in FORGETS:
            cursor.execute(operation.sql)


def with_old_hash(model, **stored):
    """Let a record be as the release before wrote it from a row with these cells."""
    entity = entities()[model.__name__]
    columns = [name for name in entity.columns if name in stored]
    line = "\t".join(stored[name] for name in columns).encode()
    (row_hash,) = RowHasher(entity).of_lines([line], columns)
    model.objects.filter(erp_key=stored["erp_key"].strip()).update(
        row_hash=UUID(bytes=row_hash), **{name: text for name, text in stored.items() if name in OWN}
    )


OWN = ("erp_key", "company_name", "company_type", "default_currency_code")


@pytest.mark.parametrize(
    ("cells", "is_forgotten"),
    [
        ({"erpKey": "C1"}, False),
        ({"erpKey": "C1 "}, True),
        ({"erpKey": "1.5E+17"}, True),
        ({"erpKey": "17.0"}, True),
        ({"erpKey": "true"}, True),
        ({"erpKey": "2024-01-03"}, True),
        ({"erpKey": "C1", "defaultCurrencyCode": "EUR"}, False),
        ({"erpKey": "C1", "defaultCurrencyCode": "eur"}, True),
        ({"erpKey": "C1", "defaultCurrencyCode": "€"}, True),
    ],
)
def test_a_row_hash_from_before_hides_no_doubtful_row(sync, cells, is_forgotten):  # noqa: F811
    row = company(cells["erpKey"], **{name: text for name, text in cells.items() if name != "erpKey"})
    sync({"companies": [company(cells["erpKey"].strip())]})
    stored = {"erp_key": row["erpKey"], "company_name": "Acme", "company_type": "Customer", "is_active": "true"}
    if "defaultCurrencyCode" in row:
        stored["default_currency_code"] = row["defaultCurrencyCode"]
    with_old_hash(Company, **stored)
    # Such a hash would let the row pass unseen.
    (result,) = sync({"companies": [row]}).results.all()
    assert (result.unchanged, result.rejected) == (1, 0)
    forget_row_hashes()
    assert (Company.objects.get().row_hash is None) == is_forgotten


def test_row_hashes_of_what_refers_to_an_unclean_key_are_forgotten(sync):  # noqa: F811
    sync({"companies": [company("C1"), company("C2")], "invoices": [invoice("I1", "C1"), invoice("I2", "C2")]})
    rename(Company, "C1", "C1 ")
    forget_row_hashes()
    assert dict(Invoice.objects.values_list("erp_key", "row_hash"))["I1"] is None
    assert dict(Invoice.objects.values_list("erp_key", "row_hash"))["I2"] is not None


def test_all_kinds_with_row_hashes_are_covered_by_the_migration():
    keyed = {name.lower() for name, entity in entities().items() if entity.key == ("erp_key",)}
    assert set(import_module("adsplatform.records.migrations.0004_forget_row_hashes").KEYS) == keyed
