"""Uploads of web machines that share no folder with the machines of the workers."""

import io
import json

import pytest

from adsplatform.records.models import Company
from syncs.models import SyncRequest
from syncs.services import resumable_uploads
from syncs.services.requests import load_upload
from tests.factories import AppEnrollmentFactory, UserFactory
from tests.object_store import ObjectStore, upload_storage
from tests.product import eventually


@pytest.fixture
def object_store():
    store = ObjectStore()
    yield store
    store.stop()


def test_a_worker_of_another_machine_reads_what_web_machines_have_stored(
    transactional_db, cluster, object_store, settings, tmp_path
):
    bucket = object_store.new_bucket()
    backend, options = upload_storage(object_store, bucket)
    # This process is the web machine; the cluster has a folder of its own.
    settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": backend, "OPTIONS": options}}
    cluster(UPLOAD_STORAGE=backend, UPLOAD_STORAGE_OPTIONS=json.dumps(options))
    enrollment, user = AppEnrollmentFactory(), UserFactory()
    account = enrollment.group_key
    asked = [
        load_upload(
            account,
            user,
            io.BytesIO(b"erpKey,companyName,companyType,isActive\nC1,Acme,Customer,true\n"),
            file_name="companies.csv",
            enrollment=enrollment,
        )
    ]
    sent = b"erpKey,companyName,companyType,isActive\nC2,Carl,Customer,true\n"
    upload = resumable_uploads.begin(account, user, file_name="companies.csv", size=len(sent))
    for offset in range(0, len(sent), 40):
        part = sent[offset : offset + 40]
        resumable_uploads.add_part(upload, io.BytesIO(part), offset=offset)
    asked.append(resumable_uploads.finish(account, user, upload, enrollment=enrollment))
    done = SyncRequest.objects.filter(pk__in=[each.pk for each in asked], status_code="Success")
    assert eventually(lambda: done.count() == 2, seconds=90)
    assert set(Company.objects.filter(app_enrollment=enrollment).values_list("erp_key", flat=True)) == {"C1", "C2"}
    # The parts are gone; the two uploads are kept, in the bucket and nowhere else.
    assert len(object_store.keys(bucket)) == 2
    assert not (tmp_path / "uploads").exists()
    assert not (tmp_path / "var" / "uploads").exists()
