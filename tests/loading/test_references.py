"""What a line refers to, where names change or records go in the same input."""

import pytest

from adsplatform.records.models import (
    Company,
    Contact,
    FinancialAccountBalanceHistory,
    Invoice,
    InvoiceLine,
)
from tests.factories import AppEnrollmentFactory
from tests.loading.conftest import account, balance, company, invoice


def named(**by):
    return {"financialAccountBalanceHistories": [balance(**by)]}


def account_of_balance():
    return FinancialAccountBalanceHistory.objects.get().financial_account.erp_key


def test_a_code_that_a_record_gets_in_this_sync_names_it(sync, counts):
    sync({"financialAccounts": [account("A1", "1000")]})
    data = {"financialAccounts": [account("A1", "2000")]} | named(financialAccountCode="2000")
    sync(data)
    assert account_of_balance() == "A1"
    assert counts(sync(data))["FinancialAccountBalanceHistory"] == {"lines_read": 1, "unchanged": 1}


def test_a_code_that_a_record_loses_in_this_sync_names_its_new_owner(sync):
    sync({"financialAccounts": [account("A1", "1000")]})
    sync({"financialAccounts": [account("A1", "2000"), account("A2", "1000")]} | named(financialAccountCode="1000"))
    assert account_of_balance() == "A2"


def test_a_line_that_leaves_its_record_as_it_is_gives_it_no_code(sync, counts):
    sync({"financialAccounts": [account("A1", "1000")]})
    left = {"financialAccounts": [account("A1", "2000", onMatchAction="1")]}
    assert counts(sync(left | named(financialAccountCode="2000")))["FinancialAccountBalanceHistory"] == {
        "lines_read": 1, "rejected": 1,
    }  # fmt: skip
    sync(left | named(financialAccountCode="1000"))
    assert account_of_balance() == "A1"


def test_the_oldest_of_several_records_with_one_code_counts(sync, counts):
    sync({"financialAccounts": [account("A1", "1000")]})
    sync({"financialAccounts": [account("A2", "1000"), account("A3", "1000")]} | named(financialAccountCode="1000"))
    assert account_of_balance() == "A1"


def test_a_required_reference_cannot_be_emptied(sync, counts):
    sync({"companies": [company()], "contacts": [{"erpKey": "K1", "companyErpKey": "C1", "isActive": "true"}]})
    result = sync({"companies": [company()], "contacts": [{"erpKey": "K1", "companyNetworkId": None}]})
    assert counts(result)["Contact"] == {"lines_read": 1, "rejected": 1}
    assert result.details.get().message == (
        "companyErpKey is missing, but every contact needs it. Add the column and fill it in."
    )
    assert Contact.objects.get().company.erp_key == "C1"


def test_a_record_stays_if_the_deletion_of_a_record_that_refers_to_it_is_rejected(sync, counts):
    sync(
        {
            "companies": [company()],
            "invoices": [invoice()],
            "invoiceLines": [{"erpKey": "L1", "invoiceErpKey": "I1", "lineNumber": "1"}],
        }
    )
    deleting = {"companies": [company(onMatchAction="2")], "invoices": [invoice(onMatchAction="2")]}
    assert sync(deleting).status_code == "Failed"
    assert Invoice.objects.get().company == Company.objects.get()
    lines = [{"erpKey": "L1", "invoiceErpKey": "I1", "lineNumber": "1", "onMatchAction": "2"}]
    assert counts(sync(deleting | {"invoiceLines": lines})) == {
        "Company": {"lines_read": 1, "deleted_by_match": 1},
        "Invoice": {"lines_read": 1, "deleted_by_match": 1},
        "InvoiceLine": {"lines_read": 1, "deleted_by_match": 1},
    }
    assert not Company.objects.exists()
    assert not Invoice.objects.exists()
    assert not InvoiceLine.objects.exists()


def test_a_record_that_another_enrollment_refers_to_cannot_be_deleted(sync, enrollment, counts):
    other = AppEnrollmentFactory(app=enrollment.app, group_key=enrollment.group_key)
    sync({"companies": [company("C1")]})
    parent = Company.objects.get()
    sync({"companies": [company("C2", parentCompanyNetworkId=str(parent.pk))]}, into=other)
    result = sync({"companies": [company("C1", onMatchAction="2"), company("C3")]})
    assert counts(result)["Company"] == {"lines_read": 2, "inserted": 1, "rejected": 1}


def test_a_chain_of_references_is_rejected_with_its_first_row_and_each_names_the_one_before(sync):
    chain = [company("C0", parentCompanyErpKey="nobody")]
    chain += [company(f"C{number}", parentCompanyErpKey=f"C{number - 1}") for number in range(1, 2_000)]
    result = sync({"companies": [company("own"), *reversed(chain)]})
    assert [c.erp_key for c in Company.objects.all()] == ["own"]
    assert result.details.get(erp_key="C1999").message == (
        "parentCompanyErpKey: the company “C1998” was itself rejected (companies.csv, line 4). "
        "Correct that line first, then load this one again."
    )


@pytest.mark.parametrize("rate", ["99999999999999999999", "-99999999999999999999"])
def test_an_amount_that_no_longer_fits_in_base_currency_is_a_problem_of_its_line(sync, counts, rate):
    sync({"companies": [company()], "invoices": [invoice("I1", currencyRate=rate, totalAmount="1")]})
    lines = [
        invoice("I2", currencyRate=rate, totalAmount="12"),
        {"erpKey": "I1", "totalAmount": "12"},
        invoice("I3"),
    ]
    result = sync({"invoices": lines})
    assert counts(result)["Invoice"] == {"lines_read": 3, "inserted": 1, "rejected": 2}
    assert {detail.message for detail in result.details.filter(kind="error")} == {
        "baseCurrencyTotalAmount: totalAmount times currencyRate has more than 20 digits before the decimal point. "
        "Check both."
    }


@pytest.mark.parametrize("directly", [False, True])
def test_a_code_leads_to_the_first_line_that_has_it_also_where_some_lines_wait_for_the_merge(sync, directly):
    incomplete = {name: value for name, value in account("A2").items() if name != "description"}
    histories = [balance("1", financialAccountErpKey="A1", financialAccountCode="1000")]
    data = {"financialAccounts": [incomplete, account("A1")], "financialAccountBalanceHistories": histories}
    result = sync(data, directly=directly)
    assert set(result.details.values_list("entity", "code")) == {
        ("FinancialAccount", "required_missing"),
        ("FinancialAccountBalanceHistory", "reference_disagrees"),
    }
