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
from urllib.parse import parse_qs, urlsplit

import pytest

from adsplatform.records.models import Company
from enrollments.services import enroll, publish_application
from syncs import connectors, tasks
from syncs.connectors.protocol import ConnectorError, Rows, Source
from syncs.connectors.testing import Case, ConnectorSuite
from syncs.models import SyncRequest
from syncs.services.requests import request_sync
from tests.callers import Program
from tests.docs.documents import ROOT, fenced_code

COMPANIES = [
    {"id": "C1", "name": "Acme", "type": "Customer", "archived": False, "modified": "2026-01-01"},
    {"id": "C2", "name": "Globex", "type": "Customer", "archived": True, "modified": "2026-01-02"},
    {"id": "C3", "name": "Initech", "type": "Vendor", "archived": False, "modified": "2026-01-03"},
]
CHANGES = [
    {"id": "C1", "deleted": True, "modified": "2026-02-01"},
    {"id": "C3", "name": "Initrode", "type": "Vendor", "archived": False, "modified": "2026-02-02"},
]


class ExampleServer(BaseHTTPRequestHandler):
    """The system that the example connector reads; it knows one token, and may be short of time."""

    is_busy = is_changed = False
    companies = COMPANIES
    retry_after = "7"

    def do_GET(self):
        if self.headers["Authorization"] != "Bearer right":
            self._answer(401, [])
        elif self.is_busy:
            self._answer(503, [])
        else:
            asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
            page, since = int(asked["page"]), asked.get("since", "")
            found = [*self.companies, *(CHANGES if since and self.is_changed else [])]
            self._answer(200, [company for company in found if company["modified"] >= since][2 * page - 2 : 2 * page])

    def _answer(self, status, body):
        self.send_response(status)
        if status == 503:
            self.send_header("Retry-After", self.retry_after)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *args):
        """Say nothing on the terminal."""


CREDENTIALS = {"authToken": "right"}


@pytest.fixture
def server():
    http = HTTPServer(("127.0.0.1", 0), ExampleServer)
    threading.Thread(target=http.serve_forever, daemon=True).start()
    yield {"server": f"http://127.0.0.1:{http.server_port}"}
    http.shutdown()
    http.server_close()


@pytest.fixture
def example(monkeypatch):
    """The connector of docs/extending/connector.md, registered for one test."""
    monkeypatch.setattr(connectors, "registry", dict(connectors.registry))
    (code,) = fenced_code(ROOT / "docs" / "extending" / "connector.md", "python")
    module = types.ModuleType("syncs.connectors.example_erp")
    exec(compile(code, "docs/extending/connector.md", "exec"), module.__dict__)
    return connectors.connector_named("example-erp")


def source(settings, credentials=CREDENTIALS, **more):
    return Source(app_enrollment_id=None, full=True, limits=None, settings=settings, credentials=credentials, **more)


def test_the_example_connector_follows_our_rules():
    (code,) = fenced_code(ROOT / "docs" / "extending" / "connector.md", "python")
    assert len([line for line in code.splitlines() if line.strip()]) <= 80
    for command in (["check", "--quiet"], ["format", "--check", "--quiet"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--stdin-filename", "syncs/connectors/example_erp.py", "-"]
        checked = subprocess.run(ruff, cwd=ROOT, input=code, capture_output=True, text=True)
        assert checked.returncode == 0, checked.stdout


class TestExampleErp(ConnectorSuite):
    @pytest.fixture
    def case(self, example, server, monkeypatch):
        def change():
            monkeypatch.setattr(ExampleServer, "is_changed", True)
            # What is gone is told to whoever asks for changes only.
            monkeypatch.setattr(ExampleServer, "companies", [COMPANIES[1], CHANGES[1]])

        return Case(
            example,
            source(server),
            refused=source(server, {"authToken": "wrong"}),
            away=source({"server": "http://127.0.0.1:9"}),
            change=change,
        )


def test_the_example_connector_reads_no_files_of_the_server(example):
    with pytest.raises(ConnectorError, match="must begin with https"):
        example.check({"server": "file:///etc"}, CREDENTIALS)


@pytest.mark.django_db
def test_the_example_connector_loads_companies(example, server, monkeypatch):
    program = Program()
    application = publish_application(example.application)
    enrollment = enroll(program.account, application, program.user, settings=server, credentials=CREDENTIALS)
    request_sync(enrollment, program.user)
    tasks.run_next_sync()
    companies = Company.objects.order_by("erp_key").values_list("erp_key", "company_name", "is_active")
    assert list(companies) == [("C1", "Acme", True), ("C2", "Globex", False), ("C3", "Initech", True)]
    # A rejected row is read again from its raw text, by the names of the columns.
    for rows in example.rows(source(server)):
        if isinstance(rows, Rows):
            assert [list(json.loads(raw)) for raw in rows.raw] == [list(rows.columns)] * len(rows)
    monkeypatch.setattr(ExampleServer, "is_changed", True)
    request_sync(enrollment, program.user)
    tasks.run_next_sync()
    assert {sync.status_code for sync in SyncRequest.objects.all()} == {"Success"}
    assert list(companies.all()) == [("C2", "Globex", False), ("C3", "Initrode", True)]


def test_the_example_connector_asks_for_another_try_where_that_may_help(example, server, monkeypatch):
    monkeypatch.setattr(ExampleServer, "is_busy", True)
    in_a_minute = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    pauses = []
    for header in ("7", in_a_minute, "soon", ""):
        monkeypatch.setattr(ExampleServer, "retry_after", header)
        with pytest.raises(ConnectorError, match="answered 503") as busy:
            list(example.rows(source(server)))
        assert busy.value.transient
        pauses.append(busy.value.retry_after)
    assert (pauses[0], 30 < pauses[1] <= 60, pauses[2:]) == (7, True, [None, None])


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
