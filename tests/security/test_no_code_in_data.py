"""Nothing in the database, the cache or the queue can name code: who can write rows there cannot run anything."""

import base64
import json
import pickle
from pathlib import Path
from queue import Queue

import pytest
from django.core import signing
from django.core.cache import cache, caches
from django.db import connection
from django.test import Client
from django_q.brokers.orm import ORM
from django_q.conf import Conf
from django_q.models import OrmQ, Task
from django_q.pusher import pusher
from django_q.signing import BadSignature, PickleSerializer, SignedPackage
from django_q.tasks import async_task

from adsplatform.cluster import messages
from adsplatform.cluster.shared_objects import Event
from adsplatform.records.models import Company
from syncs.models import SyncRequest
from syncs.periodic import retention
from syncs.tasks import remove_enrollment_data
from tests.factories import member
from tests.loading.conftest import company
from tests.security.test_row_security_policies import as_request_of

pytestmark = pytest.mark.django_db


class Planted:
    """Loading its pickle creates a file."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


@pytest.fixture
def planted(tmp_path):
    """The file that appears when planted code has run, and a pickle that creates it."""
    path = tmp_path / "planted"
    return path, pickle.dumps(Planted(path))


def signed(task: dict) -> str:
    """A message as django-q2 itself signs it, by someone who has our SECRET_KEY."""
    return signing.dumps(task, key=Conf.SECRET_KEY, salt=Conf.PREFIX, serializer=PickleSerializer)


def delivered() -> list[dict]:
    """Have django-q2's own loop take every message; returns the tasks that it gives to workers."""
    given, stopping = Queue(), Event()
    stopping.set()
    for _ in range(OrmQ.objects.count()):
        pusher(given, stopping, ORM())
    return list(given.queue)


def test_a_pickle_in_the_cache_table_is_not_loaded_at_the_next_sign_in(planted):
    path, pickled = planted
    Client().post("/sign-in/", {"username": "ana@example.com", "password": "wrong"})
    with as_request_of(member()[0].group_key) as cursor:
        cursor.execute("SELECT count(*) FROM cache_entry")
        assert cursor.fetchone()[0] > 0
        cursor.execute("UPDATE cache_entry SET value = %s", [base64.b64encode(pickled).decode()])
        cursor.execute("RESET ROLE")
        answer = Client().post("/sign-in/", {"username": "ana@example.com", "password": "wrong"})
        assert answer.status_code == 200
    assert not path.exists()


def test_the_cache_stores_json_and_expires():
    cache.set("counts", [1.5, ["a", None]], 60)
    assert cache.get("counts") == [1.5, ["a", None]]
    with connection.cursor() as cursor:
        cursor.execute("SELECT value FROM cache_entry WHERE cache_key LIKE '%%counts'")
        assert json.loads(cursor.fetchone()[0]) == [1.5, ["a", None]]
    assert not cache.add("counts", 2, 60)
    cache.set("counts", 3, -1)
    assert cache.get("counts", "gone") == "gone"
    assert cache.add("counts", 4, 60)
    assert cache.touch("counts", 60)
    assert cache.get_many(["counts", "others"]) == {"counts": 4}


def test_a_full_cache_drops_entries(settings, monkeypatch):
    monkeypatch.setattr("adsplatform.json_cache.CULL_ONE_IN", 1)
    monkeypatch.setattr(caches["default"], "_max_entries", 9)
    for number in range(30):
        cache.set(f"entry-{number}", number)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM cache_entry")
        assert cursor.fetchone()[0] <= 10


@pytest.mark.parametrize(
    "forge", ["a task that names os.system", "a pickle that runs when loaded", "our own signature"]
)
def test_the_queue_runs_no_other_function(planted, forge):
    path, _ = planted
    task = {"id": "1", "name": "x", "func": "os.system", "args": (f"touch {path}",), "kwargs": {}}
    payload = {
        "a task that names os.system": lambda: signed(task),
        "a pickle that runs when loaded": lambda: signed(Planted(path)),
        "our own signature": lambda: signing.dumps({"func": task["func"], "args": [*task["args"]]}, salt=messages.SALT),
    }[forge]()
    ORM().enqueue(payload)
    assert delivered() == []
    assert not path.exists()
    assert not OrmQ.objects.exists()


def test_a_message_has_no_hooks_and_no_options(settings):
    message = {
        "func": settings.QUEUE_TASKS[0],
        "args": [],
        "hook": "os.system",
        "chain": [["os.system"]],
        "kwargs": {"a": 1},
    }
    ORM().enqueue(signing.dumps(message, salt=messages.SALT))
    (task,) = delivered()
    assert not {"hook", "chain", "group", "cached", "sync"} & {*task}
    assert (task["func"], task["args"], task["kwargs"]) == (settings.QUEUE_TASKS[0], [], {})


def test_nothing_else_can_be_queued():
    with pytest.raises(BadSignature, match="The queue runs no task “os.system”"):
        async_task("os.system", "true")
    with pytest.raises(BadSignature, match="can carry texts only"):
        async_task("syncs.tasks.remove_enrollment_data", object())


def test_messages_signed_before_the_secret_key_was_changed_are_read(settings):
    message = SignedPackage.dumps({"func": settings.QUEUE_TASKS[0], "args": ()})
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "the next one", [settings.SECRET_KEY]
    assert SignedPackage.loads(message)["func"] == settings.QUEUE_TASKS[0]


def test_a_pickle_in_the_results_of_the_queue_is_not_loaded_when_they_are_removed(planted):
    path, pickled = planted
    text = base64.b64encode(pickled).decode()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_q_task (id, name, func, args, kwargs, result, started, stopped, success, "
            "attempt_count) VALUES ('1', 'x', 'x', %s, %s, %s, '2020-01-01', '2020-01-01', true, 1)",
            [text] * 3,
        )
    while retention.prune_some():
        pass
    assert not Task.objects.exists()
    assert not path.exists()


def test_a_message_alone_removes_no_records(enrollment, sync):
    sync({"companies": [company()]})
    assert "Nobody asked to remove" in remove_enrollment_data(str(enrollment.pk))
    assert Company.objects.filter(app_enrollment_id=enrollment.pk).exists()


def test_requests_can_still_wake_a_worker():
    with as_request_of(member()[0].group_key) as cursor:
        async_task("syncs.tasks.run_next_sync")
        cursor.execute("RESET ROLE")
        assert [task["func"] for task in delivered()] == ["syncs.tasks.run_next_sync"]
    assert not SyncRequest.objects.exists()
