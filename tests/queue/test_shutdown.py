"""A cluster that is asked to stop has ended in time, whatever its workers are doing."""

import signal
import time

import psutil
import pytest
from django_q.brokers import get_broker
from django_q.conf import Conf

from adsplatform.cluster import shutdown
from adsplatform.records.models import Invoice
from syncs import tasks
from syncs.models import SyncRequest
from syncs.services import requests
from tests.benchmarks.invoices import write_zip
from tests.factories import SyncRequestFactory, member
from tests.product import eventually


@pytest.fixture
def clock(monkeypatch, settings):
    """A cluster that has not been asked to stop, and a clock that can be set: `clock[0] = 12.5`."""
    now = [1000.0]
    monkeypatch.setattr(shutdown, "requested_at", shutdown.SharedMoment())
    monkeypatch.setattr(shutdown.time, "monotonic", lambda: now[0])
    settings.STOP_SECONDS = 60
    return now


def states():
    return shutdown.is_requested(), shutdown.is_time_up(), shutdown.is_over()


def test_running_syncs_may_end_then_are_handed_back_then_killed(clock):
    assert states() == (False, False, False)
    shutdown.request()
    assert states() == (True, False, False)
    clock[0] += 49
    # A second request changes nothing.
    shutdown.request()
    assert states() == (True, False, False)
    clock[0] += 2
    assert states() == (True, True, False)
    clock[0] += 10
    assert states() == (True, True, True)


def test_half_of_a_short_stop_time_is_for_handing_back(clock, settings):
    settings.STOP_SECONDS = 4
    shutdown.request()
    clock[0] += 1.9
    assert states() == (True, False, False)
    clock[0] += 0.2
    assert states() == (True, True, False)


@pytest.mark.django_db
def test_a_worker_of_a_stopping_cluster_starts_no_sync(monkeypatch):
    monkeypatch.setattr(shutdown, "requested_at", shutdown.SharedMoment())
    shutdown.request()
    sync_request = SyncRequestFactory(queued=True)
    assert tasks.run_next_sync() == "This cluster is stopping."
    sync_request.refresh_from_db()
    assert sync_request.status_code == SyncRequest.Status.CONNECTOR
    # The wake-up is sent again, for another cluster.
    assert get_broker().queue_size() == 1


@pytest.mark.django_db(transaction=True)
def test_an_idle_cluster_ends_at_once(cluster):
    started = cluster(STOP_SECONDS="60")
    processes = family_of(started)
    began = time.monotonic()
    started.send_signal(signal.SIGTERM)
    assert started.wait(15) == 0
    assert time.monotonic() - began < 15
    assert psutil.wait_procs(processes, timeout=2)[1] == []


@pytest.mark.django_db(transaction=True)
def test_a_sync_that_does_not_end_in_time_is_stopped_and_nothing_of_it_stays(cluster, tmp_path, monkeypatch):
    monkeypatch.setattr(Conf, "POLL", 0.2)
    started = cluster(STOP_SECONDS="8")
    membership, _ = member()
    with write_zip(tmp_path / "books.zip", 400_000).open("rb") as content:
        sync_request = requests.load_upload(membership.group_key, membership.user, content, file_name="books.zip")

    def is_reading():
        sync_request.refresh_from_db()
        return sync_request.lines_read

    assert eventually(is_reading, seconds=60)
    processes = family_of(started)
    began = time.monotonic()
    started.send_signal(signal.SIGTERM)
    assert started.wait(30) == 0
    # Well above eight seconds, because test machines are slow; well below the time that the sync would take.
    assert time.monotonic() - began < 15
    assert psutil.wait_procs(processes, timeout=2)[1] == []
    sync_request.refresh_from_db()
    assert (sync_request.status_code, sync_request.failure_count) == (SyncRequest.Status.CONNECTOR, 0)
    assert not Invoice.objects.exists()


def family_of(process):
    """All processes of a cluster, once it has started them: reading server, guard, two workers, pusher, monitor."""

    def find():
        found = psutil.Process(process.pid).children(recursive=True)
        return found if len(found) >= 6 else None

    return eventually(find)
