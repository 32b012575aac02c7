"""Taps of others before real servers: read, changed, read again, refused, away, in the product's own processes."""

import json
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from adsplatform.errors import DependencyFailed
from adsplatform.records.models import Company, Invoice
from enrollments.models import Application
from enrollments.services import enroll
from enrollments.sources import check_connection
from syncs.connectors.protocol import NoVocabulary
from syncs.connectors.singer import taps
from syncs.loading import pipeline
from syncs.models import SyncRequest
from syncs.reading import client
from syncs.reading.asking import ask
from syncs.reading.launcher import ReadingServer
from syncs.reading.questions import Question
from syncs.services.import_profiles import save_document
from tests.factories import AccountFactory, SyncRequestFactory, UserFactory
from tests.sources.singer.taps import customers, invoices, tap
from tests.sql_source.conftest import mysql, postgresql  # noqa: F401, fixtures
from tests.sql_source.servers import DATABASE

# The taps take minutes to install.
pytestmark = [pytest.mark.django_db, pytest.mark.long]
NAMES = ("tap-postgres", "tap-mysql", "tap-rest-api-msdk")


@pytest.fixture(scope="module")
def installed():
    """The taps, allowed here and in the processes that are started."""
    return {name: tap(name) for name in NAMES}


@pytest.fixture(autouse=True)
def reading(installed, settings, monkeypatch):
    """Sources are read by a confined process, as they are in the running product."""
    monkeypatch.setenv("SINGER_TAPS", json.dumps(installed))
    taps.allow(installed)
    settings.SYNC_OWN_PROCESS = True
    server = ReadingServer()
    server.start()
    yield
    server.stop()
    client.server.requests = None
    taps.allow({})


def enrolled(settings, secrets, *profiles):
    app, user = Application.objects.get(connector="singer"), UserFactory()
    found = enroll(AccountFactory(), app, user, settings=settings, credentials={"secrets": json.dumps(secrets)})
    for document in profiles:
        save_document(found, user, document)
    return found


def sync(enrollment, **values):
    found = SyncRequestFactory(app_enrollment=enrollment, running=True, connector="singer", **values)
    pipeline.run(found)
    found.refresh_from_db()
    return found


def loaded(enrollment, **values):
    """A sync, and its counts of each kind, without zeroes."""
    found = sync(enrollment, **values)
    assert found.status_code == SyncRequest.Status.SUCCESS, found.process_result_message
    names = ("inserted", "updated", "unchanged", "rejected", "deleted_as_missing")
    return {
        result.entity: {name: getattr(result, name) for name in names if getattr(result, name)}
        for result in found.results.all()
    }


def database(server, kind):
    """The settings and secrets by which the tap of a database reads the tables of a server, and its streams."""
    config = {"host": "127.0.0.1", "port": server.port, "user": server.user, "database": DATABASE}
    schema = "public" if kind == "tap-postgres" else DATABASE
    if kind == "tap-postgres":
        config |= {"filter_schemas": ["public"]}
    else:
        config |= {"port": str(server.port)}
    streams = f"{schema}-customer", f"{schema}-invoice"
    settings = {
        "tap": kind,
        "config": json.dumps(config),
        "streams": "\n".join(streams),
        "incremental": f"{streams[1]}: changed",
    }
    return settings, {"password": server.password}, streams


@pytest.fixture(params=["tap-postgres", "tap-mysql"])
def source(request):
    server = request.getfixturevalue({"tap-postgres": "postgresql", "tap-mysql": "mysql"}[request.param])
    server.renew()
    if request.param == "tap-mysql":
        # The tap knows no passwords but ASCII ones.
        server = replace(server, user="tap", password="plain one")
        server.execute(
            f"CREATE OR REPLACE USER tap@localhost IDENTIFIED BY '{server.password}'",
            f"GRANT SELECT ON {DATABASE}.* TO tap@localhost",
        )
    return server, *database(server, request.param)


def test_a_database_is_read_by_its_tap(source):
    server, settings, secrets, (of_customers, of_invoices) = source
    enrollment = enrolled(settings, secrets, customers(of_customers), invoices(of_invoices))
    assert loaded(enrollment) == {"Company": {"inserted": 2}, "Invoice": {"inserted": 3}}
    found = dict(Invoice.objects.filter(app_enrollment=enrollment).values_list("erp_key", "total_amount"))
    assert {key: f"{total:f}".rstrip("0") for key, total in found.items()} == {
        "I1": "10.125", "I2": "1.25", "I3": "-0.5",
    }  # fmt: skip
    days = dict(Invoice.objects.filter(app_enrollment=enrollment).values_list("erp_key", "invoice_date"))
    assert {key: day and f"{day:%Y-%m-%d}" for key, day in days.items()} == {
        "I1": "2026-01-31", "I2": "2026-02-28", "I3": None,
    }  # fmt: skip
    assert Company.objects.get(app_enrollment=enrollment, erp_key="C2").company_name == "Zoë & Söhne"

    server.execute(
        "UPDATE invoice SET total = 11, changed = current_timestamp(6) WHERE id = 'I1'",
        "INSERT INTO invoice (id, customer, total) VALUES ('I4', 'C1', 4)",
        "DELETE FROM invoice WHERE id = 'I2'",
    )
    # The bookmark is inclusive, so that rows of the last moment may come again; deletes are not seen.
    changes = loaded(enrollment)["Invoice"]
    assert (changes["inserted"], changes["updated"], "deleted_as_missing" in changes) == (1, 1, False)
    assert loaded(enrollment, run_full_sync=True)["Invoice"] == {"unchanged": 3, "deleted_as_missing": 1}


def test_the_check_names_the_streams_and_a_wrong_password_is_final(source):
    _, settings, secrets, streams = source
    app = Application.objects.get(connector="singer")
    assert " and ".join(streams) in check_connection(app, settings, {"secrets": json.dumps(secrets)})
    with pytest.raises(DependencyFailed, match=f"The tap “{settings['tap']}” ended with exit code 1") as refused:
        check_connection(app, settings, {"secrets": json.dumps({"password": "another one"})})
    assert "another one" not in str(refused.value)


def test_a_server_that_is_away_is_tried_again(source):
    _, settings, secrets, (of_customers, of_invoices) = source
    enrollment = enrolled(settings, secrets, customers(of_customers), invoices(of_invoices))
    away = json.loads(settings["config"])
    away["port"] = type(away["port"])(1)
    enrollment.custom_field_definitions.filter(name="config").update(value=json.dumps(away))
    found = sync(enrollment)
    assert found.status_code == SyncRequest.Status.CONNECTOR, found.process_result_message
    assert found.next_try


class Orders(BaseHTTPRequestHandler):
    """Orders by pages of two, for those who know the token."""

    rows = [
        {"id": number, "number": f"R{number}", "customer": {"code": "C1"}, "total": 10.5 + number, "day": "2026-01-31"}
        for number in range(1, 6)
    ]

    def do_GET(self):
        if self.headers.get("Authorization") != "Bearer right one":
            return self.answer(401, {"error": "unauthorized"})
        page = int(parse_qs(urlsplit(self.path).query).get("page", ["1"])[0])
        found = self.rows[2 * page - 2 : 2 * page]
        return self.answer(200, {"orders": found, "next": page + 1 if 2 * page < len(self.rows) else None})

    def answer(self, status, document):
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Says nothing."""


@pytest.fixture(scope="module")
def orders():
    with ThreadingHTTPServer(("127.0.0.1", 0), Orders) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def of_orders(port, token="right one"):
    config = {
        "api_url": f"http://127.0.0.1:{port}",
        "pagination_request_style": "jsonpath_paginator",
        "pagination_response_style": "page",
        "next_page_token_path": "$.next",
        "pagination_next_page_param": "page",
        "streams": [
            {"name": "orders", "path": "/orders", "records_path": "$.orders[*]", "primary_keys": ["id"],
             "num_inference_records": 5}
        ],
    }  # fmt: skip
    settings = {"tap": "tap-rest-api-msdk", "config": json.dumps(config), "streams": "orders"}
    return settings, {"headers": {"Authorization": f"Bearer {token}"}}


def test_pages_of_a_web_service_are_read(orders):
    settings, secrets = of_orders(orders)
    question = Question("singer", settings, {"secrets": json.dumps(secrets)}, rows=20)
    _, header, block = ask(question, NoVocabulary())
    assert set(header.columns) == {"id", "number", "customer_code", "total", "day"}
    columns = dict(zip(block.columns, map(list, block.cells), strict=True))
    assert columns["number"] == ["R1", "R2", "R3", "R4", "R5"]
    assert columns["total"] == ["11.5", "12.5", "13.5", "14.5", "15.5"]


def test_a_token_that_a_web_service_refuses_is_final_and_never_shown(orders):
    settings, secrets = of_orders(orders, token="a wrong one")
    with pytest.raises(DependencyFailed) as refused:
        check_connection(Application.objects.get(connector="singer"), settings, {"secrets": json.dumps(secrets)})
    assert "a wrong one" not in str(refused.value)
