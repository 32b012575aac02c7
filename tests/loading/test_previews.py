"""A preview goes the same way as a sync, says what would come of it, and changes nothing."""

from contextlib import ExitStack

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone

from adsplatform.accounts.models import Account
from adsplatform.records.models import Company, Invoice
from enrollments.models import CustomFieldDefinition
from syncs.loading.merge import preview, steps
from syncs.loading.source import open_source
from syncs.models import SeenKey, SyncDifference, SyncRequest
from syncs.queue.claims import claim_next
from tests.factories import SyncRequestFactory
from tests.loading.conftest import company, invoice


def books():
    """Every row of every table of records, enrollments and accounts."""
    contents = {}
    with connection.cursor() as cursor:
        for model in apps.get_models():
            if model._meta.app_label in ("records", "enrollments", "accounts"):
                cursor.execute(f'SELECT t::text FROM "{model._meta.db_table}" t ORDER BY 1')
                contents[model._meta.label] = cursor.fetchall()
    return contents


def differences_of(sync_request):
    """The differences as (action, entity, key, {name: (before, after)})."""
    return [
        (one.action, one.entity, one.erp_key, {f["name"]: (f["before"], f["after"]) for f in one.fields})
        for one in sync_request.differences.order_by("pk")
    ]


def test_a_preview_counts_what_would_be_done_and_does_nothing(sync, counts):
    sync({"companies": [company("C1"), company("C2"), company("C3")]})
    before = books()
    data = {"companies": [company("C1", companyName="Acme Ltd"), company("C2"), company("C4"), company("C5"),
                          company("C6", isActive="perhaps")]}  # fmt: skip
    result = sync(data, dry_run=True)
    assert result.status_code == "Success"
    assert result.process_result_message == (
        "Preview: 2 would be added, 1 changed, 1 line would not be loaded. Nothing was changed."
    )
    assert counts(result) == {"Company": {"lines_read": 5, "inserted": 2, "updated": 1, "unchanged": 1, "rejected": 1}}
    assert [detail.line for detail in result.details.all()] == [6]
    assert books() == before
    # And that is what then comes of it.
    loaded = sync(data)
    assert counts(loaded) == counts(result)
    assert [str(detail) for detail in loaded.details.all()] == [str(detail) for detail in result.details.all()]
    assert not loaded.differences.exists()


def test_differences_show_the_values_before_and_after(sync):
    sync({"companies": [company("C1"), company("C2")], "invoices": [invoice("I1", "C1"), invoice("I2", "C1")]})
    result = sync(
        {"invoices": [invoice("I1", "C2", totalAmount="12.50"), invoice("I3", "C2"),
                      {"erpKey": "I2", "onMatchAction": "2"}]},
        dry_run=True,
    )  # fmt: skip
    deleted, changed, added = differences_of(result)
    assert changed == (
        "update", "Invoice", "I1",
        {"totalAmount": ("10", "12.5"), "baseCurrencyTotalAmount": ("10", "12.5"),
         "companyErpKey": ("C1", "C2"), "customerErpKey": ("C1", "C2")},
    )  # fmt: skip
    assert deleted[:3] == ("delete", "Invoice", "I2")
    assert deleted[3]["totalAmount"] == ("10", None)
    assert deleted[3]["companyErpKey"] == ("C1", None)
    assert added[:3] == ("insert", "Invoice", "I3")
    assert added[3]["erpKey"] == (None, "I3")
    assert added[3]["companyErpKey"] == (None, "C2")
    assert [(one.file, one.line) for one in result.differences.order_by("pk")] == [
        ("invoices.csv", 4), ("invoices.csv", 2), ("invoices.csv", 3),
    ]  # fmt: skip


def test_a_preview_lists_what_a_full_sync_would_delete_and_deletes_nothing(sync, counts):
    sync({"companies": [company("C1"), company("C2"), company("C3")], "invoices": [invoice("I3", "C3")]})
    before = books()
    result = sync({"companies": [company("C1")]}, dry_run=True, run_full_sync=True)
    assert result.process_result_message == "Preview: 1 would be deleted. Nothing was changed."
    assert counts(result) == {"Company": {"lines_read": 1, "unchanged": 1, "deleted_as_missing": 1}}
    ((action, _, key, fields),) = differences_of(result)
    assert (action, key, fields["companyName"]) == ("delete", "C2", ("Acme", None))
    (difference,) = result.differences.all()
    assert (difference.file, difference.line) == ("", None)
    # Found while deleting, and reported although the deletes were rolled back.
    assert [(d.kind, d.erp_key, d.code) for d in result.details.all()] == [("warning", "C3", "kept_because_referenced")]
    assert books() == before


def test_problems_found_while_applying_the_plan_survive_its_rollback(sync):
    sync({"companies": [company("C1")]})
    line = company("C1", companyName="Tab\tand \\ and\nbreak", onMatchAction="1")
    result = sync({"companies": [line]}, dry_run=True)
    (detail,) = result.details.all()
    assert (detail.code, detail.line) == ("left_as_it_is", 2)
    assert "Tab" in detail.raw_line
    assert result.process_result_message == "Preview: no record would change. Nothing was changed."


def test_definitions_currency_and_seen_keys_stay_as_they_are(sync, enrollment):
    sync({"companies": [company("C1")]})
    before = books()
    data = {
        "baseCurrency": [{"baseCurrencyCode": "CHF"}],
        "customFields": [
            {"tableKey": "Company", "erpKey": "C1", "customFieldLabel": "Region",
             "stringValue": "North", "dataType": "String"}
        ],
    }  # fmt: skip
    result = sync(data, dry_run=True, run_full_sync=True)
    assert result.process_result_message == "Preview: 2 would be added. Nothing was changed."
    assert sorted(one.entity for one in result.differences.all()) == ["BaseCurrency", "CustomField"]
    assert books() == before
    assert Account.objects.get(pk=enrollment.group_key_id).base_currency_code == ""
    assert not CustomFieldDefinition.objects.filter(custom_field_label="Region").exists()
    assert not SeenKey.objects.exists()
    sync(data)
    assert Account.objects.get(pk=enrollment.group_key_id).base_currency_code == "CHF"
    assert CustomFieldDefinition.objects.filter(custom_field_label="Region").exists()


def test_a_hundred_differences_are_stored_and_inserts_come_last(sync):
    sync({"companies": [company("C0"), company("C1")]})
    new = [company(f"N{number:03}") for number in range(150)]
    result = sync({"companies": [*new, company("C1", companyName="Acme Ltd")]}, dry_run=True)
    differences = differences_of(result)
    assert len(differences) == 100
    assert [key for _, _, key, _ in differences[:3]] == ["C1", "N000", "N001"]
    assert result.process_result_message == "Preview: 150 would be added, 1 changed. Nothing was changed."


def test_a_preview_that_the_guard_stops_fails_with_the_figures(sync):
    sync({"companies": [company(f"C{number}") for number in range(20)]})
    result = sync({"companies": [company("C1")]}, dry_run=True, run_full_sync=True)
    assert result.status_code == "Failed"
    assert result.process_result_message.startswith("Stopped: this full sync would delete 19 of 20 companies, more")
    allowed = sync({"companies": [company("C1")]}, dry_run=True, run_full_sync=True, allow_deletes=True)
    assert allowed.process_result_message == "Preview: 19 would be deleted. Nothing was changed."
    assert Company.objects.count() == 20


def test_an_error_while_applying_the_plan_fails_the_preview_and_changes_nothing(sync, monkeypatch):
    monkeypatch.setattr(steps, "delete_missing", lambda work: 1 / 0)
    before = books()
    result = sync({"companies": [company("C1")]}, dry_run=True)
    assert result.status_code == "Failed"
    assert books() == before
    assert not SyncDifference.objects.exists()


def test_a_cancelled_preview_stores_nothing(sync, monkeypatch):
    def cancel(*arguments):
        SyncRequest.objects.get(status_code="In Progress").cancel("Cancelled.")
        return rehearse(*arguments)

    rehearse = preview.rehearse
    monkeypatch.setattr(preview, "rehearse", cancel)
    result = sync({"companies": [company("C1")]}, dry_run=True)
    # The cancelling was in the transaction that is rolled back; elsewhere it would have stayed.
    assert result.status_code == "In Progress"
    assert not SyncDifference.objects.exists()
    assert not Company.objects.exists()


def test_the_next_delta_does_not_start_from_a_preview(sync, enrollment):
    sync({"companies": [company("C1")]}, run_full_sync=True, dry_run=True)
    waiting = SyncRequestFactory(app_enrollment=enrollment, queued=True, connector="given-rows")
    assert open_source(waiting, enrollment, ExitStack()).last_full_sync is None
    sync({"companies": [company("C1")]}, run_full_sync=True)
    assert open_source(waiting, enrollment, ExitStack()).last_full_sync == timezone.now().date()


def test_a_preview_waits_for_no_sync_and_none_waits_for_it(enrollment):
    preview = SyncRequestFactory(app_enrollment=enrollment, running=True, dry_run=True)
    real = SyncRequestFactory(app_enrollment=enrollment, queued=True)
    another = SyncRequestFactory(app_enrollment=enrollment, queued=True, dry_run=True)
    next_real = SyncRequestFactory(app_enrollment=enrollment, queued=True)
    assert claim_next() == real
    assert claim_next() == another
    assert claim_next() is None
    assert SyncRequest.objects.filter(status_code="In Progress").count() == 3
    real.refresh_from_db()
    real.succeed("Done.")
    assert claim_next() == next_real
    preview.refresh_from_db()
    assert preview.status_code == "In Progress"


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_sync_without_news_changes_nothing(sync, dry_run):
    sync({"companies": [company("C1")], "invoices": [invoice()]})
    result = sync({"companies": [company("C1")], "invoices": [invoice()]}, dry_run=dry_run)
    assert result.differences.count() == 0
    assert Invoice.objects.count() == 1
