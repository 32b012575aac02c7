"""Records inserted while their source is still being read: what comes out is what had come out without it."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from adsplatform.records.models import Company, Contact, FinancialAccountBalanceHistory, Invoice
from enrollments.models import AppEnrollment
from syncs import runner
from syncs.ahead import Ahead
from syncs.models import SyncRequest
from syncs.recounting import recount
from syncs.rows import ConnectorError
from tests.loading.conftest import GivenFiles, account, balance, company, invoice
from tests.loading.test_any_input import rows


def blocks(*of_kinds):
    """Blocks of rows, each a file of its own."""
    return {str(at): rows(at, kind, lines) for at, (kind, lines) in enumerate(of_kinds)}


def contact(key="K1", of="C1", **values):
    return {"erpKey": key, "companyErpKey": of, "isActive": "true"} | values


class Watched:
    """How many records a sync has inserted before everything was read, by kind."""

    def __init__(self, sync):
        self.sync = sync

    def __call__(self, data, **values):
        with CaptureQueriesContext(connection) as captured:
            result = self.sync(data, ahead=True, **values)
        self.statements = sum("WITH placed AS" in query["sql"] for query in captured)
        self.transactions = sum(str(query["sql"]).startswith("SAVEPOINT") for query in captured)
        self.late = sum("p.record_id IS NULL" in query["sql"] for query in captured)
        return result


@pytest.fixture
def ahead(sync):
    return Watched(sync)


@pytest.fixture
def enrollment(enrollment):
    enrollment.reject_limit_percent = 100
    enrollment.save()
    return enrollment


def test_what_is_certain_is_inserted_block_by_block(ahead, counts, enrollment):
    data = blocks(
        ("Company", [company("C1"), company("C2")]),
        ("Company", [company("C3", parentCompanyErpKey="C1")]),
        ("Contact", [contact("K1", "C3")]),
        ("Invoice", [invoice("I1", "C2", totalAmount="10", currencyRate="2"), invoice("I2", "C3")]),
    )
    result = ahead(data)
    assert result.status_code == "Success"
    assert (ahead.statements, ahead.late) == (4, 0)
    assert counts(result) == {
        "Company": {"lines_read": 3, "inserted": 3},
        "Contact": {"lines_read": 1, "inserted": 1},
        "Invoice": {"lines_read": 2, "inserted": 2},
    }
    assert Company.objects.get(erp_key="C3").parent_company.erp_key == "C1"
    assert Contact.objects.get().company.erp_key == "C3"
    assert Invoice.objects.get(erp_key="I1").base_currency_total_amount == 20
    assert recount(enrollment) == []
    again = ahead(data)
    assert (ahead.statements, ahead.transactions) == (0, 1)
    assert counts(again)["Invoice"] == {"lines_read": 2, "unchanged": 2}


def test_what_has_to_wait_is_placed_at_the_end(ahead, counts):
    result = ahead(
        blocks(
            ("Invoice", [invoice("I1", "C1")]),
            ("Company", [company("C1"), company("C2"), company("C3", parentCompanyErpKey="C4")]),
            ("Company", [company("C4")]),
        )
    )
    assert (result.status_code, ahead.statements) == ("Success", 3)
    assert counts(result) == {
        "Invoice": {"lines_read": 1, "inserted": 1},
        "Company": {"lines_read": 4, "inserted": 4},
    }
    assert Company.objects.get(erp_key="C3").parent_company.erp_key == "C4"
    assert Invoice.objects.get().company.erp_key == "C1"


@pytest.mark.parametrize("between", [[], [("Company", [company("C7")])]], ids=["next block", "later block"])
def test_the_last_line_of_a_key_still_wins(ahead, counts, enrollment, between):
    result = ahead(
        blocks(
            ("Company", [company("C1", companyName="First"), company("C2")]),
            ("Contact", [contact("K1", "C1")]),
            *between,
            ("Company", [company("C1", companyName="Last")]),
            ("Invoice", [invoice("I1", "C1", totalAmount="10"), invoice("I2", "C2")]),
            ("Invoice", [invoice("I1", "C2", totalAmount="20")]),
        )
    )
    assert result.status_code == "Success"
    assert counts(result)["Company"]["skipped"] == counts(result)["Invoice"]["skipped"] == 1
    assert Company.objects.get(erp_key="C1").company_name == "Last"
    assert Contact.objects.get().company == Company.objects.get(erp_key="C1")
    assert [(i.total_amount, i.company.erp_key) for i in Invoice.objects.filter(erp_key="I1")] == [(20, "C2")]
    assert recount(enrollment) == []
    told = result.details.get(kind="skip", entity="Company")
    assert told.message.startswith("Superseded by line 2 of Company")


def test_of_accounts_with_one_code_the_oldest_is_the_one_that_came_first_in_the_end(ahead, counts):
    result = ahead(
        blocks(
            ("FinancialAccount", [account("A1"), account("A2")]),
            ("Company", [company()]),
            ("FinancialAccount", [account("A1")]),
            ("FinancialAccountBalanceHistory", [balance(financialAccountCode="1000")]),
        )
    )
    assert result.status_code == "Success"
    assert FinancialAccountBalanceHistory.objects.get().financial_account.erp_key == "A2"


def test_what_was_inserted_ahead_is_no_reason_of_its_own_against_a_deletion(ahead, sync):
    sync({"companies": [company("C1")]})
    result = ahead(
        blocks(("Contact", [contact("K1", "C1")]), ("Company", [company("C1", onMatchAction="2"), company("C2")]))
    )
    (problem,) = result.details.filter(code="still_referenced")
    assert "of the same input" in problem.message


def test_what_the_database_says_is_told_and_not_what_comes_of_it(ahead, monkeypatch):
    insert = Ahead._insert

    def out_of_room(*args):
        insert(*args)
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0 FROM nowhere")

    monkeypatch.setattr(Ahead, "_insert", out_of_room)
    data = blocks(("Company", [company("C1")]), ("Invoice", [invoice("I1")]))
    result = ahead(data | {"broken": ConnectorError("Refused with the password 1234.")})
    assert result.failure_code == "our_fault"
    assert not Company.objects.exists()


def test_what_refers_to_a_line_that_falls_falls_too(ahead, counts, enrollment):
    result = ahead(
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


def test_a_column_that_lets_lines_mean_something_else_takes_all_back(ahead, counts):
    result = ahead(
        blocks(
            ("Company", [company("C1"), company("C2")]),
            ("Contact", [contact("K1", "C1")]),
            ("Company", [company("C3", onMatchAction="1"), company("C4", networkId="")]),
        )
    )
    assert (result.status_code, ahead.statements) == ("Success", 2)
    assert counts(result) == {
        "Company": {"lines_read": 4, "inserted": 4},
        "Contact": {"lines_read": 1, "inserted": 1},
    }


def test_a_line_that_lacks_what_a_new_record_needs_is_rejected_as_ever(ahead, counts):
    incomplete = company("C3")
    del incomplete["companyName"]
    result = ahead(blocks(("Company", [company("C1"), company("C2")]), ("Company", [incomplete])))
    assert counts(result) == {"Company": {"lines_read": 3, "inserted": 2, "rejected": 1}}
    assert result.details.get(kind="error").code == "required_missing"


def test_an_amount_that_becomes_too_large_is_rejected_as_ever(ahead, counts):
    large = invoice("I2", totalAmount="9" * 20, currencyRate="100")
    result = ahead(blocks(("Company", [company()]), ("Invoice", [invoice("I1"), large])))
    assert counts(result)["Invoice"] == {"lines_read": 2, "inserted": 1, "rejected": 1}
    assert result.details.get(kind="error").code == "number_too_large"


@pytest.mark.parametrize("transient", [False, True])
def test_a_source_that_breaks_off_leaves_nothing(ahead, counts, enrollment, transient):
    # Contacts begin when what there is of companies has been inserted.
    data = blocks(("Company", [company("C1"), company("C2", isActive="perhaps")]), ("Contact", [contact()]))
    result = ahead(data | {"broken": ConnectorError("The source is away. Try again later.", transient=transient)})
    assert ahead.statements >= 1
    assert not Company.objects.exists()
    assert recount(enrollment) == []
    if transient:
        assert (result.status_code, result.failure_count) == ("Connector", 1)
        assert not result.results.exists() and not result.details.exists()
    else:
        assert result.status_code == "Failed"
        # What was found out about the lines is told all the same.
        assert counts(result)["Company"] == {"lines_read": 2, "skipped": 1, "rejected": 1}
        assert result.details.filter(code="bad_boolean").exists()


def test_what_a_guard_stops_leaves_nothing(ahead, counts, enrollment):
    enrollment.reject_limit_percent = 20
    enrollment.save()
    bad = [company(f"C{number}", isActive="perhaps") for number in range(3, 6)]
    result = ahead(blocks(("Company", [company("C1"), company("C2")]), ("Company", bad)))
    assert (result.status_code, result.failure_code, ahead.statements) == ("Failed", "reject_limit", 1)
    assert not Company.objects.exists()
    assert counts(result) == {"Company": {"lines_read": 5, "skipped": 2, "rejected": 3}}


def test_a_merge_that_fails_leaves_nothing(ahead, enrollment, monkeypatch):
    monkeypatch.setattr(runner.merge, "counts", lambda work: 1 / 0)
    result = ahead(blocks(("Company", [company("C1"), company("C1"), company("C2")]), ("Contact", [contact()])))
    assert result.status_code == "Failed"
    assert not Company.objects.exists() and not Contact.objects.exists()
    assert recount(enrollment) == []


def test_full_syncs_delete_nothing_of_it(ahead, sync, counts):
    sync({"invoices": []})
    result = ahead(blocks(("Company", [company("C1"), company("C2")])), run_full_sync=True)
    assert counts(result) == {"Company": {"lines_read": 2, "inserted": 2}}
    result = ahead(
        blocks(("Company", [company("C1")]), ("Invoice", [invoice("I1", "C1")])), run_full_sync=True, allow_deletes=True
    )
    assert counts(result) == {
        "Company": {"lines_read": 1, "unchanged": 1, "deleted_as_missing": 1},
        "Invoice": {"lines_read": 1, "inserted": 1},
    }


def test_previews_and_parts_wait_for_the_end(ahead):
    ahead(blocks(("Company", [company()])), dry_run=True)
    assert ahead.statements == 0 and not Company.objects.exists()
    ahead(blocks(("Company", [company()])), total_batches=2, current_batch=1)
    assert ahead.statements == 0 and Company.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_meanwhile_others_see_how_far_it_is_and_may_cancel_it(ahead, monkeypatch):
    monkeypatch.setattr(runner, "REPORT_SECONDS", 0)
    seen = []

    def look_and_cancel():
        try:
            sync_request = SyncRequest.objects.get()
            seen.append((sync_request.status_code, sync_request.lines_read, Company.objects.count()))
            if sync_request.lines_read >= 4:
                with connection.cursor() as cursor:
                    cursor.execute("SET lock_timeout = '2s'")
                sync_request.cancel("Cancelled before it had finished. Nothing was changed.")
        finally:
            connection.close()

    class Looking(list):
        def __iter__(self):
            with ThreadPoolExecutor(1) as elsewhere:
                elsewhere.submit(look_and_cancel).result()
            return super().__iter__()

    data = {}
    for number in range(0, 30, 2):
        data[f"company{number}"] = rows(number, "Company", [company(f"C{number}"), company(f"C{number + 1}")])
        data["companies" + " " * number] = Looking([company(f"D{number}")])
    result = ahead(data)
    assert ahead.statements > 1
    assert result.status_code == "Cancelled"
    assert not Company.objects.exists() and not result.results.exists()
    assert all(status == "In Progress" and not records for status, _, records in seen[:-1])


@pytest.mark.django_db(transaction=True)
def test_meanwhile_no_preview_writes_the_same_and_the_enrollment_may_be_changed(ahead, enrollment):
    locked = []

    def look_in():
        try:
            AppEnrollment.objects.filter(pk=enrollment.pk).update(name="Renamed meanwhile")
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '100ms'")
            try:
                with transaction.atomic():
                    enrollment.lock_books()
                locked.append(False)
            except OperationalError:
                locked.append(True)
        finally:
            connection.close()

    class LookingIn(list):
        def __iter__(self):
            with ThreadPoolExecutor(1) as elsewhere:
                elsewhere.submit(look_in).result()
            return super().__iter__()

    # A small block is held back until the next one shows whether it belongs to it.
    data = blocks(("Company", [company("C1")]), ("Contact", [contact()]))
    assert ahead({"contacts": LookingIn()} | data | {"invoices": LookingIn()}).status_code == "Success"
    assert locked[0] is False and locked[-1] is True


def test_a_csv_of_many_lines_is_inserted_while_it_is_read(sync, counts, settings):
    lines = [f"C{number},Company {number},Customer,true" for number in range(45_000)]
    text = "erpKey,companyName,companyType,isActive\n" + "\n".join(lines)
    with CaptureQueriesContext(connection) as captured:
        result = sync(GivenFiles({"companies.csv": text}), ahead=True)
    assert sum("WITH placed AS" in query["sql"] for query in captured) >= 3
    assert counts(result) == {"Company": {"lines_read": 45_000, "inserted": 45_000}}


@pytest.mark.django_db(transaction=True)
def test_a_report_that_comes_late_keeps_nobody_waiting(ahead, monkeypatch):
    report = SyncRequest.report

    def late(sync_request, lines_read):
        # Until the transaction holds the row itself.
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '20s'")
        while threading.current_thread() is not threading.main_thread() and not is_succeeding.wait(10):
            pass
        report(sync_request, lines_read)

    def succeed(sync_request, *args, **values):
        succeeded(sync_request, *args, **values)
        is_succeeding.set()

    is_succeeding, succeeded = threading.Event(), SyncRequest.succeed
    monkeypatch.setattr(SyncRequest, "report", late)
    monkeypatch.setattr(SyncRequest, "succeed", succeed)
    began = time.monotonic()
    assert ahead(blocks(("Company", [company()]))).status_code == "Success"
    assert time.monotonic() - began < 9
