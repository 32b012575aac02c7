"""Bodies that are packed with gzip or deflate, in every call of the API."""

import gzip
import io
import json
import tracemalloc
import zlib

import pytest

from adsplatform.rest.bodies import Body
from adsplatform.rest.content_encodings import CHUNK
from syncs.models import SyncRequest, Upload
from tests.callers import Program
from tests.rest.test_uploads import FORM, ZIP, multipart, request

pytestmark = pytest.mark.django_db

BATCH = json.dumps({"companies": [{"erpKey": "P7", "companyName": "Söhne & Co"}]}, ensure_ascii=False).encode()


def raw_deflate(content):
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(content) + packer.flush()


def members(content):
    middle = len(content) // 2
    return gzip.compress(content[:middle]) + gzip.compress(b"") + gzip.compress(content[middle:])


@pytest.fixture
def program():
    return Program()


def send(program, path, body, content_type="application/json", coding="gzip"):
    program.headers["Content-Encoding"] = coding
    return program.send("POST", path, body, content_type)


def stored():
    with Upload.objects.get().content.open() as file:
        return file.read()


@pytest.mark.parametrize(
    ("coding", "pack"),
    [
        ("gzip", gzip.compress),
        ("GZip", gzip.compress),
        ("x-gzip", gzip.compress),
        ("identity, gzip", gzip.compress),
        ("gzip", members),
        ("gzip", lambda content: gzip.compress(content) + b"\0" * 500),
        ("gzip", lambda content: gzip.compress(content, 0)),
        ("deflate", zlib.compress),
        ("deflate", raw_deflate),
        ("identity", bytes),
        ("", bytes),
    ],
)
def test_a_packed_batch_is_unpacked(program, coding, pack):
    answer = send(program, "Sync/batch", pack(BATCH), coding=coding)
    assert answer.status_code == 200
    assert stored() == BATCH


def test_a_packed_batch_may_come_without_content_length(program):
    program.headers["Content-Encoding"] = "gzip"
    answer = program.send_chunked("Sync/batch", gzip.compress(BATCH), "application/json")
    assert (answer.status_code, stored()) == (200, BATCH)


def test_a_packed_form_and_a_packed_file_are_unpacked(program):
    form = multipart(('name="file"; filename="books.zip"', ZIP))
    assert send(program, "Sync/zip", gzip.compress(form), FORM).status_code == 200
    assert (Upload.objects.get().file_name, stored()) == ("books.zip", ZIP)
    assert send(program, "Sync/zip", zlib.compress(ZIP), "application/zip", coding="deflate").status_code == 200
    assert {upload.sha256 for upload in Upload.objects.all()} == {Upload.objects.first().sha256}


def test_a_small_packed_body_is_unpacked(program):
    answer = send(program, "ApiKeys", gzip.compress(b'{"name": "mine"}'))
    assert (answer.status_code, answer.json()["name"]) == (201, "mine")


def test_packed_or_not_it_is_the_same_request(program):
    program.headers["Idempotency-Key"] = "K-7"
    first = send(program, "Sync/batch", gzip.compress(BATCH))
    again = send(program, "Sync/batch", gzip.compress(BATCH, 1))
    plain = send(program, "Sync/batch", BATCH, coding="")
    assert first.json() == again.json() == plain.json()
    assert SyncRequest.objects.count() == 1


@pytest.mark.parametrize("coding", ["br", "zstd", "compress", "gzip, gzip", "gzip, deflate", "utf-8", "aws-chunked"])
@pytest.mark.parametrize("path", ["Sync/batch", "Sync/zip", "ApiKeys"])
def test_other_codings_are_refused_by_name(program, path, coding):
    answer = send(program, path, gzip.compress(BATCH), coding=coding)
    assert answer.status_code == 415
    assert answer.headers["Accept-Encoding"] == "gzip, deflate"
    assert answer.json()["detail"] == (
        f"A body with the Content-Encoding “{coding}” is not understood. Pack it once, with gzip or deflate, or send "
        "it as it is, without the header Content-Encoding."
    )


@pytest.mark.parametrize(
    ("body", "coding", "reason"),
    [
        (BATCH, "gzip", "The body is not valid gzip, as its header Content-Encoding says it is: "),
        (BATCH, "deflate", "The body is not valid deflate, as its header Content-Encoding says it is: "),
        (zlib.compress(BATCH), "gzip", "The body is not valid gzip, "),
        (gzip.compress(BATCH)[:-1], "gzip", "The body broke off: its gzip data have no end. Send it again."),
        (gzip.compress(BATCH)[:12], "gzip", "The body broke off: its gzip data have no end. Send it again."),
        (raw_deflate(BATCH)[:-9], "deflate", "The body broke off: its deflate data have no end. Send it again."),
        (gzip.compress(BATCH)[:-5] + b"\7abcd", "gzip", "The body is not valid gzip, "),
        (gzip.compress(BATCH) + b"more", "gzip", "The body is not valid gzip, "),
    ],
)
def test_damaged_data_are_refused_with_the_reason(program, body, coding, reason):
    answer = send(program, "Sync/batch", body, coding=coding)
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith(reason)
    assert not Upload.objects.exists()


def test_a_packed_body_without_any_byte_is_an_empty_body(program):
    assert send(program, "ApiKeys", b"").json()["detail"] == "name: This is missing."


def test_the_limit_holds_for_what_is_unpacked(program, settings):
    body = BATCH + b" " * 1_000
    settings.BATCH_MAX_BYTES = len(body)
    assert send(program, "Sync/batch", gzip.compress(body)).status_code == 200
    settings.BATCH_MAX_BYTES -= 1
    answer = send(program, "Sync/batch", gzip.compress(body))
    assert (answer.status_code, answer.json()["title"]) == (413, "Too large.")


def test_the_limit_holds_for_what_is_sent_too(program, settings):
    settings.BATCH_MAX_BYTES = 1_000
    answer = send(program, "Sync/batch", gzip.compress(b"") * 100 + gzip.compress(BATCH))
    assert answer.status_code == 413


@pytest.mark.parametrize(("path", "content_type"), [("Sync/batch", "application/json"), ("Sync/zip", "text/csv")])
def test_a_bomb_is_stopped_by_its_ratio_with_little_memory(program, settings, path, content_type):
    settings.UNPACKED_MAX_RATIO = 100
    packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    bomb = b"".join([packer.compress(b"PK")] + [packer.compress(b" " * 10**6) for _ in range(150)]) + packer.flush()
    tracemalloc.start()
    answer = send(program, path, bomb, content_type)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert answer.status_code == 413
    assert answer.json()["detail"] == (
        "The body unpacks to more than 100 times its packed size, which no list of records does. Send it without the "
        "header Content-Encoding."
    )
    assert peak < 5_000_000
    assert not Upload.objects.exists()


def test_endless_empty_members_are_cut_off():
    class Endless(io.RawIOBase):
        def read(self, size=-1):
            return (gzip.compress(b"") * (CHUNK // 20))[:CHUNK]

    made = request(b"", "application/json", chunked=True)
    made.META |= {"wsgi.input": Endless(), "HTTP_CONTENT_ENCODING": "gzip"}
    with pytest.raises(Exception, match="The body is larger than the 1,000,000 bytes"):
        Body(made, 1_000_000).read()


@pytest.mark.parametrize("size", [1, 7, CHUNK, CHUNK + 1])
def test_any_size_of_reading_gives_the_same_content(size):
    content = b"".join(b"%d;" % number for number in range(60_000))
    made = request(members(content))
    made.META["HTTP_CONTENT_ENCODING"] = "gzip"
    body, pieces = Body(made, 10**7), []
    for _ in range(2_000):
        if not (piece := body.read(size)):
            break
        assert len(piece) <= size
        pieces.append(piece)
    assert content.startswith(b"".join(pieces))
    assert b"".join(pieces) + body.read() == content
    assert body.size == len(content)
