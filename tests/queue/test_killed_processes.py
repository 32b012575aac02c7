"""A killed process of a cluster never blocks the others, not even one that is idle.

tests/chaos kills processes under load, and reports clusters that do nothing.
"""

import signal
import time

import psutil
import pytest

from adsplatform.cluster.shared_objects import Queue
from tests.product import eventually
from tests.queue.test_brokers import ask, has_succeeded
from tests.queue.test_shutdown import family_of

WORKERS = 2


def guard_of(started) -> psutil.Process:
    """The process that guards a cluster's workers, once all are there."""
    family_of(started)
    (guard,) = (child for child in psutil.Process(started.pid).children() if "syncs.reading" not in child.cmdline())
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


def test_records_are_taken_once_and_in_order():
    queue = Queue()
    assert queue.empty()
    for number in range(3):
        queue.put({"number": number})
    assert not queue.empty()
    assert queue.qsize() == 1
    assert [queue.get()["number"] for _ in range(3)] == [0, 1, 2]
    assert queue.empty()


def test_a_long_result_is_shortened_rather_than_lost():
    queue = Queue()
    queue.put({"result": "x" * 1_000_000, "success": False})
    assert queue.get() == {"result": "x" * 20_000, "success": False}


def test_stopping_a_cluster_does_not_wait_for_a_full_queue():
    queue = Queue(maxsize=1)
    queue.put({"number": 1})
    queue.put("STOP")
    assert (queue.get(), queue.get()) == ({"number": 1}, "STOP")
