"""A worker that is killed in the middle of a sync leaves no record of it behind, and another one takes the sync up."""

import json
import time

import psycopg
import pytest
import requests

from tests.benchmarks.invoices import write_zip
from tests.product import eventually

LINES = 150_000


@pytest.fixture
def running(up):
    return up(SYNC_LEASE_SECONDS="3", SYNC_RETRY_SECONDS="0.5").wait()


@pytest.fixture
def database(running):
    """A connection to the product's own database, to look at what any reader could see."""
    at = json.loads((running.var / "postgres/connection.json").read_text())
    with psycopg.connect(
        host="127.0.0.1", port=at["port"], user="ads", dbname="ads", password=at["password"], autocommit=True
    ) as connection:
        yield connection


def test_nothing_of_a_killed_sync_is_visible_then_or_later(running, database, tmp_path):
    path = write_zip(tmp_path / "books.zip", LINES)
    with path.open("rb") as content:
        asked = requests.post(
            f"{running.url}/api/v1/Sync/zip",
            files={"file": content},
            headers={"Api-Key": running.demo()["apiKey"]},
            timeout=60,
        ).json()

    def lines_read():
        (lines,) = database.execute(
            "SELECT lines_read FROM syncs_syncrequest WHERE sync_request_id = %s AND status_code = 'In Progress'",
            [asked["syncRequestId"]],
        ).fetchone() or (0,)
        return lines

    assert eventually(lines_read)
    # It is killed in the merge or before; nothing may be visible in either case.
    time.sleep(1)
    assert records_of(database, asked) == 0
    worker = running.named("qcluster")
    for process in (*worker.children(recursive=True), worker):
        process.kill()
    assert records_of(database, asked) == 0
    assert eventually(lambda: running.named("qcluster").pid != worker.pid)
    # Another worker claims it, reads all of it again, and loads it once.
    assert eventually(lambda: state_of(database, asked)[0] not in ("In Progress", "Connector"), seconds=180)
    assert state_of(database, asked) == ("Success", 1, 2)
    assert records_of(database, asked) == LINES + 500


def state_of(database, asked) -> tuple:
    return database.execute(
        "SELECT status_code, failure_count + crash_count, fence FROM syncs_syncrequest WHERE sync_request_id = %s",
        [asked["syncRequestId"]],
    ).fetchone()


def records_of(database, asked) -> int:
    (count,) = database.execute(
        "SELECT (SELECT count(*) FROM records_invoice WHERE created_sync_id = %(sync)s)"
        " + (SELECT count(*) FROM records_company WHERE created_sync_id = %(sync)s)",
        {"sync": asked["syncRequestId"]},
    ).fetchone()
    return count
