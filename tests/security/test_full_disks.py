"""Nobody can fill the disk: what may not be sent is refused before it is stored, and a reserve always stays free."""

import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from adsplatform.accounts.models import Role
from adsplatform.rest.admission import may_send_much
from syncs.models import ResumableUpload, SyncRequest, Upload
from tests.callers import Program
from tests.security.test_hostile_uploads import everything_in

pytestmark = pytest.mark.django_db
MEGABYTE = 1024**2
NO_ROOM = "The server has no room for uploads at the moment. Nothing was changed. "


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """The temporary folder of uploads, of which every file is remembered."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


@pytest.fixture
def stored(monkeypatch):
    """How many bytes Django puts into temporary files."""
    sizes = []

    class Counted(io.BytesIO):
        def write(self, data):
            sizes.append(len(data))
            return super().write(data)

    monkeypatch.setattr("django.core.files.uploadhandler.TemporaryUploadedFile", lambda *args, **kwargs: Counted())
    return sizes


def browser(role):
    """A browser of somebody with that role, who is signed in, and that checks tokens as in production."""
    program = Program(role)
    client = Client(enforce_csrf_checks=True)
    client.force_login(program.user)
    return client


def token_of(client, page="/upload/"):
    return re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', client.get(page).text)[1]


def files(count=1, size=4 * MEGABYTE):
    return [SimpleUploadedFile(f"companies{number}.csv", b"x" * size) for number in range(count)]


@pytest.mark.parametrize("token", [{}, {"csrfmiddlewaretoken": "x" * 64}])
def test_a_form_without_a_valid_token_is_refused_before_its_files_are_stored(stored, token):
    client = browser(Role.MEMBER)
    token_of(client)
    assert client.post("/upload/", {**token, "file": files(25)}).status_code == 403
    assert stored == []


def test_a_file_of_somebody_who_may_only_read_is_refused_before_it_is_stored(stored):
    client = browser(Role.READ_ONLY)
    token = token_of(client, "/password/")
    answer = client.post("/upload/", {"csrfmiddlewaretoken": token, "file": files(25)})
    assert (answer.status_code, "is Read-Only, which may look but not change this" in answer.text) == (403, True)
    assert stored == []


def test_a_form_takes_one_file(stored, tmp_path):
    client = browser(Role.MEMBER)
    before = everything_in(tmp_path)
    answer = client.post("/upload/", {"csrfmiddlewaretoken": token_of(client), "file": files(25)})
    assert "Send one file at a time, or put them into a ZIP." in answer.text
    assert sum(stored) == 4 * MEGABYTE
    assert (everything_in(tmp_path), SyncRequest.objects.count()) == (before, 0)


def test_a_file_with_a_valid_token_is_loaded(tmp_path):
    client = browser(Role.MEMBER)
    content = b"erpKey,companyName\n" + b"C1,Acme\n" * 500_000
    answer = client.post(
        "/upload/", {"csrfmiddlewaretoken": token_of(client), "file": SimpleUploadedFile("companies.csv", content)}
    )
    assert answer.status_code == 302
    assert Upload.objects.get().content.read() == content


def test_other_pages_take_no_files_and_strangers_no_large_forms(stored):
    client = browser(Role.OWNER)
    token = token_of(client, "/password/")
    assert client.post("/password/", {"csrfmiddlewaretoken": token, "file": files(1)}).status_code == 200
    assert client.post("/password/", {"csrfmiddlewaretoken": token, "file": files(3)}).status_code == 400
    assert Client().post("/sign-in/", {"username": "u" * 20_000}).status_code == 400
    assert stored == []


def head_of(path, *lines):
    return "\r\n".join([f"POST {path} HTTP/1.1", "Host: localhost", *lines, "", ""]).encode()


def test_the_web_server_takes_large_bodies_only_from_those_who_may_load(monkeypatch):
    # It would end the test's own transaction.
    monkeypatch.setattr("adsplatform.rest.admission.close_old_connections", lambda: None)
    for role, may in ((Role.OWNER, True), (Role.MEMBER, True), (Role.READ_ONLY, False)):
        program = Program(role)
        program.client.force_login(program.user)
        cookie = f"Cookie: sessionid={program.client.cookies['sessionid'].value}"
        assert may_send_much(head_of("/api/v1/Sync/zip", f"Api-Key: {program.key}")) is may
        assert may_send_much(head_of("/upload/", cookie)) is may


def test_without_its_reserve_the_server_refuses_uploads_and_nothing_else(settings):
    program = Program()
    begun = program.send(
        "POST",
        "Sync/uploads",
        headers={**program.headers, "Upload-Length": "9", "Upload-Metadata": "filename YS5jc3Y="},
    ).json()
    settings.DISK_RESERVE_BYTES = 10**18
    answers = [
        program.send("POST", "Sync/zip", b"PK", "application/zip"),
        program.post("Sync/batch", {"companies": []}),
        program.send("POST", "Sync/uploads", headers={**program.headers, "Upload-Length": "9"}),
        program.send(
            "PATCH", f"Sync/uploads/{begun['uploadId']}", b"x", "application/offset+octet-stream",
            headers={**program.headers, "Upload-Offset": "0"},
        ),
    ]  # fmt: skip
    for answer in answers:
        assert (answer.status_code, answer.json()["title"], answer["Retry-After"]) == (
            507, "Insufficient storage.", "600",
        )  # fmt: skip
        assert answer.json()["detail"].startswith(NO_ROOM)
    program.client.force_login(program.user)
    page = program.client.post("/upload/", {"file": files(1, 100)})
    assert NO_ROOM in page.text
    assert program.get("Sync/query").json()["totalCount"] == 0
    assert program.get("Status").status_code == 200
    assert (Upload.objects.count(), ResumableUpload.objects.get().received) == (0, 0)
