"""A warm process carries out small syncs one after another; whatever happens to it, the worker goes on."""

import io
import json
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest
from django.db import connection

from adsplatform.records.models import Company
from enrollments.models import Application
from syncs import tasks
from syncs.loading import pipeline
from syncs.models import SyncRequest, Upload
from syncs.services import requests
from syncs.worker import warm
from syncs.worker.forks import ForkedProcess
from tests.factories import AppEnrollmentFactory
from tests.loading.conftest import company
from tests.product import eventually

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.forks]


@pytest.fixture
def ask(transactional_db):
    """Ask for a batch of companies of the first or second enrollment, each of an account of its own."""
    app = Application.objects.get(connector="file-upload")
    enrollments = [AppEnrollmentFactory(app=app) for _ in range(2)]

    def load(*companies, into=0):
        content = io.BytesIO(json.dumps({"companies": companies}).encode())
        named = {"file_name": "batch.json", "format": Upload.Format.BATCH, "enrollment": enrollments[into]}
        return requests.load_upload(enrollments[into].group_key, None, content, **named)

    return load


@pytest.fixture
def turn(settings, ask):
    """One turn of the worker; returns the pid of its warm process that is ready for another sync, if there is one."""
    settings.SYNC_OWN_PROCESS = True
    settings.SYNC_RETRY_SECONDS = 60

    def run():
        tasks.run_next_sync()
        process = warm._Kept.process
        return process.pid if process and process.is_ready and not process.has_ended() else None

    yield run
    if process := warm._Kept.process:
        ForkedProcess.kill(process)
    warm.discard()


@pytest.fixture
def held(monkeypatch, tmp_path):
    """Have processes stop before they merge while this file is there; they say so in the file `reached`."""
    hold, reached = tmp_path / "hold", tmp_path / "reached"

    def pause(name):
        if name == "merging" and hold.exists():
            reached.touch()
            assert eventually(lambda: not hold.exists(), seconds=20)

    monkeypatch.setattr(pipeline, "crash_point", pause)
    return hold, reached


def disturbed(turn, held, disturb):
    """Take a turn, and call a function when its sync comes to merge; returns what both return."""
    hold, reached = held
    hold.touch()

    def meanwhile():
        try:
            assert eventually(reached.exists, seconds=10)
            return disturb()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as elsewhere:
        disturbing = elsewhere.submit(meanwhile)
        found = turn()
        hold.unlink(missing_ok=True)
        return found, disturbing.result()


def statuses():
    return list(SyncRequest.objects.order_by("created").values_list("status_code", "crash_count"))


def test_syncs_of_several_accounts_are_carried_out_by_one_process(ask, turn):
    pids = []
    for number in range(4):
        ask(company(f"C{number}"), into=number % 2)
        pids.append(turn())
    assert pids[0]
    assert set(pids) == {pids[0]}
    assert statuses() == [("Success", 0)] * 4
    by_account = sorted(Company.objects.values_list("group_key", "erp_key"), key=lambda row: row[1])
    assert [key for _, key in by_account] == ["C0", "C1", "C2", "C3"]
    assert by_account[0][0] == by_account[2][0] != by_account[1][0] == by_account[3][0]


def test_a_turn_goes_on_with_the_syncs_that_wait(ask, turn):
    for number in range(5):
        ask(company(f"C{number}"), into=number % 2)
    turn()
    assert statuses() == [("Success", 0)] * 5


def test_its_death_is_a_crash_of_the_sync_that_it_has(ask, turn, held):
    ask(company("C1"))
    pid = turn()
    ask(company("C2"))
    left, _ = disturbed(turn, held, lambda: os.kill(pid, signal.SIGKILL))
    assert left is None
    assert statuses() == [("Success", 0), ("Connector", 1)]
    SyncRequest.objects.update(not_before=None)
    assert turn() not in (None, pid)
    assert statuses() == [("Success", 0), ("Success", 1)]


def test_its_death_between_two_syncs_is_no_crash(ask, turn):
    ask(company("C1"))
    pid = turn()
    os.kill(pid, signal.SIGKILL)
    assert eventually(lambda: psutil.Process(pid).status() == psutil.STATUS_ZOMBIE, seconds=5)
    ask(company("C2"))
    assert turn() not in (None, pid)
    assert statuses() == [("Success", 0)] * 2


def test_a_cancel_ends_it_within_two_seconds(ask, turn, held):
    ask(company("C1"))
    pid = turn()
    second = ask(company("C2"), into=1)

    def cancel():
        requests.cancel_sync(SyncRequest.objects.get(pk=second.pk), None)
        return time.monotonic()

    left, cancelled = disturbed(turn, held, cancel)
    assert time.monotonic() - cancelled < 2
    assert left is None
    assert not psutil.pid_exists(pid)
    assert statuses() == [("Success", 0), ("Cancelled", 0)]
    assert Company.objects.count() == 1


def test_it_ends_after_a_sync_that_failed(ask, turn):
    ask(company("C1"))
    pid = turn()
    ask(company("C2", isActive="perhaps"))
    assert turn() is None
    assert not psutil.pid_exists(pid)
    assert statuses() == [("Success", 0), ("Failed", 0)]
    ask(company("C3"), into=1)
    assert turn()
    assert Company.objects.count() == 2


def test_it_goes_on_when_its_session_was_ended_between_two_syncs(ask, turn):
    ask(company("C1"))
    pid = turn()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'no sync'"
        )
        assert cursor.fetchone() == (1,)
    ask(company("C2"), into=1)
    assert turn() == pid
    assert statuses() == [("Success", 0)] * 2


def test_it_ends_after_so_many_syncs(ask, turn, monkeypatch):
    monkeypatch.setattr(warm, "MOST_SYNCS", 2)
    pids = []
    for number in range(3):
        ask(company(f"C{number}"))
        pids.append(turn())
    assert pids[1] is None
    assert pids[2] not in (None, pids[0])
    assert statuses() == [("Success", 0)] * 3


def test_it_ends_when_it_has_grown(ask, turn, monkeypatch):
    monkeypatch.setattr(warm, "MOST_GROWTH", -(10**9))
    ask(company("C1"))
    assert turn() is None
    assert statuses() == [("Success", 0)]


def test_large_uploads_and_what_fetches_data_have_a_process_of_their_own(ask, turn, monkeypatch):
    sync_request = ask(company("C1"))
    assert warm.may_carry(sync_request)
    sync_request.connector = "demo-data"
    assert not warm.may_carry(sync_request)
    monkeypatch.setattr(warm, "MOST_BYTES", 10)
    assert turn() is None
    assert warm._Kept.process is None
    assert statuses() == [("Success", 0)]
