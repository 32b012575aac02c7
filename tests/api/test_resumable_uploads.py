"""Files in parts: begun, continued after a break, finished once, removed when abandoned."""

import base64
import hashlib
import io
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from syncs.models import ResumableUpload, SyncRequest, Upload
from syncs.periodic import retention
from syncs.services import resumable_uploads
from tests.callers import Program

pytestmark = pytest.mark.django_db
CONTENT = b"PK\x03\x04" + bytes(range(256)) * 40
SIZE = len(CONTENT)


def coded(value):
    return base64.b64encode(value.encode() if isinstance(value, str) else value).decode()


def begin(program, size=SIZE, name="Bücher.zip", **metadata):
    pairs = {"filename": name, **metadata}
    program.headers |= {
        "Upload-Length": str(size),
        "Upload-Metadata": ",".join(f"{key} {coded(value)}" for key, value in pairs.items()),
    }
    return program.send("POST", "Sync/Uploads")


def add(program, place, offset, part, checksum=None, content_type="application/offset+octet-stream"):
    program.headers |= {"Upload-Offset": str(offset)}
    program.headers.pop("Upload-Checksum", None)
    if checksum:
        program.headers["Upload-Checksum"] = checksum
    return program.send("PATCH", place, part, content_type)


def send(program, size=3_000, **metadata):
    """A whole upload; its address."""
    place = begin(program, **metadata).headers["Location"]
    for offset in range(0, len(CONTENT), size):
        assert add(program, place, offset, CONTENT[offset : offset + size]).status_code == 204
    return place


def stored_files(program):
    try:
        return sorted(default_storage.listdir(str(program.account.pk))[1])
    except FileNotFoundError:
        return []


def test_a_file_in_parts_makes_the_same_request_as_an_ordinary_upload(program, enrollment):
    place = send(program)
    query = f"appEnrollmentId={enrollment.pk}&isFullSync=true&deleteOnMatch=true"
    answer = program.send("POST", f"{place}/finish", query=query)
    ordinary = program.send("POST", "Sync/zip", CONTENT, "application/zip", query=query)
    assert answer.status_code == ordinary.status_code == 200
    differing = {"syncRequestId", "created", "modified"}
    assert {name: value for name, value in answer.json().items() if name not in differing} == {
        name: value for name, value in ordinary.json().items() if name not in differing
    }
    first, second = Upload.objects.order_by("created")
    assert (first.file_name, first.sha256, first.size) == ("Bücher.zip", second.sha256, second.size)
    with first.content.open() as file:
        assert file.read() == CONTENT


def test_the_parts_are_removed_when_they_have_become_a_file(program, django_capture_on_commit_callbacks):
    place = send(program)
    assert len(stored_files(program)) == 4
    with django_capture_on_commit_callbacks(execute=True):
        program.send("POST", f"{place}/finish")
    assert stored_files(program) == [str(Upload.objects.get().pk)]


def test_the_state_says_where_to_go_on(program):
    begun = begin(program)
    assert begun.status_code == 201
    assert begun.headers["Tus-Resumable"] == "1.0.0"
    place = begun.headers["Location"]
    added = add(program, place, 0, CONTENT[:700])
    assert (added.status_code, added.content, added.headers["Upload-Offset"]) == (204, b"", "700")
    state = program.send("HEAD", place)
    assert (state.status_code, state.headers["Upload-Offset"], state.headers["Upload-Length"]) == (
        200, "700", str(len(CONTENT))
    )  # fmt: skip
    assert state.headers["Upload-Expires"].endswith("GMT")
    assert "no-store" in state.headers["Cache-Control"]
    assert program.get(place).json() == {
        "uploadId": place.rpartition("/")[2], "fileName": "Bücher.zip", "size": len(CONTENT), "offset": 700,
    }  # fmt: skip


@pytest.mark.parametrize("offset", [0, 699, 701, 5_000])
def test_a_part_at_another_place_is_refused(program, offset):
    place = begin(program).headers["Location"]
    add(program, place, 0, CONTENT[:700])
    answer = add(program, place, offset, CONTENT[700:900])
    assert answer.status_code == 409
    assert answer.json()["detail"] == (
        f"700 of {len(CONTENT):,} bytes of “Bücher.zip” have arrived, so the next part begins there and not at "
        f"{offset:,}. Ask for the offset and go on from it."
    )
    assert len(stored_files(program)) == 1


def test_of_two_parts_at_one_place_one_counts(program):
    place = begin(program).headers["Location"]
    upload = ResumableUpload.objects.get()

    class Overtaken(io.BytesIO):
        """A part that is still being received when another one arrives at its place."""

        def read(self, size=-1, /):
            if not self.tell():
                assert add(program, place, 0, CONTENT[:500]).status_code == 204
            return super().read(size)

    with pytest.raises(resumable_uploads.WrongOffset):
        resumable_uploads.add_part(upload, Overtaken(CONTENT[:700]), offset=0)
    upload.refresh_from_db()
    assert (upload.received, len(stored_files(program))) == (500, 1)


@pytest.mark.parametrize("wrong", [False, True])
def test_the_checksum_of_a_part_is_checked(program, wrong):
    place = begin(program).headers["Location"]
    part = CONTENT[:700]
    checksum = f"sha256 {coded(hashlib.sha256(part + b'!' * wrong).digest())}"
    answer = add(program, place, 0, part, checksum)
    assert answer.status_code == (460 if wrong else 204)
    assert ResumableUpload.objects.get().received == (0 if wrong else 700)
    assert len(stored_files(program)) == (0 if wrong else 1)


@pytest.mark.parametrize("wrong", [False, True])
def test_the_checksum_of_the_file_is_checked(program, wrong):
    place = send(program, sha256=hashlib.sha256(CONTENT + b"!" * wrong).hexdigest())
    answer = program.send("POST", f"{place}/finish")
    assert answer.status_code == (460 if wrong else 200)
    assert SyncRequest.objects.count() == (0 if wrong else 1)


def test_what_is_finished_twice_is_one_sync(program):
    place = send(program)
    first, second = (program.send("POST", f"{place}/finish").json()["syncRequestId"] for _ in range(2))
    assert first == second
    assert (SyncRequest.objects.count(), Upload.objects.count()) == (1, 1)
    assert add(program, place, len(CONTENT), b"x").status_code == 409


def test_what_is_not_complete_cannot_be_finished(program):
    place = begin(program).headers["Location"]
    add(program, place, 0, CONTENT[:700])
    answer = program.send("POST", f"{place}/finish")
    assert answer.status_code == 409
    assert answer.json()["detail"] == (
        f"Of “Bücher.zip”, {SIZE - 700:,} of {SIZE:,} bytes have not arrived. Send them, then finish it."
    )


def test_a_refused_request_keeps_the_parts(program):
    place = send(program)
    refused = program.send("POST", f"{place}/finish", query="currentBatch=3&totalBatches=2")
    assert refused.status_code == 400
    assert not Upload.objects.exists()
    assert program.send("POST", f"{place}/finish").status_code == 200


def test_more_bytes_than_announced_are_refused(program):
    place = begin(program, size=1_000).headers["Location"]
    add(program, place, 0, CONTENT[:900])
    answer = add(program, place, 900, CONTENT[900:1_001])
    assert answer.status_code == 413
    assert answer.json()["detail"] == (
        "Only 100 bytes of “Bücher.zip” are missing, and this part has more. Nothing of it was kept."
    )
    assert add(program, place, 900, CONTENT[900:1_000]).status_code == 204


def test_an_upload_can_be_deleted(program):
    place = begin(program).headers["Location"]
    add(program, place, 0, CONTENT[:700])
    assert program.delete(place).status_code == 204
    assert stored_files(program) == []
    assert program.send("HEAD", place).status_code == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Upload-Length": ""}, 400),
        ({"Upload-Length": "-1"}, 400),
        ({"Upload-Length": "0"}, 400),
        ({"Upload-Length": "²"}, 400),
        ({"Upload-Length": "9" * 30}, 400),
        ({"Upload-Length": str(10**12)}, 413),
        ({"Upload-Metadata": "filename ***"}, 400),
        ({"Upload-Metadata": f"sha256 {coded('abc')}"}, 400),
        ({"Tus-Resumable": "0.2.2"}, 412),
    ],
)
def test_what_cannot_be_begun_is_refused_with_the_reason(program, headers, status):
    program.headers |= {"Upload-Length": "10"} | headers
    answer = program.send("POST", "Sync/Uploads")
    assert answer.status_code == status
    assert answer.json()["detail"].endswith(".")
    assert not ResumableUpload.objects.exists()


@pytest.mark.parametrize("checksum", ["sha1 abc", "sha256", "sha256 ***", f"sha256 {coded('short')}"])
def test_a_checksum_that_cannot_be_read_is_refused(program, checksum):
    place = begin(program).headers["Location"]
    assert add(program, place, 0, CONTENT[:700], checksum).status_code == 400


def test_a_part_of_another_type_is_refused(program):
    place = begin(program).headers["Location"]
    assert add(program, place, 0, CONTENT[:700], content_type="application/zip").status_code == 415


def test_an_account_has_a_limit_of_unfinished_uploads(program, stranger, settings):
    settings.UPLOAD_MOST_UNFINISHED = 2
    first, _second = (begin(program).headers["Location"] for _ in range(2))
    refused = begin(program)
    assert refused.status_code == 429
    assert refused.json()["detail"].startswith("2 uploads of this account are unfinished, ")
    assert begin(stranger).status_code == 201
    program.delete(first)
    assert begin(program).status_code == 201


def test_another_account_finds_nothing(program, stranger):
    place = begin(program).headers["Location"]
    answers = [
        stranger.send("HEAD", place),
        stranger.get(place),
        add(stranger, place, 0, CONTENT[:700]),
        stranger.send("POST", f"{place}/finish"),
        stranger.delete(place),
    ]
    assert [answer.status_code for answer in answers] == [404] * 5
    assert ResumableUpload.objects.get().received == 0


def test_readers_cannot_upload():
    assert begin(Program("Read-Only")).status_code == 403


def test_abandoned_uploads_are_removed_with_their_parts(program, settings):
    old, recent = begin(program).headers["Location"], begin(program).headers["Location"]
    add(program, old, 0, CONTENT[:700])
    add(program, recent, 0, CONTENT[:800])
    long_ago = timezone.now() - timedelta(hours=settings.KEEP_PARTS_HOURS + 1)
    ResumableUpload.objects.filter(pk=old.rpartition("/")[2]).update(modified=long_ago)
    while retention.prune_some():
        pass
    assert program.send("HEAD", old).status_code == 404
    assert program.send("HEAD", recent).headers["Upload-Offset"] == "800"
    assert len(stored_files(program)) == 1


def test_a_file_of_any_size_is_the_same_in_parts(program):
    for name in ("a.csv", "../b.csv", "c:\\d\\e.csv"):
        place = begin(program, name=name, size=3).headers["Location"]
        for offset in range(3):
            add(program, place, offset, b"abc"[offset : offset + 1])
        assert program.send("POST", f"{place}/finish").status_code == 200
    assert sorted(Upload.objects.values_list("file_name", flat=True)) == ["a.csv", "b.csv", "e.csv"]
