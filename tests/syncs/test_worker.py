"""A worker forks a process that runs the sync: whatever happens to that process, the worker goes on."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest
from django.db import connection

from adsplatform.records.models import Company
from enrollments.models import Application
from enrollments.services import publish_application
from syncs import connectors, tasks
from syncs.models import SyncRequest
from syncs.services import requests
from tests.factories import AppEnrollmentFactory, SyncRequestFactory
from tests.loading.conftest import GivenRows, company
from tests.product import eventually

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.forks]


@pytest.fixture
def work(settings, monkeypatch):
    """Have a worker run a sync of the given rows; `meanwhile(sync_request)` is called once it is in progress."""
    settings.SYNC_OWN_PROCESS = True
    settings.SYNC_RETRY_SECONDS = 0.01
    publish_application(GivenRows.application)
    enrollment = AppEnrollmentFactory(app=Application.objects.get(connector="given-rows"))

    def run(data, meanwhile=lambda sync_request: None):
        monkeypatch.setitem(connectors.registry, "given-rows", GivenRows(data))
        sync_request = SyncRequestFactory(app_enrollment=enrollment, connector="given-rows", queued=True)

        def watch():
            try:
                running = SyncRequest.objects.filter(pk=sync_request.pk, status_code="In Progress")
                if eventually(running.exists, seconds=10):
                    return meanwhile(running.first())
            finally:
                connection.close()

        with ThreadPoolExecutor(1) as elsewhere:
            watching = elsewhere.submit(watch)
            tasks.run_next_sync()
            ended = time.monotonic()
            began = watching.result()
        sync_request.refresh_from_db()
        sync_request.seconds = began and ended - began
        return sync_request

    return run


class Doing(list):
    """Rows that call a function before they are read."""

    def __init__(self, deed):
        super().__init__([company()])
        self.deed = deed

    def __iter__(self):
        self.deed()
        return super().__iter__()


def cancel(sync_request):
    time.sleep(0.3)
    began = time.monotonic()
    requests.cancel_sync(sync_request, None)
    return began


def processes_of_syncs():
    return [process for process in psutil.Process().children() if "postgres" not in process.name()]


def in_a_statement():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(600)")


def in_vain():
    """What a connector does that ignores every exception."""
    while True:
        try:
            time.sleep(600)
        except BaseException:
            continue


def test_a_sync_is_carried_out_by_a_process_of_its_own(work):
    pids = []
    result = work({"companies": Doing(lambda: pids.append(os.getpid()))})
    assert (result.status_code, Company.objects.count()) == ("Success", 1)
    # The other process appended its id to a copy of the list.
    assert pids == []


@pytest.mark.parametrize("deed", [in_a_statement, in_vain, lambda: time.sleep(600)], ids=["SQL", "stubborn", "hanging"])
def test_a_cancel_takes_effect_within_two_seconds(work, deed):
    result = work({"companies": Doing(deed)}, cancel)
    assert result.status_code == "Cancelled"
    assert result.seconds < 2
    assert not Company.objects.exists()
    assert not processes_of_syncs()


def test_a_sync_that_kills_its_process_fails_the_second_time(work):
    def die():
        os.kill(os.getpid(), signal.SIGKILL)

    first = work({"companies": Doing(die)})
    assert (first.status_code, first.crash_count, first.failure_count) == ("Connector", 1, 0)
    time.sleep(0.1)
    tasks.run_next_sync()
    first.refresh_from_db()
    assert (first.status_code, first.crash_count, first.failure_count) == ("Failed", 2, 0)
    assert tasks.run_next_sync() == "No sync is waiting that may run now."


def test_a_terminated_sync_is_handed_back_without_counting_a_failure(work):
    def stop(sync_request):
        time.sleep(0.3)
        (process,) = processes_of_syncs()
        process.terminate()
        return time.monotonic()

    result = work({"companies": Doing(lambda: time.sleep(600))}, stop)
    assert (result.status_code, result.crash_count, result.failure_count) == ("Connector", 0, 0)
    assert result.failure_code == "worker_stopping"
    assert result.seconds < 1


def test_the_lease_is_renewed_while_the_sync_runs(work, settings):
    settings.SYNC_LEASE_SECONDS = 0.8

    def look(sync_request):
        for _ in range(4):
            time.sleep(0.5)
            assert not SyncRequest.objects.expired().exists()

    result = work({"companies": Doing(lambda: time.sleep(2.5))}, look)
    assert (result.status_code, result.fencing_token) == ("Success", 1)


def test_a_process_that_lost_its_lease_is_killed(work):
    def lose(sync_request):
        sync_request.retry_later("Lost.", "worker_lost", seconds=600)
        return time.monotonic()

    result = work({"companies": Doing(lambda: time.sleep(600))}, lose)
    assert (result.status_code, result.process_result_message) == ("Connector", "Lost.")
    assert result.seconds < 2
    assert not processes_of_syncs()
