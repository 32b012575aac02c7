"""A sync that inserts rows directly and fails leaves none of them."""

import pytest

from adsplatform.records.models import Company, Contact
from syncs.connectors.protocol import ConnectorError
from syncs.loading import pipeline
from syncs.loading.control_totals.recount import recount
from syncs.loading.staging.copy_thread import CopyThread
from tests.loading.conftest import company, invoice
from tests.loading.direct_insert.conftest import blocks, contact, is_insert


def test_a_database_error_is_reported_rather_than_its_consequence(load, monkeypatch):
    add = CopyThread.add

    def failing_add(copy_thread, statement, rows, **options):
        add(copy_thread, statement, rows, **options)
        if is_insert(statement, copy_thread):
            copy_thread.then(lambda: copy_thread.cursor.execute("SELECT FROM nowhere"))

    monkeypatch.setattr(CopyThread, "add", failing_add)
    data = blocks(("Company", [company("C1")]), ("Invoice", [invoice("I1")]))
    result = load(data | {"broken": ConnectorError("Refused with the password 1234.")})
    assert result.failure_code == "our_fault"
    assert not Company.objects.exists()


@pytest.mark.parametrize("transient", [False, True])
def test_a_source_that_breaks_off_leaves_nothing(load, counts, enrollment, transient):
    # Contacts begin when the companies have been inserted.
    data = blocks(("Company", [company("C1"), company("C2", isActive="perhaps")]), ("Contact", [contact()]))
    result = load(data | {"broken": ConnectorError("The source is away. Try again later.", transient=transient)})
    assert load.blocks == [1, 1]
    assert not Company.objects.exists()
    assert recount(enrollment) == []
    if transient:
        assert (result.status_code, result.failure_count) == ("Connector", 1)
        assert not result.results.exists()
        assert not result.details.exists()
    else:
        assert result.status_code == "Failed"
        # What was found out about the rows is reported all the same.
        assert counts(result)["Company"] == {"lines_read": 2, "skipped": 1, "rejected": 1}
        assert result.details.filter(code="bad_boolean").exists()


def test_a_sync_that_a_guard_stops_leaves_nothing(load, counts, enrollment):
    enrollment.reject_limit_percent = 20
    enrollment.save()
    bad = [company(f"C{number}", isActive="perhaps") for number in range(3, 6)]
    result = load(blocks(("Company", [company("C1"), company("C2")]), ("Company", bad)))
    assert (result.status_code, result.failure_code, load.blocks) == ("Failed", "reject_limit", [2])
    assert not Company.objects.exists()
    assert counts(result) == {"Company": {"lines_read": 5, "skipped": 2, "rejected": 3}}


def test_amounts_of_a_sync_that_a_guard_stops_count_as_not_loaded(load, sync, enrollment):
    enrollment.reject_limit_percent = 20
    enrollment.save()
    good = [invoice(f"I{number}", "C1", totalAmount="10") for number in range(2)]
    bad = [invoice(f"J{number}", "C1", totalAmount="10", invoiceDate="soon") for number in range(2)]
    companies = ("Company", [company("C1")])
    failed = load(blocks(companies, ("Invoice", good + bad)))
    assert (failed.failure_code, load.blocks) == ("reject_limit", [1, 2])
    assert sync(blocks(companies, ("Invoice", good))).status_code == "Success"
    of_known = sync(blocks(companies, ("Invoice", good + bad)))
    assert of_known.failure_code == "reject_limit"
    for result, in_books in ((failed, 0), (of_known, 20)):
        total = result.control_totals.get(column="totalAmount")
        found = (total.file_sum, total.loaded_sum, total.skipped_sum, total.rejected_sum, total.books_sum)
        assert found == (40, 0, 20, 20, in_books)


def test_a_merge_that_fails_leaves_nothing(load, enrollment, monkeypatch):
    monkeypatch.setattr(pipeline.steps, "counts", lambda work: 1 / 0)
    result = load(blocks(("Company", [company("C1"), company("C1"), company("C2")]), ("Contact", [contact()])))
    assert result.status_code == "Failed"
    assert not Company.objects.exists()
    assert not Contact.objects.exists()
    assert recount(enrollment) == []
