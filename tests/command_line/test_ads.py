"""`ads` against a running product: what it prints, and what it ends with."""

import csv
import io
import json
import os
import pty
import re
import subprocess
import sys
import threading
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from adsplatform.command_line.client import PART_BYTES
from adsplatform.command_line.exits import Exit
from adsplatform.command_line.names import REPORTS
from tests.product import PROJECT
from tests.samples.workbooks import FAULTS, as_zip, with_three_faults

ADS = [sys.executable, "-m", "adsplatform.command_line"]
COMPANIES = "erpKey,companyName,companyType,isActive\nC1,Acme,Customer,true\nC2,Globex,Customer,true\n"
INVOICES = (
    "erpKey,companyErpKey,customerErpKey,invoiceTypeCode,invoiceStatusCode,invoiceDate,paymentDueDate,currencyCode,totalAmount,"
    "outstandingBalanceAmount\n"
    "I1,C1,C1,AR Invoice,Open,2026-01-05,2026-02-05,EUR,1234567890.12,1234567890.12\n"
    "I2,C1,C1,AR Invoice,Open,2026-01-06,2026-02-06,EUR,5.10,5.10\n"
)


@pytest.fixture(scope="module")
def books(running, tmp_path_factory):
    """Two files that are loaded; the environment for commands."""
    folder = tmp_path_factory.mktemp("books")
    (folder / "companies.csv").write_text(COMPANIES)
    (folder / "invoices.csv").write_text(INVOICES)
    done = ads(running, "sync", folder / "companies.csv", folder / "invoices.csv", "--wait")
    assert done.returncode == Exit.DONE, done.stdout + done.stderr
    return folder


def environment(product, **more):
    key = product.demo()["apiKey"]
    return os.environ | {"ADS_URL": product.url, "ADS_API_KEY": key, "PYTHONPATH": str(PROJECT)} | more


def ads(product, *arguments, **more):
    return subprocess.run(
        [*ADS, *map(str, arguments)], env=environment(product, **more), capture_output=True, text=True, timeout=120
    )


def rows(done):
    assert done.returncode == Exit.DONE, done.stderr
    return list(csv.DictReader(io.StringIO(done.stdout)))


def test_a_folder_is_loaded_and_its_counts_are_told(running, books):
    done = ads(running, "sync", books, "--wait")
    assert done.returncode == Exit.DONE
    assert "Success: " in done.stdout
    assert done.stderr == ""


def test_rejected_lines_have_an_exit_status_and_a_listing_of_their_own(running, tmp_path):
    path = tmp_path / "books.zip"
    path.write_bytes(as_zip(with_three_faults()))
    done = ads(running, "sync", path, "--wait")
    assert done.returncode == Exit.REJECTED, done.stderr
    id = done.stdout.split()[-1]
    assert "Finished with problems: " in done.stdout
    assert f"ads problems {id}" in done.stderr
    problems = rows(ads(running, "problems", id, "--csv"))
    listed = {(problem["file"], int(problem["line"])) for problem in problems if problem["kind"] == "error"}
    assert listed >= {(file, line) for _, file, line, *_ in FAULTS}
    assert all(problem["message"].endswith(".") for problem in problems)


def test_without_waiting_the_id_is_printed_for_the_next_command(running, books):
    done = ads(running, "sync", books / "companies.csv", "--preview")
    assert done.returncode == Exit.DONE
    (id,) = done.stdout.split()
    listed = [json.loads(line) for line in ads(running, "syncs", "--json").stdout.splitlines()]
    assert next(sync for sync in listed if sync["syncRequestId"] == id)["dryRun"] is True


def test_amounts_are_printed_as_they_are_in_the_books(running, books):
    done = ads(running, "query", "Invoices", "totalAmount gt 1000 and erpKey = 'I1'", "--json")
    (line,) = done.stdout.splitlines()
    assert json.loads(line, parse_float=Decimal)["totalAmount"] == Decimal("1234567890.12")
    asked = ("query", "Invoices", "erpKey in ('I1', 'I2')", "--order", "totalAmount", "--csv")
    found = rows(ads(running, *asked, "--columns", "erpKey,totalAmount"))
    assert [(row["erpKey"], Decimal(row["totalAmount"])) for row in found] == [
        ("I2", Decimal("5.10")),
        ("I1", Decimal("1234567890.12")),
    ]
    assert len(rows(ads(running, *asked, "--limit", "1"))) == 1


def test_a_table_for_people(running, books):
    done = ads(running, "query", "Companies", "erpKey = 'C1'", "--columns", "erpKey,companyName")
    assert [line.split() for line in done.stdout.splitlines()] == [["erpKey", "companyName"], ["C1", "Acme"]]
    assert ads(running, "query", "Companies", "erpKey = 'C0'").stdout == "Nothing was found.\n"


def test_a_table_in_a_pipe_breaks_no_line(running, books):
    header, *lines = ads(running, "query", "Invoices").stdout.splitlines()
    assert header.split()[0] == "erpKey"
    assert "groupKey" not in header
    assert len(lines) >= 2
    assert all(len(line.split()) <= len(header.split()) + 2 for line in lines)
    listed = ads(running, "syncs").stdout.splitlines()[1:]
    assert all(re.match("[0-9a-f]{8}-[0-9a-f-]{27} ", line) for line in listed)


def test_a_report(running, books):
    shown = ads(running, "report", "aging", "reportDate=2026-03-01")
    assert shown.returncode == Exit.DONE, shown.stderr
    assert "1234567895.22" in shown.stdout
    assert "1234567895.22" in ads(running, "report", "aging", "--csv").stdout


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (["query", "Invoices", "totalAmont gt 1"], Exit.REFUSED, "totalAmont"),
        (["query", "invoice"], Exit.USAGE, "“invoice” is no list that can be queried. Did you mean “Invoices”?"),
        (["report", "agings"], Exit.USAGE, "“agings” is no report. Did you mean “aging”? There are: aging, ap/aging"),
        (["problems", "4e9f5bd3-9a2c-4bd4-a8fb-c54a0ea7b2b9"], Exit.REFUSED, "There is no sync"),
        (["sync", "nowhere.csv"], Exit.USAGE, "There is no file “nowhere.csv”."),
        (["report", "aging", "today"], Exit.USAGE, "write today=VALUE"),
        (["load"], Exit.USAGE, "invalid choice"),
    ],
)
def test_what_is_wrong_is_said_and_ends_with_its_status(running, arguments, status, told):
    done = ads(running, *arguments)
    assert done.returncode == status
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    lines = done.stderr.splitlines()
    assert len({*lines}) == len(lines)
    assert done.stdout == ""


def test_the_help_lists_every_report(running):
    paths = httpx.get(f"{running.url}/api/v1/openapi.json").json()["paths"]
    names = {path.removeprefix("/api/v1/Reports/") for path in paths if path.startswith("/api/v1/Reports/")}
    # Two of the published names are other spellings.
    assert names - {"dailysalesoutstanding", "riskrates"} == set(REPORTS)
    told = ads(running, "report", "--help").stdout
    assert all(f"  {name}\n" in told for name in REPORTS)


def test_a_refused_file_leaves_no_unfinished_upload(running, books):
    done = ads(running, "sync", books / "companies.csv", "--enrollment", "4e9f5bd3-9a2c-4bd4-a8fb-c54a0ea7b2b9")
    assert done.returncode == Exit.REFUSED
    assert "enrollment" in done.stderr


def test_a_wrong_key_is_refused_and_a_missing_setting_named(running):
    assert ads(running, "syncs", ADS_API_KEY="wrong").returncode == Exit.REFUSED
    done = ads(running, "syncs", ADS_URL="", ADS_API_KEY="")
    assert (done.returncode, "ADS_URL and ADS_API_KEY must be set" in done.stderr) == (Exit.USAGE, True)


def test_a_sync_that_goes_on_longer_than_one_waits(running, books):
    done = ads(running, "sync", books / "companies.csv", "--wait", "--timeout", "0")
    assert (done.returncode, "has not ended" in done.stderr) == (Exit.UNREACHED, True)


def test_another_server_than_ours_is_told_apart(running):
    class Other(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(404)
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Other) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        done = ads(running, "syncs", ADS_URL=f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
    assert (done.returncode, "check ADS_URL" in done.stderr) == (Exit.UNREACHED, True)


class Breaking(ThreadingHTTPServer):
    """Passes requests on to the product, but loses the answer of every second part."""

    def __init__(self, product):
        self.product, self.parts, self.lost = product, 0, 0
        super().__init__(("127.0.0.1", 0), _Passing)
        self.url = f"http://127.0.0.1:{self.server_port}"


class _Passing(BaseHTTPRequestHandler):
    def _pass_on(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name: value for name, value in self.headers.items() if name != "Host"}
        with httpx.Client(headers=headers) as client:
            answer = client.request(self.command, f"{self.server.product.url}{self.path}", content=body)
        if self.command == "PATCH":
            self.server.parts += 1
            if self.server.parts % 2:
                self.server.lost += 1
                self.close_connection = True
                return
        self.send_response(answer.status_code)
        for name in ("Content-Type", "Location", "Upload-Offset"):
            if name in answer.headers:
                self.send_header(name, answer.headers[name].replace(self.server.product.url, self.server.url))
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    def do_GET(self):
        self._pass_on()

    def do_POST(self):
        self._pass_on()

    def do_PATCH(self):
        self._pass_on()

    def do_HEAD(self):
        self._pass_on()

    def log_message(self, *_):
        pass


def test_an_upload_goes_on_after_every_break(running, tmp_path):
    path = tmp_path / "companies.csv"
    padding = "x" * 200
    with path.open("w") as file:
        file.write("erpKey,companyName,companyType,isActive,description\n")
        for number in range(2 * PART_BYTES // 200):
            file.write(f"B{number},Break,Customer,true,{padding}\n")
    with Breaking(running) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        done = ads(running, "sync", path, "--preview", "--wait", ADS_URL=server.url)
        server.shutdown()
    assert done.returncode == Exit.DONE, done.stdout + done.stderr
    assert server.lost >= 3


def test_a_terminal_shows_a_bar(running, books):
    ours, theirs = pty.openpty()
    try:
        done = subprocess.run(
            [*ADS, "sync", str(books / "companies.csv"), "--preview"],
            env=environment(running, TERM="xterm"),
            stdout=subprocess.PIPE,
            stderr=theirs,
            timeout=60,
        )
        assert done.returncode == Exit.DONE
        assert "Sending companies.csv" in os.read(ours, 65_536).decode()
    finally:
        os.close(ours)
        os.close(theirs)
