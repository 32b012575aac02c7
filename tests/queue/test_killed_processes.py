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


def new_ones(guard, known) -> list[psutil.Process]:
    """In the order in which the guard starts them: workers, monitor, pusher."""
    return sorted(set(guard.children()) - set(known), key=lambda child: child.pid)


@pytest.mark.django_db(transaction=True)
def test_a_cluster_goes_on_when_idle_processes_are_killed(cluster):
    started = cluster(SYNC_WORKERS=str(WORKERS))
    guard = guard_of(started)
    processes = dict(zip(("one worker", "another", "monitor", "pusher"), new_ones(guard, []), strict=True))
    for names in (["one worker"], ["one worker", "another"], ["monitor"], ["pusher"], list(processes)):
        asked = [ask(), ask()]
        assert eventually(lambda: all(map(has_succeeded, asked)), seconds=20), names  # noqa: B023
        time.sleep(0.3)
        before = list(processes.values())
        for name in names:
            processes[name].send_signal(signal.SIGKILL)
        assert eventually(lambda: len(new_ones(guard, before)) == len(names), seconds=20), names  # noqa: B023
        processes |= zip(names, new_ones(guard, before), strict=True)
    last = ask()
    assert eventually(lambda: has_succeeded(last), seconds=20)
    started.send_signal(signal.SIGTERM)
    assert started.wait(15) == 0


@pytest.mark.django_db(transaction=True)
def test_a_cluster_is_not_stopped_by_a_flood_of_kills(cluster):
    started = cluster(SYNC_WORKERS=str(WORKERS), SYNC_TRIES="100", SYNC_RETRY_SECONDS="0.1", SYNC_LEASE_SECONDS="2")
    guard = guard_of(started)
    chosen, kills, until = random.Random(4), 0, time.monotonic() + 8
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
    assert kills >= 15
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
