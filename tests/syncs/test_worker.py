"""A worker forks a process that runs the sync: whatever happens to that process, the worker goes on."""

import io
import logging
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import psutil
import pytest
from django.db import OperationalError, connection

from adsplatform.accounts.services import Caller
from adsplatform.records.models import Company
from enrollments.models import Application
from enrollments.services import publish_application
from syncs import connectors, tasks
from syncs.connectors.protocol import ConnectorError
from syncs.loading import pipeline
from syncs.loading.staging import copy_thread
from syncs.models import SyncRequest
from syncs.services import requests
from syncs.services.uploads import store_upload
from syncs.worker import carrying, process
from tests.factories import AppEnrollmentFactory, SyncRequestFactory, member
from tests.loading.conftest import GivenRows, company
from tests.product import eventually

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.forks]


@pytest.fixture
def work(settings, monkeypatch):
    """Have a worker run a sync of the given rows; `meanwhile(sync_request)` is called once it is in progress."""
    settings.SYNC_OWN_PROCESS = True
    settings.SYNC_RETRY_SECONDS = 0.01
    # A turn ends with its first sync.
    monkeypatch.setattr(tasks, "LONGEST_TURN", 0)
    publish_application(GivenRows.application)
    enrollment = AppEnrollmentFactory(app=Application.objects.get(connector="given-rows"))

    def run(data, meanwhile=lambda sync_request: None, upload=b""):
        monkeypatch.setitem(connectors.registry, "given-rows", GivenRows(data))
        values = {"app_enrollment": enrollment, "connector": "given-rows", "queued": True}
        if upload:
            values["upload"] = store_upload(enrollment.group_key, None, io.BytesIO(upload), file_name="given.csv")
        sync_request = SyncRequestFactory(**values)

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


@pytest.fixture
def log_lines(tmp_path):
    """The lines that this process and its forks log, each as (level, text); a traceback is part of its text."""
    path = tmp_path / "log"
    handler = logging.FileHandler(path)
    handler.setFormatter(logging.Formatter("\x1e%(levelname)s\x1f%(name)s: %(message)s"))
    root, ours = logging.getLogger(), logging.getLogger("syncs")
    root.addHandler(handler)
    ours.setLevel(logging.INFO)
    yield lambda: [tuple(line.strip().split("\x1f")) for line in path.read_text().split("\x1e")[1:]]
    root.removeHandler(handler)
    ours.setLevel(logging.NOTSET)


@pytest.fixture
def stops_at(monkeypatch, tmp_path):
    """Have the process of a sync stop at a crash point until `resume` is called; `reached` says that it is there."""
    reached, resumed = tmp_path / "reached", tmp_path / "resumed"

    def stop_at(place):
        def pause(name):
            if name == place and not reached.exists():
                reached.touch()
                assert eventually(resumed.exists, seconds=20)

        for module in (pipeline, process, carrying, copy_thread):
            monkeypatch.setattr(module, "crash_point", pause)

    return SimpleNamespace(place=stop_at, reached=reached.exists, resume=resumed.touch)


PLACES = ["started", "reading", "copying", "merging", "written", "before the outcome", "before the commit"]


@pytest.mark.parametrize("directly", [False, True], ids=["staged", "direct insert"])
@pytest.mark.parametrize("place", PLACES)
def test_a_cancel_is_logged_in_one_line(work, log_lines, stops_at, settings, place, directly):
    stops_at.place(place)
    settings.SYNC_AHEAD_BYTES = 0 if directly else 10**9

    def cancel_there(sync_request):
        assert eventually(stops_at.reached, seconds=10)
        requests.cancel_sync(sync_request, None)
        stops_at.resume()

    result = work({"companies": [company(f"C{number}") for number in range(50)]}, cancel_there, upload=b"Not read")
    assert result.status_code == "Cancelled"
    assert not Company.objects.exists()
    lines = [line for line in log_lines() if line[1].startswith("syncs.worker") or line[0] != "INFO"]
    assert [level for level, _ in lines] == ["INFO", "INFO"], lines
    assert lines[0][1].startswith("syncs.worker.process: The sync starts, ")
    assert lines[1][1].startswith("syncs.worker.process: The sync is Cancelled after ")
    assert not [text for _, text in log_lines() if "Traceback" in text or "this run ends" in text]


@pytest.mark.parametrize(
    "error", [RuntimeError("broken"), OperationalError("gone"), ConnectorError("The ERP did not answer.")], ids=repr
)
def test_an_error_after_a_cancel_is_its_consequence(work, log_lines, stops_at, error):
    """Whatever the dead session makes of the rest of the run."""
    stops_at.place("never")

    def fail():
        assert eventually(lambda: SyncRequest.objects.filter(status_code="Cancelled").exists(), seconds=5)
        raise error

    result = work({"companies": Doing(fail)}, cancel)
    assert result.status_code == "Cancelled"
    assert {level for level, _ in log_lines()} == {"INFO"}
    assert len([text for _, text in log_lines() if "is Cancelled" in text]) == 1


def test_staff_end_a_running_sync(work, log_lines):
    def end(sync_request):
        time.sleep(0.3)
        requests.amend_sync(sync_request, Caller(member(staff=True)[0]), status_code="Failed", message="It hung.")
        return time.monotonic()

    result = work({"companies": Doing(in_a_statement)}, end)
    assert (result.status_code, result.process_result_message) == ("Failed", "It hung.")
    assert result.seconds < 2
    assert not processes_of_syncs()
    assert {level for level, _ in log_lines()} == {"INFO"}


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
