"""The object store: what it refuses, and what nothing but its settings decides."""

import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from syncs.connectors import addresses, connector_named
from syncs.connectors.drop_folder.s3_client import Bucket, open_s3
from syncs.connectors.protocol import ConnectorError, RowProblem
from tests.drop_folder.test_conformance import COMPANIES

S3 = connector_named("s3-folder")
ANSWERS = {
    "/refuses/": (403, "InvalidAccessKeyId", "The key is unknown.", "refuses it (InvalidAccessKeyId)", False),
    "/busy/": (503, "SlowDown", "Too many requests.", "Too many requests.", True),
    "/elsewhere/": (404, "NotFound", "No such thing.", "No such thing.", False),
}


@pytest.fixture(scope="module")
def faulty_store():
    """A server that answers as an object store that is asked for something that cannot be."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            bucket = "/" + self.path.split("?")[0].strip("/").split("/")[0] + "/"
            status, code, message, *_ = ANSWERS[bucket]
            self.send_response(status)
            self.end_headers()
            self.wfile.write(f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode())

        def log_message(self, *given):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_check_says_what_is_there(s3_folder):
    s3_folder.put("companies.csv", COMPANIES)
    s3_folder.put("processed/old.csv", COMPANIES)
    check = S3.check(s3_folder.settings, s3_folder.credentials)
    assert check == f"“in/erp/” in the bucket “{s3_folder.bucket}” has 1 file to load: companies.csv."
    whole = S3.check(s3_folder.settings | {"folder": ""}, s3_folder.credentials)
    assert whole == f"The bucket “{s3_folder.bucket}” can be read; there is no file to load in it now."


@pytest.mark.parametrize("bucket", ANSWERS)
def test_what_the_store_says_is_told(s3_folder, faulty_store, bucket):
    *_, sentence, is_transient = ANSWERS[bucket]
    with pytest.raises(ConnectorError) as refused:
        S3.check(s3_folder.settings | {"endpoint": faulty_store, "bucket": bucket.strip("/")}, s3_folder.credentials)
    assert sentence in str(refused.value)
    assert refused.value.transient is is_transient


def test_a_bucket_that_is_not_there(s3_folder):
    with pytest.raises(ConnectorError, match="there is no such bucket. Check its name and the region."):
        S3.check(s3_folder.settings | {"bucket": "nobodys"}, s3_folder.credentials)


@pytest.mark.parametrize("endpoint", ["http://10.1.2.3", "http://169.254.169.254", "ftp://127.0.0.1"])
def test_addresses_that_nobody_may_reach_are_refused(s3_folder, endpoint):
    with pytest.raises(ConnectorError, match="is not on the public internet|must begin with"):
        S3.check(s3_folder.settings | {"endpoint": endpoint}, s3_folder.credentials)


def test_every_connection_is_checked_not_only_the_address(s3_folder, settings):
    """A name may lead elsewhere by the time it is connected to."""
    bucket = Bucket(s3_folder.settings["endpoint"], "us-east-1", s3_folder.bucket, "key", "secret")
    with open_s3(bucket, "") as opened:
        addresses.allow([])
        try:
            with pytest.raises(ConnectorError, match="is not on the public internet"):
                opened.files()
        finally:
            addresses.allow(settings.CONNECTOR_ALLOWED_ADDRESSES)


def test_the_environment_of_the_platform_does_not_matter(s3_folder, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_PROFILE", "of-somebody")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert S3.check(s3_folder.settings, s3_folder.credentials)


def test_a_file_beyond_the_limit_is_not_fetched(s3_folder):
    s3_folder.put("companies.csv", COMPANIES)
    source = s3_folder.source()
    items = list(S3.rows(replace(source, limits=replace(source.limits, unpacked_bytes=10))))
    [problem] = [item for item in items if isinstance(item, RowProblem)]
    assert (problem.code, problem.line) == ("file_too_large", None)
    assert problem.message == (
        f"“companies.csv” has {len(COMPANIES.encode())} bytes, more than the 10 that are read of one file, so nothing "
        "was loaded from it. Split it into several."
    )
