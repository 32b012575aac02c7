"""The examples of the documents do what the documents say."""

import io
import json
import subprocess
import sys
import threading
import types
import zipfile
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from adsplatform.records.models import Company
from enrollments.services import enroll, publish_application
from syncs import connectors, tasks
from syncs.connectors.protocol import ConnectorError, Source
from syncs.models import SyncRequest
from syncs.services.requests import request_sync
from tests.callers import Program
from tests.docs.documents import ROOT, fenced_code

PAGES = {
    "/companies?page=1": [
        {"id": "C1", "name": "Acme", "type": "Customer", "archived": False},
        {"id": "C2", "name": "Globex", "type": "Customer", "archived": True},
    ],
    "/companies?page=2": [{"id": "C3", "name": "Initech", "type": "Vendor", "archived": False}],
    "/companies?page=3": [],
}


class ExampleServer(BaseHTTPRequestHandler):
    """The system that the example connector reads; it knows one token, and may be short of time."""

    is_busy = False
    retry_after = "7"

    def do_GET(self):
        if self.headers["Authorization"] != "Bearer right":
            self._answer(401, [])
        elif self.is_busy:
            self._answer(503, [])
        else:
            self._answer(200, PAGES[self.path])

    def _answer(self, status, body):
        self.send_response(status)
        if status == 503:
            self.send_header("Retry-After", self.retry_after)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *args):
        """Say nothing on the terminal."""


@pytest.fixture
def credentials():
    server = HTTPServer(("127.0.0.1", 0), ExampleServer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield {"serverName": f"http://127.0.0.1:{server.server_port}", "authToken": "right"}
    server.shutdown()
    server.server_close()


@pytest.fixture
def example(monkeypatch):
    """The connector of docs/extending.md, registered for one test."""
    monkeypatch.setattr(connectors, "registry", dict(connectors.registry))
    (code,) = fenced_code(ROOT / "docs" / "extending.md", "python")
    module = types.ModuleType("syncs.connectors.example_erp")
    exec(compile(code, "docs/extending.md", "exec"), module.__dict__)
    return connectors.connector_named("example-erp")


def test_the_example_connector_follows_our_rules():
    (code,) = fenced_code(ROOT / "docs" / "extending.md", "python")
    for command in (["check", "--quiet"], ["format", "--check", "--quiet"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--stdin-filename", "syncs/connectors/example_erp.py", "-"]
        checked = subprocess.run(ruff, cwd=ROOT, input=code, capture_output=True, text=True)
        assert checked.returncode == 0, checked.stdout


def test_the_example_connector_reads_no_files_of_the_server(example):
    with pytest.raises(ConnectorError, match="must begin with https"):
        example.check({}, {"serverName": "file:///etc", "authToken": "right"})


@pytest.mark.django_db
def test_the_example_connector_loads_companies(example, credentials):
    program = Program()
    application = publish_application(example.application)
    enrollment = enroll(program.account, application, program.user, credentials=credentials)
    request_sync(enrollment, program.user)
    tasks.run_next_sync()
    assert SyncRequest.objects.get().status_code == "Success"
    # A rejected row is read again from its raw text, by the names of the columns.
    source = Source(app_enrollment_id=None, full=False, limits=None, credentials=credentials)
    for rows in example.rows(source):
        assert [list(json.loads(raw)) for raw in rows.raw] == [list(rows.columns)] * len(rows)
    companies = Company.objects.order_by("erp_key").values_list("erp_key", "company_name", "is_active")
    assert list(companies) == [("C1", "Acme", True), ("C2", "Globex", False), ("C3", "Initech", True)]


def test_the_example_connector_checks_its_credentials(example, credentials):
    example.check({}, credentials)
    with pytest.raises(ConnectorError, match="answered 401") as refused:
        example.check({}, credentials | {"authToken": "wrong"})
    assert not refused.value.transient


def test_the_example_connector_asks_for_another_try_where_that_may_help(example, credentials, monkeypatch):
    monkeypatch.setattr(ExampleServer, "is_busy", True)
    source = Source(app_enrollment_id=None, full=False, limits=None, credentials=credentials)
    with pytest.raises(ConnectorError) as busy:
        list(example.rows(source))
    assert (busy.value.transient, busy.value.retry_after) == (True, 7)
    with pytest.raises(ConnectorError, match="cannot be reached: .*refused") as away:
        example.check({}, credentials | {"serverName": "http://127.0.0.1:9"})
    assert away.value.transient


def test_the_example_connector_waits_until_the_date_that_its_source_asks_for(example, credentials, monkeypatch):
    monkeypatch.setattr(ExampleServer, "is_busy", True)
    in_a_minute = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    pauses = []
    for header in (in_a_minute, "soon", ""):
        monkeypatch.setattr(ExampleServer, "retry_after", header)
        with pytest.raises(ConnectorError) as busy:
            example.check({}, credentials)
        pauses.append(busy.value.retry_after)
    assert 30 < pauses[0] <= 60
    assert pauses[1:] == [None, None]


@pytest.mark.django_db
def test_the_upload_in_the_readme_loads_one_company_and_rejects_one_line(tmp_path):
    (code,) = (code for code in fenced_code(ROOT / "README.md", "sh") if "companies.csv" in code)
    write_file, pack, upload = code.splitlines()
    subprocess.run(["sh", "-c", write_file], cwd=tmp_path, check=True)
    assert pack == "zip books.zip companies.csv"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(tmp_path / "companies.csv", "companies.csv")
    program = Program()
    assert '-H "Api-Key: $API_KEY" -F file=@books.zip' in upload
    packed.seek(0)
    packed.name = "books.zip"
    answer = program.client.post("/api/v1/Sync/zip", {"file": packed}, headers=program.headers)
    assert answer.status_code == 200
    tasks.run_next_sync()
    sync_request = SyncRequest.objects.get()
    assert sync_request.status_code == "Success"
    result = sync_request.results.get()
    assert (result.inserted, result.rejected) == (1, 1)
    problem = sync_request.details.get()
    assert (problem.code, problem.line, problem.value) == ("bad_boolean", 3, "maybe")
