"""Quotas of an account: what goes beyond them is refused, and people see how much is used."""

import io
import time

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from adsplatform.accounts.models import Role
from enrollments.models import AppEnrollment, Application
from syncs.models import SyncEntityResult, SyncRequest, Upload
from syncs.services import quotas, resumable_uploads
from tests.callers import Program
from tests.factories import AppEnrollmentFactory, SyncRequestFactory, UserFactory
from tests.loading.uploading import Uploads

pytestmark = pytest.mark.django_db
COMPANIES = "erpKey,companyName,companyType,isActive\n"


@pytest.fixture
def program():
    return Program()


def send(program, content=b"erpKey\nC1\n"):
    file = io.BytesIO(content)
    file.name = "companies.csv"
    return program.client.post("/api/v1/Sync/zip", {"file": file}, headers=program.headers)


def test_files_beyond_the_quota_are_refused_and_not_stored(program, settings):
    settings.ACCOUNT_MAX_BYTES = 25
    stranger = Program()
    assert [send(program).status_code for _ in range(2)] == [200, 200]
    refused = send(program)
    assert (refused.status_code, refused.json()["title"]) == (429, "Quota exceeded.")
    assert "Retry-After" not in refused.headers
    assert refused.json()["detail"] == (
        f"There is no room for “companies.csv” (10\xa0bytes): the stored files and rejected rows of {program.account} "
        "have 20\xa0bytes of the 25\xa0bytes they may have. Files are removed after 400 days. Ask the platform’s staff "
        "for more room."
    )
    assert Upload.objects.count() == SyncRequest.objects.count() == 2
    assert len(default_storage.listdir(str(program.account.pk))[1]) == 2
    assert send(stranger).status_code == 200
    with pytest.raises(quotas.QuotaExceeded, match="There is no room for “big.csv”"):
        resumable_uploads.begin(program.account, None, file_name="big.csv", size=6)
    # What retention has removed does not count, once it is measured again.
    Upload.objects.of(program.account).update(removed=timezone.now())
    quotas.stored_bytes(program.account)
    assert send(program).status_code == 200


def test_what_other_processes_store_counts_soon(program, settings, monkeypatch):
    settings.ACCOUNT_MAX_BYTES = 100
    assert send(program).status_code == 200
    Upload.objects.of(program.account).update(size=95)
    assert send(program).status_code == 200
    now = time.monotonic()
    monkeypatch.setattr(quotas.time, "monotonic", lambda: now + quotas.MEASURED_FOR_SECONDS + 1)
    assert send(program).status_code == 429


def test_unfinished_uploads_take_up_room_as_announced(program, settings):
    settings.ACCOUNT_MAX_BYTES = 100
    resumable_uploads.begin(program.account, None, file_name="a.csv", size=60)
    with pytest.raises(quotas.QuotaExceeded):
        resumable_uploads.begin(program.account, None, file_name="b.csv", size=60)
    resumable_uploads.begin(program.account, None, file_name="b.csv", size=40)


def test_raw_lines_of_rejected_rows_count_until_they_are_removed(settings):
    uploads = Uploads()
    settings.ACCOUNT_MAX_BYTES = 10_000
    wrong = "C2,,Customer,true"
    sync = uploads.load(f"{COMPANIES}C1,A,Customer,true\n{wrong}\n", "companies.csv")
    assert SyncEntityResult.objects.get(sync_request=sync).raw_bytes == len(wrong)
    size = Upload.objects.get().size
    assert quotas.stored_bytes(uploads.account) == size + len(wrong)
    SyncRequest.objects.update(details_removed=timezone.now())
    assert quotas.stored_bytes(uploads.account) == size


def test_the_waiting_syncs_of_an_account_are_limited(program, settings):
    settings.SYNC_MOST_WAITING_OF_ACCOUNT = 2
    for _ in range(2):
        SyncRequestFactory(app_enrollment=AppEnrollmentFactory(group_key=program.account), queued=True)
    refused = send(program)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "60")
    assert refused.json()["detail"].startswith(f"2 syncs of {program.account} are waiting for their turn")
    assert Upload.objects.count() == 0
    assert send(Program()).status_code == 200


def test_the_enrollments_of_an_account_are_limited(program, settings):
    app = Application.objects.get(connector="demo-data")
    asked = [{"appId": str(app.pk)}] * 100
    refused = program.post("AppEnrollments", asked)
    assert (refused.status_code, refused.json()["title"]) == (429, "Quota exceeded.")
    assert refused.json()["detail"] == (
        f"{program.account} has 0 of the 50 enrollments it may have, so 100 more cannot be made. Delete those that are "
        "not needed, or ask the platform’s staff."
    )
    assert AppEnrollment.objects.count() == 0
    settings.ENROLLMENTS_PER_ACCOUNT = 2
    assert program.post("AppEnrollments", asked[:2]).status_code == 201
    program.client.force_login(program.user)
    assert "has 2 of the 2 enrollments it may have" in program.client.post(f"/enroll/{app.pk}/").text
    # The one for uploads is the platform's own.
    assert send(program).status_code == 200
    gone = AppEnrollment.objects.filter(is_uploads=False).first()
    assert program.delete(f"AppEnrollments/{gone.pk}").status_code == 200
    assert program.post("AppEnrollments", asked[:1]).status_code == 201


def test_owners_and_staff_see_what_an_account_uses(program, settings):
    settings.ACCOUNT_MAX_BYTES, settings.ENROLLMENTS_PER_ACCOUNT = 11, 30
    send(program)
    AppEnrollmentFactory(group_key=program.account)
    send(Program())
    program.client.force_login(program.user)
    page = program.client.get("/account/settings/").text
    assert '10\xa0bytes <span class="badge badge-warn">Nearly all</span></td><td>11\xa0bytes' in page
    assert "Waiting syncs</th><td>1</td><td>5,000" in page
    assert "Enrollments</th><td>1</td><td>30" in page
    assert "API keys that work</th><td>1</td><td>200" in page
    reader = Program(Role.READ_ONLY, account=program.account)
    reader.client.force_login(reader.user)
    assert reader.client.get("/account/settings/").status_code == 403
    program.client.force_login(UserFactory(staff=True))
    page = program.client.get(f"/admin/accounts/account/{program.account.pk}/change/").text
    assert "Stored files and rejected rows: 10\xa0bytes of 11\xa0bytes" in page
