"""Lines that become records while their source is still being read: what comes out is what had come out otherwise."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from adsplatform.records.models import Company, Contact, FinancialAccountBalanceHistory, Invoice
from enrollments.models import AppEnrollment
from syncs.connectors.protocol import ConnectorError
from syncs.loading import pipeline
from syncs.loading.control_totals.recount import recount
from syncs.loading.direct_insert import DirectInsert
from syncs.models import SyncRequest
from tests.loading.conftest import GivenFiles, account, balance, company, invoice
from tests.loading.test_any_input import rows


def blocks(*of_kinds):
    """Blocks of rows, each a file of its own."""
    return {str(at): rows(at, kind, lines) for at, (kind, lines) in enumerate(of_kinds)}


def contact(key="K1", of="C1", **values):
    return {"erpKey": key, "companyErpKey": of, "isActive": "true"} | values


class Watched:
    """Counts the lines, block by block, that became records before everything was read, and how often that was."""

    def __init__(self, sync, monkeypatch):
        self.sync, self.blocks, self.attempts = sync, [], 0
        copy, attempt = DirectInsert._copy, pipeline._attempt

        def watched_copy(ahead, staged, records):
            self.blocks.append(len(records))
            copy(ahead, staged, records)

        def watched_attempt(*args):
            self.attempts += 1
            return attempt(*args)

        monkeypatch.setattr(DirectInsert, "_copy", watched_copy)
        monkeypatch.setattr(pipeline, "_attempt", watched_attempt)

    def __call__(self, data, **values):
        self.blocks, self.attempts = [], 0
        with CaptureQueriesContext(connection) as captured:
            result = self.sync(data, ahead=True, **values)
        self.transactions = sum(str(query["sql"]).startswith("SAVEPOINT") for query in captured)
        return result


@pytest.fixture
def ahead(sync, monkeypatch):
    return Watched(sync, monkeypatch)


@pytest.fixture
def enrollment(enrollment):
    enrollment.reject_limit_percent = 100
    enrollment.save()
    return enrollment


def test_what_is_certain_becomes_records_block_by_block(ahead, counts, enrollment):
    data = blocks(
        ("Company", [company("C1"), company("C2")]),
        ("Company", [company("C3", parentCompanyErpKey="C1")]),
        ("Contact", [contact("K1", "C3")]),
        ("Invoice", [invoice("I1", "C2", totalAmount="10", currencyRate="1.0"), invoice("I2", "C3")]),
    )
    result = ahead(data)
    assert result.status_code == "Success"
    assert (ahead.blocks, ahead.attempts) == ([2, 1, 1, 2], 1)
    assert counts(result) == {
        "Company": {"lines_read": 3, "inserted": 3},
        "Contact": {"lines_read": 1, "inserted": 1},
        "Invoice": {"lines_read": 2, "inserted": 2},
    }
    assert Company.objects.get(erp_key="C3").parent_company.erp_key == "C1"
    assert Contact.objects.get().company.erp_key == "C3"
    assert Invoice.objects.get(erp_key="I1").base_currency_total_amount == 10
    assert recount(enrollment) == []
    again = ahead(data)
    assert (ahead.blocks, ahead.transactions) == ([], 1)
    assert counts(again)["Invoice"] == {"lines_read": 2, "unchanged": 2}
    changed = ahead(blocks(("Company", [company("C1", companyName="Other"), company("C9")])))
    assert (ahead.blocks, ahead.attempts) == ([], 1)
    assert counts(changed) == {"Company": {"lines_read": 2, "inserted": 1, "updated": 1}}


def test_what_has_to_wait_is_placed_at_the_end(ahead, counts):
    result = ahead(
        blocks(
            ("Invoice", [invoice("I1", "C1")]),
            ("Company", [company("C1"), company("C2"), company("C3", parentCompanyErpKey="C4")]),
            ("Company", [company("C4")]),
        )
    )
    assert (result.status_code, ahead.blocks) == ("Success", [2, 1])
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
    assert (result.status_code, ahead.attempts) == ("Success", 2)
    assert counts(result)["Company"]["skipped"] == counts(result)["Invoice"]["skipped"] == 1
    assert Company.objects.get(erp_key="C1").company_name == "Last"
    assert Contact.objects.get().company == Company.objects.get(erp_key="C1")
    assert [(i.total_amount, i.company.erp_key) for i in Invoice.objects.filter(erp_key="I1")] == [(20, "C2")]
    assert recount(enrollment) == []
    told = result.details.get(kind="skip", entity="Company")
    assert told.message.startswith("Superseded by line 2 of Company")


@pytest.mark.parametrize("held", [0, 1, 2, 100])
def test_however_many_keys_are_held_references_are_found(ahead, counts, monkeypatch, held):
    monkeypatch.setattr("syncs.loading.direct_insert.HELD", held)
    result = ahead(
        blocks(
            ("Company", [company("C1"), company("C2")]),
            ("Contact", [contact("K1", "C2")]),
            ("Company", [company("50%s", parentCompanyErpKey="C1")]),
            ("Contact", [contact("K2", "50%s"), contact("K3", "C9"), contact("K4", "C1")]),
        )
    )
    assert (ahead.blocks, ahead.attempts) == ([2, 1, 1, 2], 1)
    assert counts(result)["Contact"] == {"lines_read": 4, "inserted": 3, "rejected": 1}
    found = dict(Contact.objects.values_list("erp_key", "company__erp_key"))
    assert found == {"K1": "C2", "K2": "50%s", "K4": "C1"}


def test_keys_that_look_alike_once_they_are_escaped_are_not_confused(ahead, counts):
    keys = ["a\tb", "a\\tb", "a\\\\tb", "\\N", "ä"]
    result = ahead(
        blocks(
            ("Company", [company(key, companyName=repr(key)) for key in keys]),
            ("Contact", [contact(f"K{at}", key) for at, key in enumerate(keys)]),
        )
    )
    assert counts(result)["Contact"] == {"lines_read": 5, "inserted": 5}
    assert sorted(Company.objects.values_list("erp_key", flat=True)) == sorted(keys)
    assert {c.company.company_name for c in Contact.objects.all()} == set(map(repr, keys))
    assert all(c.company.company_name == repr(keys[int(c.erp_key[1:])]) for c in Contact.objects.all())


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


def test_what_the_same_input_refers_to_is_not_deleted(ahead, sync):
    sync({"companies": [company("C1")]})
    result = ahead(
        blocks(("Contact", [contact("K1", "C1")]), ("Company", [company("C1", onMatchAction="2"), company("C2")]))
    )
    assert ahead.blocks == [1]
    (problem,) = result.details.filter(code="still_referenced")
    assert "of the same input" in problem.message
    assert Contact.objects.get().company.erp_key == "C1"


def test_what_the_database_says_is_told_and_not_what_comes_of_it(ahead, monkeypatch):
    copy = DirectInsert._copy

    def out_of_room(self, *args):
        copy(self, *args)
        self.stage.copy_thread.then(lambda: self.work.run("SELECT FROM nowhere"))

    monkeypatch.setattr(DirectInsert, "_copy", out_of_room)
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


def test_lines_that_may_mean_something_else_go_through_the_stage(ahead, counts):
    result = ahead(
        blocks(
            ("Company", [company("C1"), company("C2")]),
            ("Contact", [contact("K1", "C1")]),
            ("Company", [company("C3", onMatchAction="1"), company("C4", networkId="")]),
        )
    )
    assert (result.status_code, ahead.blocks) == ("Success", [2, 1])
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
    rated = invoice("I3", totalAmount="10", currencyRate="2")
    result = ahead(blocks(("Company", [company()]), ("Invoice", [invoice("I1"), large, rated])))
    assert ahead.blocks == [1, 1]
    assert counts(result)["Invoice"] == {"lines_read": 3, "inserted": 2, "rejected": 1}
    assert Invoice.objects.get(erp_key="I3").base_currency_total_amount == 20
    assert result.details.get(kind="error").code == "number_too_large"


@pytest.mark.parametrize("transient", [False, True])
def test_a_source_that_breaks_off_leaves_nothing(ahead, counts, enrollment, transient):
    # Contacts begin when what there is of companies has been inserted.
    data = blocks(("Company", [company("C1"), company("C2", isActive="perhaps")]), ("Contact", [contact()]))
    result = ahead(data | {"broken": ConnectorError("The source is away. Try again later.", transient=transient)})
    assert ahead.blocks == [1, 1]
    assert not Company.objects.exists()
    assert recount(enrollment) == []
    if transient:
        assert (result.status_code, result.failure_count) == ("Connector", 1)
        assert not result.results.exists()
        assert not result.details.exists()
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
    assert (result.status_code, result.failure_code, ahead.blocks) == ("Failed", "reject_limit", [2])
    assert not Company.objects.exists()
    assert counts(result) == {"Company": {"lines_read": 5, "skipped": 2, "rejected": 3}}


def test_amounts_of_what_a_guard_stops_were_not_loaded(ahead, sync, enrollment):
    enrollment.reject_limit_percent = 20
    enrollment.save()
    good = [invoice(f"I{number}", "C1", totalAmount="10") for number in range(2)]
    bad = [invoice(f"J{number}", "C1", totalAmount="10", invoiceDate="soon") for number in range(2)]
    companies = ("Company", [company("C1")])
    failed = ahead(blocks(companies, ("Invoice", good + bad)))
    assert (failed.failure_code, ahead.blocks) == ("reject_limit", [1, 2])
    assert sync(blocks(companies, ("Invoice", good))).status_code == "Success"
    of_known = sync(blocks(companies, ("Invoice", good + bad)))
    assert of_known.failure_code == "reject_limit"
    for result, in_books in ((failed, 0), (of_known, 20)):
        total = result.control_totals.get(column="totalAmount")
        found = (total.file_sum, total.loaded_sum, total.skipped_sum, total.rejected_sum, total.books_sum)
        assert found == (40, 0, 20, 20, in_books)


def test_a_merge_that_fails_leaves_nothing(ahead, enrollment, monkeypatch):
    monkeypatch.setattr(pipeline.steps, "counts", lambda work: 1 / 0)
    result = ahead(blocks(("Company", [company("C1"), company("C1"), company("C2")]), ("Contact", [contact()])))
    assert result.status_code == "Failed"
    assert not Company.objects.exists()
    assert not Contact.objects.exists()
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


def test_where_the_database_narrows_us_it_takes_no_copy_and_need_not(ahead, counts):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE records_company FORCE ROW LEVEL SECURITY")
        cursor.execute("SELECT row_security_active('records_company')")
        (is_narrowed,) = cursor.fetchone()
    result = ahead(blocks(("Company", [company("C1"), company("C2")])))
    assert counts(result) == {"Company": {"lines_read": 2, "inserted": 2}}
    # A superuser is narrowed by nothing.
    assert ahead.blocks == ([] if is_narrowed else [2])


def test_previews_and_parts_wait_for_the_end(ahead):
    ahead(blocks(("Company", [company()])), dry_run=True)
    assert not ahead.blocks
    assert not Company.objects.exists()
    ahead(blocks(("Company", [company()])), total_batches=2, current_batch=1)
    assert not ahead.blocks
    assert Company.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_meanwhile_others_see_how_far_it_is_and_may_cancel_it(ahead, monkeypatch):
    monkeypatch.setattr(pipeline, "REPORT_SECONDS", 0)
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
    assert len(ahead.blocks) > 1
    assert result.status_code == "Cancelled"
    assert not Company.objects.exists()
    assert not result.results.exists()
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
    assert locked[0] is False
    assert locked[-1] is True


def test_a_csv_of_many_lines_is_loaded_while_it_is_read(ahead, counts):
    lines = [f"C{number},Company {number},Customer,true" for number in range(45_000)]
    text = "erpKey,companyName,companyType,isActive\n" + "\n".join(lines)
    result = ahead(GivenFiles({"companies.csv": text}))
    assert len(ahead.blocks) >= 3
    assert sum(ahead.blocks) == 45_000
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
