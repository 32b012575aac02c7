"""A full sync deletes what it does not contain, within limits."""

import json

from adsplatform.records.models import Company, FinancialAccount, FinancialAccountBalanceHistory, Invoice
from syncs.connectors.protocol import RowProblem
from syncs.models import SeenKey, SyncRequest
from tests.factories import AppEnrollmentFactory
from tests.loading.conftest import account, balance, company, invoice


def keys(kind):
    return sorted(kind.objects.values_list("erp_key", flat=True))


def test_a_full_sync_deletes_what_it_does_not_contain(sync, counts):
    sync({"companies": [company("C1"), company("C2")], "invoices": [invoice("I1"), invoice("I2")]})
    result = sync({"companies": [company("C1")], "invoices": [invoice("I2")]}, run_full_sync=True)
    assert counts(result) == {
        "Company": {"lines_read": 1, "unchanged": 1, "deleted_as_missing": 1},
        "Invoice": {"lines_read": 1, "unchanged": 1, "deleted_as_missing": 1},
    }
    assert (keys(Company), keys(Invoice)) == (["C1"], ["I2"])
    assert result.process_result_message == "2 lines loaded: 2 deleted, 2 unchanged."


def test_a_partial_sync_deletes_nothing(sync):
    sync({"companies": [company("C1"), company("C2")]})
    sync({"companies": [company("C1")]})
    assert keys(Company) == ["C1", "C2"]


def test_entities_that_the_input_does_not_contain_stay(sync):
    sync({"companies": [company("C1")], "invoices": [invoice("I1")]})
    sync({"companies": [company("C1")]}, run_full_sync=True)
    assert keys(Invoice) == ["I1"]


def test_a_kind_with_a_rejected_line_is_not_deleted_from(sync):
    sync({"companies": [company("C1"), company("C2")]})
    sync({"companies": [company("C1"), company("C3", isActive="perhaps")]}, run_full_sync=True)
    assert keys(Company) == ["C1", "C2"]


def test_a_kind_of_which_a_file_could_not_be_read_is_not_deleted_from(sync):
    sync({"companies": [company("C1"), company("C2")], "invoices": [invoice("I1"), invoice("I2")]})
    locked = RowProblem("Companies", "companies.csv", None, "encrypted", "The file is locked with a password.")
    result = sync({"locked": locked, "companies": [company("C1")], "invoices": [invoice("I1")]}, run_full_sync=True)
    assert (keys(Company), keys(Invoice)) == (["C1", "C2"], ["I1"])
    assert result.process_result_message == (
        "2 lines loaded: 1 deleted, 2 unchanged. Not every file could be read; the problems say why."
    )


def test_a_kind_of_which_a_part_was_passed_over_is_not_deleted_from(sync):
    sync({"companies": [company("C1"), company("C2")], "invoices": [invoice("I1"), invoice("I2")]})
    sheet = RowProblem(
        "Companies", "book.xlsx", None, "sheets_not_read", "The sheet “More” was not read.",
        kind="warning", leaves_unread=True,
    )  # fmt: skip
    result = sync({"sheet": sheet, "companies": [company("C1")], "invoices": [invoice("I1")]}, run_full_sync=True)
    assert (keys(Company), keys(Invoice)) == (["C1", "C2"], ["I1"])
    assert result.details.get(code="kept_because_incomplete").message == (
        "1 company is in the books and not among the lines that could be read; it was kept, because “book.xlsx” was "
        "not read to its end. Correct that, then send the full data set again."
    )


def test_records_kept_because_of_rejected_lines_are_counted(sync):
    sync({"companies": [company("C1"), company("C2"), company("C3")]})
    result = sync({"companies": [company("C1"), company("C9", isActive="perhaps")]}, run_full_sync=True)
    assert result.details.get(code="kept_because_incomplete").message.startswith(
        "2 companies are in the books and not among the lines that could be read; they were kept, because 1 of its "
        "lines was rejected."
    )


def test_nothing_is_said_of_kept_records_where_there_are_none(sync):
    sync({"companies": [company("C1")]})
    result = sync({"companies": [company("C1"), company("C9", isActive="perhaps")]}, run_full_sync=True)
    assert not result.details.filter(code="kept_because_incomplete").exists()


def test_nothing_is_deleted_where_a_file_is_of_no_known_kind(sync):
    sync({"companies": [company("C1"), company("C2")]})
    sync({"companies": [company("C1")], "companies_2": [company("C2")]}, run_full_sync=True)
    unreadable = RowProblem("data", "data.xlsx", None, "unknown_format", "The file is neither CSV nor JSONL.")
    sync({"companies": [company("C1")], "unreadable": unreadable}, run_full_sync=True)
    assert keys(Company) == ["C1", "C2"]


def test_nothing_is_deleted_where_a_list_of_no_known_kind_holds_no_records(uploads):
    companies = [company("C1"), company("C2")]
    uploads.load(json.dumps({"companies": companies}), "batch.json", format="batch")
    body = {"companies": companies[:1], "comp": [companies[1:]]}
    assert uploads.load(json.dumps(body), "batch.json", format="batch", full=True).status_code == "Success"
    assert keys(Company) == ["C1", "C2"]


def test_a_full_sync_deletes_nothing_of_other_enrollments(sync, enrollment):
    other = AppEnrollmentFactory(app=enrollment.app, group_key=enrollment.group_key)
    sync({"companies": [company("C2")]}, into=other)
    sync({"companies": [company("C1")]}, run_full_sync=True)
    assert keys(Company) == ["C1", "C2"]


def test_a_record_that_others_refer_to_stays_with_a_warning(sync, counts):
    sync({"companies": [company("C1"), company("C2")], "invoices": [invoice("I2", "C2")]})
    result = sync({"companies": [company("C1")]}, run_full_sync=True)
    assert keys(Company) == ["C1", "C2"]
    assert [(d.kind, d.erp_key, d.message) for d in result.details.all()] == [
        (
            "warning", "C2",
            "This company is not in the full data set, but invoices still refer to it; it was kept.",
        )
    ]  # fmt: skip


def test_a_record_that_another_enrollment_refers_to_stays(sync, enrollment):
    other = AppEnrollmentFactory(app=enrollment.app, group_key=enrollment.group_key)
    sync({"companies": [company("C1"), company("C2")]})
    parent = Company.objects.get(erp_key="C2")
    sync({"companies": [company("C3", parentCompanyNetworkId=str(parent.pk))]}, into=other)
    sync({"companies": [company("C1")]}, run_full_sync=True)
    assert keys(Company) == ["C1", "C2", "C3"]


def test_records_that_refer_to_each_other_are_deleted_together(sync):
    contact = {"erpKey": "K2", "companyErpKey": "C2", "isActive": "true"}
    sync(
        {
            "companies": [company("C1"), company("C2", primaryContactErpKey="K2")],
            "contacts": [contact, {"erpKey": "K1", "companyErpKey": "C1", "isActive": "true"}],
        }
    )
    sync(
        {"companies": [company("C1")], "contacts": [{"erpKey": "K1", "companyErpKey": "C1", "isActive": "true"}]},
        run_full_sync=True,
    )
    assert keys(Company) == ["C1"]


def test_the_guard_stops_a_full_sync_that_would_delete_more_than_half(sync, counts):
    sync({"companies": [company(f"C{number}") for number in range(20)]})
    result = sync({"companies": [company(f"C{number}") for number in range(9)]}, run_full_sync=True)
    assert result.status_code == "Failed"
    assert result.process_result_message == (
        "Stopped: this full sync would delete 11 of 20 companies, more than the 50 % that Given rows allows. "
        "Nothing was changed."
    )
    assert result.details.get().code == "delete_guard"
    assert counts(result) == {"Company": {"lines_read": 9, "skipped": 9}}
    assert Company.objects.count() == 20


def test_the_guard_names_every_entity_of_which_too_much_would_be_deleted(sync):
    contacts = [{"erpKey": f"K{number}", "companyErpKey": "C0", "isActive": "true"} for number in range(30)]
    sync({"companies": [company(f"C{number}") for number in range(20)], "contacts": contacts})
    result = sync({"companies": [company("C0")], "contacts": contacts[:1]}, run_full_sync=True)
    assert result.process_result_message == (
        "Stopped: this full sync would delete 19 of 20 companies, 29 of 30 contacts, more than the 50 % that "
        "Given rows allows. Nothing was changed."
    )
    assert Company.objects.count() == 20


def test_the_guard_uses_the_limit_of_the_enrollment(sync, enrollment):
    enrollment.delete_limit_percent = 60
    enrollment.save()
    sync({"companies": [company(f"C{number}") for number in range(20)]})
    sync({"companies": [company(f"C{number}") for number in range(9)]}, run_full_sync=True)
    assert Company.objects.count() == 9


def test_parts_of_a_full_sync_delete_only_after_the_last(sync, counts):
    sync({"companies": [company(f"C{number}") for number in range(4)]})
    parts = {"run_full_sync": True, "total_batches": 2}
    first = sync({"companies": [company("C0")]}, **parts)
    assert Company.objects.count() == 4
    second = sync({"companies": [company("C1")]}, parent_sync_request=first, current_batch=2, **parts)
    assert keys(Company) == ["C0", "C1"]
    assert counts(second) == {"Company": {"lines_read": 1, "unchanged": 1, "deleted_as_missing": 2}}
    assert not SeenKey.objects.exists()


def test_a_failed_part_prevents_the_deletes(sync):
    sync({"companies": [company(f"C{number}") for number in range(4)]})
    parts = {"run_full_sync": True, "total_batches": 2}
    first = sync({"companies": [company("C0", isActive="perhaps")]}, **parts)
    assert first.status_code == SyncRequest.Status.FAILED
    sync({"companies": [company("C1")]}, parent_sync_request=first, current_batch=2, **parts)
    assert Company.objects.count() == 4


def test_a_part_with_an_unreadable_file_prevents_the_deletes(sync):
    sync({"companies": [company(f"C{number}") for number in range(4)]})
    parts = {"run_full_sync": True, "total_batches": 2}
    locked = RowProblem("companies", "companies.csv", None, "encrypted", "The file is locked with a password.")
    first = sync({"locked": locked, "companies": [company("C0")]}, **parts)
    sync({"companies": [company("C1")]}, parent_sync_request=first, current_batch=2, **parts)
    assert Company.objects.count() == 4


def test_a_part_of_which_something_was_passed_over_prevents_the_deletes(sync):
    sync({"companies": [company(f"C{number}") for number in range(4)], "invoices": [invoice("I1"), invoice("I2")]})
    parts = {"run_full_sync": True, "total_batches": 2}
    sheet = RowProblem(
        "Companies", "book.xlsx", None, "sheets_not_read", "A sheet was not read.", kind="warning", leaves_unread=True
    )
    first = sync({"sheet": sheet, "companies": [company("C0")], "invoices": [invoice("I1")]}, **parts)
    first.details.all().delete()  # as retention does
    sync({"companies": [company("C1")]}, parent_sync_request=first, current_batch=2, **parts)
    assert (Company.objects.count(), keys(Invoice)) == (4, ["I1"])


def test_balance_histories_in_parts_are_complete_after_the_last(sync, counts):
    def part(number, period, **values):
        histories = [balance(period, financialAccountErpKey="A1")]
        return sync({"financialAccountBalanceHistories": histories}, current_batch=number, total_batches=2, **values)

    sync({"financialAccounts": [account()]})
    sync({"financialAccountBalanceHistories": [balance("3", financialAccountErpKey="A1")]})
    second = part(2, "2", parent_sync_request=part(1, "1"))
    assert counts(second)["FinancialAccountBalanceHistory"] == {
        "lines_read": 1, "inserted": 1, "deleted_as_missing": 1,
    }  # fmt: skip
    assert sorted(FinancialAccountBalanceHistory.objects.values_list("period_number", flat=True)) == [1, 2]
    assert not SeenKey.objects.exists()


def test_balance_histories_are_always_complete(sync, counts):
    data = {
        "financialAccounts": [account()],
        "financialAccountBalanceHistories": [
            balance("1", financialAccountCode="1000"),
            balance("2", financialAccountErpKey="A1"),
        ],
    }
    assert counts(sync(data))["FinancialAccountBalanceHistory"] == {"lines_read": 2, "inserted": 2}
    assert FinancialAccountBalanceHistory.objects.filter(financial_account=FinancialAccount.objects.get()).count() == 2
    fewer = {"financialAccountBalanceHistories": [balance("1", financialAccountErpKey="A1")]}
    assert counts(sync(fewer))["FinancialAccountBalanceHistory"] == {
        "lines_read": 1, "unchanged": 1, "deleted_as_missing": 1,
    }  # fmt: skip


def test_lines_that_name_one_account_in_two_ways_are_one_record(sync, counts):
    result = sync(
        {
            "financialAccounts": [account()],
            "financialAccountBalanceHistories": [
                balance(balance="1", financialAccountCode="1000"),
                balance(balance="2", financialAccountErpKey="A1"),
            ],
        }
    )
    assert counts(result)["FinancialAccountBalanceHistory"] == {"lines_read": 2, "inserted": 1, "skipped": 1}
    assert FinancialAccountBalanceHistory.objects.get().balance == 2


def test_the_latest_of_several_financial_year_settings_counts(sync, counts):
    from adsplatform.records.models import FinancialYearSetting

    def setting(kind):
        return {"yearType": kind, "totalPeriods": 12, "startDate": "01-01", "endDate": "12-31"}

    result = sync({"financialYearSettings": [setting("Calendar"), setting("Fiscal")]})
    assert counts(result)["FinancialYearSetting"] == {"lines_read": 2, "inserted": 1, "skipped": 1}
    assert FinancialYearSetting.objects.get().year_type == "Fiscal"


def test_the_base_currency_becomes_the_accounts(sync, enrollment):
    sync({"baseCurrencies": [{"baseCurrencyCode": "EUR"}]})
    enrollment.group_key.refresh_from_db()
    assert enrollment.group_key.base_currency_code == "EUR"
