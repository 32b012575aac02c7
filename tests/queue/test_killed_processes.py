"""No process of a cluster can stand in the others' way by being killed, least of all one that has nothing to do."""

import random
import signal
import time

import psutil
import pytest

from adsplatform.queues import Queue
from syncs.models import SyncRequest
from tests.product import eventually
from tests.queue.test_brokers import ask, has_succeeded
from tests.queue.test_stopping import family_of

WORKERS = 2


def guard_of(started) -> psutil.Process:
    """The process that guards a cluster's workers, once all are there."""
    family_of(started)
    (guard,) = psutil.Process(started.pid).children()
    return guard


def started_anew(guard, killed) -> bool:
    """Whether others are there in the place of those that were killed."""
    return len([child for child in guard.children() if child.pid not in killed]) >= WORKERS + 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("which", [[0], [0, 1], [2], [3], [0, 1, 2, 3]], ids=str)
def test_a_cluster_goes_on_when_idle_processes_are_killed(cluster, which):
    started = cluster(SYNC_WORKERS=str(WORKERS))
    guard = guard_of(started)
    first = ask()
    assert eventually(lambda: has_succeeded(first), seconds=60)
    time.sleep(0.5)
    # In the order in which they were started: the workers, the monitor, the pusher.
    children = sorted(guard.children(), key=lambda child: child.pid)
    killed = [children[number] for number in which]
    for process in killed:
        process.send_signal(signal.SIGKILL)
    assert eventually(lambda: started_anew(guard, {process.pid for process in killed}), seconds=20)
    later = [ask() for _ in range(3)]
    assert eventually(lambda: all(map(has_succeeded, later)), seconds=20)
    started.send_signal(signal.SIGTERM)
    assert started.wait(15) == 0


@pytest.mark.django_db(transaction=True)
def test_a_cluster_is_not_stopped_by_a_flood_of_kills(cluster):
    started = cluster(SYNC_WORKERS=str(WORKERS), SYNC_TRIES="100", SYNC_RETRY_SECONDS="0.1", SYNC_LEASE_SECONDS="2")
    guard = guard_of(started)
    chosen, kills, until = random.Random(4), 0, time.monotonic() + 12
    while time.monotonic() < until:
        if SyncRequest.objects.waiting().count() < 5:
            ask()
        if children := guard.children():
            try:
                chosen.choice(children).kill()
                kills += 1
            except psutil.NoSuchProcess:
                pass
        time.sleep(0.3)
    assert kills >= 20
    assert started.poll() is None
    waiting = list(SyncRequest.objects.unfinished())
    last = ask()
    assert eventually(lambda: has_succeeded(last), seconds=40)
    assert eventually(lambda: not SyncRequest.objects.unfinished().exists(), seconds=40), waiting


def test_what_is_put_is_taken_once_and_in_order():
    queue = Queue()
    assert queue.empty()
    for number in range(3):
        queue.put({"number": number})
    assert not queue.empty() and queue.qsize() == 1
    assert [queue.get()["number"] for _ in range(3)] == [0, 1, 2]
    assert queue.empty()


def test_a_long_result_is_shortened_rather_than_lost():
    queue = Queue()
    queue.put({"result": "x" * 1_000_000, "success": False})
    assert queue.get() == {"result": "x" * 20_000, "success": False}


def test_whoever_stops_a_cluster_waits_for_nobody():
    queue = Queue(maxsize=1)
    queue.put({"number": 1})
    queue.put("STOP")
    assert (queue.get(), queue.get()) == ({"number": 1}, "STOP")
