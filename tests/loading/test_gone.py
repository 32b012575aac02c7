"""Records that a source says are gone are deleted, and a kind of which it suddenly has none is told of."""

import pytest

from adsplatform.records.models import Company, Invoice
from syncs.connectors.protocol import AllKeys, Bookmark, Deleted, KindOffered, RowProblem
from syncs.models import SourceState
from tests.loading.conftest import GivenRows, company, invoice

UNREAD = ("source", None, "bad_json", "It breaks off.", "warning")
pytestmark = pytest.mark.django_db


def keys(model=Company):
    return sorted(model.objects.values_list("erp_key", flat=True))


def companies(*names):
    return {"Company": [company(name) for name in names]}


def gone(*names, kind="Company"):
    return Deleted(kind, "source", names)


def listed(*names, is_last=True, kind="Company"):
    return AllKeys(kind, "source", names, is_last)


def test_records_that_the_source_says_are_gone_are_deleted_and_unknown_ones_are_no_error(sync, counts):
    sync(companies("C1", "C2", "C3"))
    result = sync({"gone": gone("C2", "nobody", "C2"), **companies("C4")})
    assert keys() == ["C1", "C3", "C4"]
    assert counts(result) == {"Company": {"lines_read": 1, "inserted": 1, "deleted_as_missing": 1}}


def test_a_row_after_the_deletion_makes_the_record_anew_and_one_before_it_does_not(sync, counts):
    sync(companies("C1", "C2"))
    changed = [company("C1", companyName="Before"), company("C3")]
    result = sync({"Company": changed, "gone": gone("C1", "C2", "C3"), "companies": [company("C2", companyName="New")]})
    assert list(Company.objects.values_list("erp_key", "company_name")) == [("C2", "New")]
    assert counts(result) == {"Company": {"lines_read": 3, "updated": 1, "skipped": 2, "deleted_as_missing": 1}}
    told = result.details.get(erp_key="C3")
    assert (told.kind, told.code, told.message) == (
        "skip", "superseded", "Superseded: the source says later that this company is gone.",
    )  # fmt: skip


def test_a_row_that_is_in_the_books_already_does_not_save_a_record_that_is_gone(sync):
    sync(companies("C1", "C2"))
    sync({**companies("C1"), "gone": gone("C1")})
    assert keys() == ["C2"]
    sync({"gone": gone("C2"), **companies("C2")})
    assert keys() == ["C2"]


def test_a_gone_record_to_which_others_refer_is_kept_with_a_warning(sync):
    sync({**companies("C1", "C2"), "Invoice": [invoice("I1", "C1")]})
    result = sync({"gone": gone("C1", "C2")})
    assert keys() == ["C1"]
    assert [str(detail.message) for detail in result.details.all()] == [
        "The source says that this company is gone, but invoices still refer to it; it was kept."
    ]
    sync({"gone": gone("C1"), "invoices": gone("I1", kind="invoices")})
    assert keys() == keys(Invoice) == []


def test_the_delete_guard_stops_deletions_of_a_delta_and_keeps_the_old_state(sync):
    sync({**companies(*(f"C{number}" for number in range(30))), "mark": Bookmark("", 1)})
    result = sync({"gone": gone(*(f"C{number}" for number in range(20))), "mark": Bookmark("", 2)})
    assert (result.status_code, result.failure_code, len(keys())) == ("Failed", "delete_guard", 30)
    assert "would delete 20 of 30 companies" in result.process_result_message
    assert SourceState.objects.get().state == 1


def test_what_the_list_of_all_keys_lacks_is_deleted(sync, counts):
    sync(companies("C1", "C2", "C3"))
    first, last = listed("C1", is_last=False), listed(" C3 ")
    result = sync({"first": first, **companies("C4"), "last": last})
    assert keys() == ["C1", "C3", "C4"]
    assert counts(result) == {"Company": {"lines_read": 1, "inserted": 1, "deleted_as_missing": 1}}


@pytest.mark.parametrize(
    "unread",
    [
        {"keys": listed("C1", is_last=False)},
        {"keys": listed("C1"), "problem": RowProblem("Company", *UNREAD, leaves_unread=True)},
        {"keys": listed("C1"), "problem": RowProblem("other", *UNREAD, leaves_unread=True)},
        {"keys": listed()},
    ],
)  # fmt: skip
def test_an_incomplete_or_empty_list_of_keys_deletes_nothing(sync, unread):
    sync(companies("C1", "C2"))
    assert sync(unread).status_code == "Success"
    assert keys() == ["C1", "C2"]


def test_a_list_of_keys_counts_beside_a_rejected_line_and_in_a_full_sync(sync):
    sync(companies("C1", "C2", "C3"))
    bad = [company("C2", companyName=""), company("C1")]
    sync({"Company": bad, "keys": listed("C1", "C2")}, run_full_sync=True)
    assert keys() == ["C1", "C2"]


def test_a_preview_says_what_would_be_deleted_and_deletes_nothing(sync):
    sync(companies("C1", "C2"))
    result = sync({"gone": gone("C1"), "mark": Bookmark("", 1)}, dry_run=True)
    assert [(each.action, each.erp_key) for each in result.differences.all()] == [("delete", "C1")]
    assert (keys(), SourceState.objects.count()) == (["C1", "C2"], 0)


def test_kinds_without_a_key_of_their_own_cannot_be_named(sync):
    result = sync({"gone": gone("x", kind="CustomField")})
    assert "records of “CustomField” are gone, which have no ERP key" in result.process_result_message


def test_a_full_sync_without_any_of_a_kind_keeps_its_records_and_says_how_many(sync, monkeypatch):
    offered = [KindOffered("Company", "Companies"), KindOffered("Invoice", "Invoices")]
    monkeypatch.setattr(GivenRows, "kinds", lambda _: offered)
    sync({**companies("C1", "C2"), "Invoice": [invoice("I1", "C1")]})
    result = sync(companies("C1"), run_full_sync=True)
    warnings = list(result.details.filter(code="none_of_kind").values_list("entity", "message"))
    assert warnings == [
        (
            "Invoice",
            "The source has no invoices any more, and the books hold 1 invoice; it was kept. See whether the "
            "connection may still read them, and whether they are chosen in its settings.",
        )
    ]
    assert (keys(), keys(Invoice)) == (["C1"], ["I1"])
    assert not sync(companies("C1")).details.filter(code="none_of_kind").exists()
