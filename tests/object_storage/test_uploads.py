"""Uploads in an object store: stored, read, continued, removed as in a folder."""

import errno
import hashlib
import io
import os

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from adsplatform import disk_space, object_storage
from adsplatform.errors import TooLarge
from adsplatform.observability import health
from adsplatform.records.models import Company
from syncs.loading import pipeline
from syncs.services import erasure, resumable_uploads
from syncs.services.requests import request_upload
from syncs.services.uploads import store_upload
from tests.factories import AccountFactory, AppEnrollmentFactory, UserFactory

pytestmark = pytest.mark.django_db
COMPANIES = b"erpKey,companyName,companyType,isActive\nC1,Acme,Customer,true\n"


class Stream(io.BytesIO):
    """What arrives over the network, which cannot be read twice."""

    def seekable(self):
        return False

    def seek(self, *given):
        raise io.UnsupportedOperation("seek")


@pytest.mark.parametrize("content", [Stream, io.BytesIO])
def test_what_is_stored_is_what_was_sent_and_counted_once(bucket, object_store, content):
    # Several parts of the store's own, the last one small.
    sent = os.urandom(2 * object_storage.PART_BYTES + 5)
    upload = store_upload(AccountFactory(), None, content(b"PK" + sent), file_name="books.zip")
    assert (upload.size, upload.sha256) == (len(sent) + 2, hashlib.sha256(b"PK" + sent).hexdigest())
    assert object_store.keys(bucket) == [f"{upload.group_key_id}/{upload.pk}"]
    with upload.content.open("rb") as opened:
        # A file of the system, which has no name there: the process that reads gets its descriptor.
        assert os.fstat(opened.fileno()).st_nlink == 0
        assert opened.read() == b"PK" + sent


def test_what_is_too_large_is_not_kept(bucket, object_store, settings):
    settings.UPLOAD_MAX_BYTES = 100
    with pytest.raises(TooLarge):
        store_upload(AccountFactory(), None, Stream(b"PK" + bytes(200)), file_name="books.zip")
    assert object_store.keys(bucket) == []


def test_an_upload_is_loaded_and_one_that_is_gone_is_told(bucket, object_store):
    enrollment = AppEnrollmentFactory()
    upload = store_upload(enrollment.group_key, None, io.BytesIO(COMPANIES), file_name="companies.csv")
    outcomes = []
    for is_there in (True, False):
        found = request_upload(enrollment.group_key, UserFactory(), upload, enrollment=enrollment, full=not is_there)
        found.start(owner="a test")
        if not is_there:
            default_storage.delete(upload.content.name)
        pipeline.run(found)
        found.refresh_from_db()
        outcomes.append((found.status_code, found.failure_code))
    assert outcomes == [("Success", ""), ("Failed", "upload_missing")]
    assert Company.objects.get(app_enrollment=enrollment).company_name == "Acme"


def test_a_file_in_parts_is_put_together(bucket, object_store):
    account = AccountFactory()
    upload = resumable_uploads.begin(account, None, file_name="companies.csv", size=len(COMPANIES))
    for offset in range(0, len(COMPANIES), 25):
        resumable_uploads.add_part(upload, Stream(COMPANIES[offset : offset + 25]), offset=offset)
    assert len(object_store.keys(bucket)) == 3
    assert b"".join(resumable_uploads.content_of(upload).chunks()) == COMPANIES
    resumable_uploads.abandon(upload)
    assert object_store.keys(bucket) == []


def test_the_files_of_an_account_are_found(bucket, object_store):
    account = AccountFactory()
    name = default_storage.save(f"{account.pk}/part", ContentFile(b"x"))
    assert erasure._files_of(account) == {name}
    default_storage.delete(name)
    default_storage.delete(name)
    assert not default_storage.exists(name)
    with pytest.raises(FileNotFoundError):
        default_storage.open(name)


def test_a_store_that_is_away_is_an_error_of_files(bucket, settings, object_store):
    of = settings.STORAGES["default"]
    options = of["OPTIONS"] | {"endpoint_url": "http://127.0.0.1:1"}
    settings.STORAGES = settings.STORAGES | {"default": of | {"OPTIONS": options}}
    with pytest.raises(OSError, match="The object store of uploads failed") as failed:
        default_storage.open("any")
    assert failed.value.errno == errno.EIO
    assert health._state("Storage", health._storage) == "Storage does not answer. The reason is in the log."


def test_only_the_temporary_folder_needs_room_on_disk(bucket):
    assert disk_space.has_room()
    assert health._storage() == ""


def test_a_forked_process_has_a_connection_of_its_own(bucket):
    default_storage.save("one", ContentFile(b"1"))
    before = default_storage.connection
    assert default_storage.connection is before
    default_storage._process = 0
    assert default_storage.connection is not before
    assert default_storage.open("one").read() == b"1"
