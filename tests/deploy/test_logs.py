"""Lines of the log name the request and the sync they are about."""

import json
import logging
import sys

import pytest
from django.test import Client

from adsplatform.observability import logs
from syncs import connectors, tasks
from tests.factories import SyncRequestFactory, member

ID = "caller-20270105.7"


@pytest.fixture
def lines():
    """What is logged during the test, as the program's own handler would write it in JSON."""
    written = []

    class Kept(logging.Handler):
        def emit(self, record):
            written.append(json.loads(self.format(record)))

    handler = Kept()
    handler.setFormatter(logs.JsonLine())
    handler.addFilter(logs.About())
    logging.getLogger().addHandler(handler)
    logging.getLogger("syncs").setLevel(logging.INFO)
    yield written
    logging.getLogger().removeHandler(handler)
    logging.getLogger("syncs").setLevel(logging.NOTSET)


@pytest.mark.django_db
def test_the_callers_request_id_is_returned_and_names_the_problem():
    answer = Client().get("/api/v1/Sync/query", headers={"X-Request-ID": ID})
    assert answer.headers["X-Request-ID"] == ID
    assert answer.json()["traceId"] == ID


@pytest.mark.django_db
@pytest.mark.parametrize("given", ["", "short", "with blank", "a\tb-cdefgh", "ä" * 12, "x" * 101, '{"forged": 1}'])
def test_an_invalid_request_id_is_replaced(given):
    first, second = (Client().get("/healthz", headers={"X-Request-ID": given}).headers["X-Request-ID"] for _ in "12")
    assert first != given
    assert len(first) == 32
    assert first != second


@pytest.mark.django_db
def test_lines_of_a_request_have_its_id_and_that_of_the_sync_it_asked_for(lines):
    _membership, key = member()
    answer = Client().post(
        "/api/v1/Sync/batch",
        {"companies": [{"erpKey": "C1"}]},
        content_type="application/json",
        headers={"Api-Key": key, "X-Request-ID": ID},
    )
    assert answer.status_code == 200
    (line,) = (line for line in lines if line["logger"] == "syncs.services.requests")
    assert (line["request_id"], line["sync_id"]) == (ID, answer.json()["syncRequestId"])
    assert line["message"] == "A json-batch sync has been asked for."


@pytest.mark.django_db
def test_every_line_of_a_workers_sync_has_its_id(lines, monkeypatch):
    class Broken:
        def rows(self, source):
            raise ValueError("never foreseen")

    monkeypatch.setitem(connectors.registry, "broken", Broken())
    sync_request = SyncRequestFactory(queued=True, connector="broken")
    tasks.run_next_sync()
    assert {line.get("sync_id") for line in lines if line["logger"].startswith("syncs.")} == {str(sync_request.pk)}
    assert any("exception" in line for line in lines)
    assert "The sync is Failed after" in lines[-1]["message"]


def test_lines_that_are_logged_afterwards_have_no_ids(lines):
    with logs.about(sync_id="1"), logs.about(request_id="2"):
        logging.getLogger("syncs").warning("inside")
    logging.getLogger("syncs").warning("outside")
    inside, outside = lines
    assert (inside["sync_id"], inside["request_id"]) == ("1", "2")
    assert "sync_id" not in outside
    assert "request_id" not in outside


def test_a_json_line_is_one_line_whatever_it_holds():
    try:
        raise ValueError("of\ntwo lines")
    except ValueError:
        record = logging.LogRecord("syncs", logging.ERROR, "", 1, "“%s”", ("a\nb",), sys.exc_info())
    line = logs.JsonLine().format(record)
    assert "\n" not in line
    found = json.loads(line)
    assert (found["level"], found["logger"], found["message"]) == ("ERROR", "syncs", "“a\nb”")
    assert found["exception"].endswith("ValueError: of\ntwo lines")
    assert found["time"].endswith("Z")


def test_a_text_line_names_them_too():
    logger_of = logs.configuration("text", root="INFO", levels={})["formatters"]["text"]
    record = logging.LogRecord("syncs", logging.INFO, "", 1, "Done.", (), None)
    record.about = {"sync_id": "7"}
    line = logs.TextLine(logger_of["format"], style="{").format(record)
    assert line.endswith("INFO syncs [sync_id 7]: Done.")
