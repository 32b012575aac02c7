"""What others see and may do while a sync inserts rows directly."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError, connection, transaction

from adsplatform.records.models import Company
from enrollments.models import AppEnrollment
from syncs.loading import pipeline
from syncs.models import SyncRequest
from tests.loading.conftest import company
from tests.loading.direct_insert.conftest import blocks, contact
from tests.loading.test_any_input import rows


@pytest.mark.django_db(transaction=True)
def test_others_see_the_progress_and_may_cancel(load, monkeypatch):
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
    result = load(data)
    assert len(load.blocks) > 1
    assert result.status_code == "Cancelled"
    assert not Company.objects.exists()
    assert not result.results.exists()
    assert all(status == "In Progress" and not records for status, _, records in seen[:-1])


@pytest.mark.django_db(transaction=True)
def test_the_books_are_locked_but_the_enrollment_may_be_changed(load, enrollment):
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

    # A small block waits until the next one shows whether it belongs to it.
    data = blocks(("Company", [company("C1")]), ("Contact", [contact()]))
    assert load({"contacts": LookingIn()} | data | {"invoices": LookingIn()}).status_code == "Success"
    assert locked[0] is False
    assert locked[-1] is True


@pytest.mark.django_db(transaction=True)
def test_a_late_progress_report_does_not_block_the_commit(load, monkeypatch):
    report = SyncRequest.report

    def late(sync_request, lines_read):
        # Until the transaction has locked the row itself.
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
    assert load(blocks(("Company", [company()]))).status_code == "Success"
    assert time.monotonic() - began < 9
