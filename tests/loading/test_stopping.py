"""What is cancelled, or breaks, leaves nothing behind."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from adsplatform.records.models import Company
from syncs.connectors.protocol import ConnectorError
from syncs.loading import pipeline
from syncs.loading.merge import results, steps
from syncs.models import SyncRequest
from tests.loading.conftest import company, invoice


@pytest.mark.django_db(transaction=True)
def test_a_sync_cancelled_while_it_merges_changes_nothing(sync, monkeypatch):
    apply_plan = steps.apply_plan

    def cancelled_meanwhile(context):
        apply_plan(context)
        with ThreadPoolExecutor(1) as elsewhere:
            elsewhere.submit(cancel).result()

    def cancel():
        SyncRequest.objects.get().cancel("Cancelled before it had finished. Nothing was changed.")
        connection.close()

    monkeypatch.setattr(steps, "apply_plan", cancelled_meanwhile)
    result = sync({"companies": [company()]})
    assert result.status_code == "Cancelled"
    assert not Company.objects.exists()
    assert not result.results.exists()


def test_a_sync_cancelled_while_it_reads_stops_reading(sync, monkeypatch):
    monkeypatch.setattr(pipeline, "REPORT_SECONDS", 0)

    class Cancelling(list):
        def __iter__(self):
            SyncRequest.objects.get().cancel("Cancelled before it had finished. Nothing was changed.")
            return super().__iter__()

    result = sync({"companies": Cancelling([company()])})
    assert result.status_code == "Cancelled"
    assert not Company.objects.exists()
    assert not result.results.exists()


def test_an_error_of_the_platform_is_reported_without_its_details(sync, monkeypatch, counts):
    def broken(context):
        raise RuntimeError("secret inside")

    monkeypatch.setattr(steps, "apply_plan", broken)
    result = sync({"companies": [company("C1"), company("C2", parentCompanyErpKey="C9")]})
    assert result.status_code == "Failed"
    assert result.process_result_message == "Something went wrong on our side. Nothing was changed."
    assert counts(result) == {"Company": {"lines_read": 2, "skipped": 2}}
    assert not result.details.filter(message__contains="secret").exists()


class HangingUp(list):
    """Rows at whose reading the database ends our connection."""

    def __iter__(self):
        with ThreadPoolExecutor(1) as elsewhere:
            elsewhere.submit(hang_up, connection.connection.info.backend_pid).result()
        return super().__iter__()


def hang_up(pid):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    connection.close()


@pytest.mark.django_db(transaction=True)
def test_a_sync_whose_database_went_away_while_reading_waits_to_start_again(sync):
    result = sync({"companies": [company()], "invoices": HangingUp([invoice()])})
    assert (result.status_code, result.failure_count, result.crash_count) == ("Connector", 0, 0)
    assert result.process_result_message == (
        "The platform’s database could not be reached for a while. Nothing was changed."
    )
    assert result.next_try
    assert not result.lease_expires
    assert not Company.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_sync_that_was_started_too_often_fails(sync, settings):
    settings.SYNC_MOST_STARTS = 3
    result = sync({"invoices": HangingUp([invoice()])}, fencing_token=3)
    assert (result.status_code, result.failure_code) == ("Failed", "database_gone")
    assert result.process_result_message == "It was started 3 times and never ended. Nothing was changed."


@pytest.mark.django_db(transaction=True)
def test_a_sync_whose_database_went_away_while_merging_waits_to_start_again(sync, monkeypatch):
    apply_plan = steps.apply_plan

    def cut_off(context):
        apply_plan(context)
        list(HangingUp())

    monkeypatch.setattr(steps, "apply_plan", cut_off)
    result = sync({"companies": [company()]})
    assert (result.status_code, result.failure_count) == ("Connector", 0)
    assert not Company.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_connection_lost_after_the_commit_leaves_the_sync_as_it_ended(sync, monkeypatch):
    def cut_off(place):
        if place == "after the commit":
            list(HangingUp())

    monkeypatch.setattr(pipeline, "crash_point", cut_off)
    result = sync({"companies": [company()]})
    assert result.status_code == "Success"
    assert Company.objects.exists()


def test_problems_that_cannot_be_written_do_not_leave_the_sync_running(sync, monkeypatch):
    monkeypatch.setattr(results, "write", lambda *args: 1 / 0)
    result = sync({"broken": ConnectorError("The ERP did not answer. Try again later.")})
    assert (result.status_code, result.failure_code) == ("Failed", "our_fault")


def test_nothing_of_the_stage_is_left_in_the_session(sync):
    sync({"companies": [company(), company("C2", isActive="perhaps")]})
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relnamespace = pg_my_temp_schema() AND relkind = 'r'")
        left = [name for (name,) in cursor.fetchall()]
    # The plan goes with its transaction, which here is the test's.
    assert [name for name in left if name.startswith("stage")] == []
