"""One thread of a web process stays free of long queries and downloads, whoever asks for them."""

import threading
import time
from contextlib import contextmanager
from uuid import uuid4

import pytest

from adsplatform.rest import threads
from adsplatform.rest.long_work import LongWork
from tests.callers import Program, anonymous

SENTENCE = (
    "The server is busy with long queries, downloads and inspections of files. Nothing was changed. "
    "Try again in 5 seconds."
)


@contextmanager
def occupied(count, *, account=None, seconds=None):
    """Threads that do long work for an account or several: until the end of the block, or for so many seconds."""
    ended, begun = threading.Event(), threading.Barrier(count + 1)

    def work():
        with LongWork(account.pk if account else uuid4()):
            begun.wait()
            ended.wait(seconds)

    running = [threading.Thread(target=work) for _ in range(count)]
    for thread in running:
        thread.start()
    begun.wait()
    try:
        yield
    finally:
        ended.set()
        for thread in running:
            thread.join()


@pytest.fixture
def program(db):
    return Program()


@pytest.fixture
def inbox(client, program):
    client.force_login(program.user)
    return client


def test_long_work_of_several_accounts_leaves_a_thread_to_what_is_short(program, inbox):
    with occupied(3):
        time.sleep(threads.PATIENCE_SECONDS)
        for path in ("Companies/query", "Reports/ar/aging"):
            answer = program.get(path)
            assert (answer.status_code, answer["Retry-After"], answer.json()["detail"]) == (503, "5", SENTENCE)
        for path in ("/records/companies/", "/records/companies/export/", "/search/?q=acme"):
            page = inbox.get(path)
            assert (page.status_code, page["Retry-After"], SENTENCE in page.text) == (503, "5", True)
        assert anonymous().get("/sign-in/").status_code == 200
        assert inbox.get("/").status_code == 200
    assert program.get("Companies/query").status_code == 200
    assert inbox.get("/records/companies/").status_code == 200


def test_an_account_leaves_one_of_the_others_to_everybody_else(program):
    with occupied(2, account=program.account):
        time.sleep(threads.PATIENCE_SECONDS)
        answer = program.get("Companies/query")
        assert (answer.status_code, answer["Retry-After"]) == (429, "5")
        assert answer.json()["detail"] == (
            "2 long queries, downloads or inspections of files of this account are running, the most that may run at "
            "once. Try again in 5 seconds."
        )
        assert Program().get("Companies/query").status_code == 200
    assert program.get("Companies/query").status_code == 200


def test_a_query_waits_for_short_ones(program, monkeypatch):
    monkeypatch.setattr(threads, "PATIENCE_SECONDS", 60)
    with occupied(3, seconds=0.1):
        assert program.get("Companies/query").status_code == 200


def test_a_refused_query_leaves_nothing_occupied(program, monkeypatch):
    monkeypatch.setattr(threads, "MOST_AT_ONCE", 1)
    with occupied(1):
        time.sleep(threads.PATIENCE_SECONDS)
        assert [program.get("Companies/query").status_code for _ in range(2)] == [503, 503]
        with pytest.raises(threads.Busy), LongWork(program.account.pk):
            pass
    assert [program.get("Companies/query").status_code for _ in range(2)] == [200, 200]
    assert threads._threads == {}
