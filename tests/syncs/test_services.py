"""Requests for syncs and uploads, cancels, wake-ups, removals."""

import io
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.utils import timezone
from django_q.models import OrmQ

from adsplatform.accounts.services import Caller
from adsplatform.cluster import shutdown
from adsplatform.errors import NotAllowed, PlatformError, TooLarge, TooMany
from enrollments.models import AppEnrollment
from syncs import tasks
from syncs.models import SyncRequest, Upload, WrongStatus
from syncs.queue.claims import claim_next
from syncs.services import enrollments, requests, uploads
from syncs.worker import process
from tests.factories import AppEnrollmentFactory, MembershipFactory, SyncRequestFactory, UserFactory, member

pytestmark = pytest.mark.django_db


@pytest.fixture
def user():
    return UserFactory()


@pytest.fixture
def enrollment():
    return AppEnrollmentFactory()


def upload_of(account, user, content=b"erpKey\n1\n", name="companies.csv", **values):
    return uploads.store_upload(account, user, io.BytesIO(content), file_name=name, **values)


def test_asking_answers_ready_and_queues_in_the_same_commit(enrollment, user):
    sync_request = requests.request_sync(enrollment, user, full=True)
    assert sync_request.status_code == "Ready"
    kept = SyncRequest.objects.get()
    assert (kept.status_code, kept.run_full_sync, kept.modified_user) == ("Connector", True, user)
    assert OrmQ.objects.count() == 1


def test_a_request_that_is_rolled_back_sends_no_wakeup(enrollment, user):
    with transaction.atomic():
        requests.request_sync(enrollment, user)
        transaction.set_rollback(True)
    assert not SyncRequest.objects.exists()
    assert not OrmQ.objects.exists()


def test_asking_again_while_an_equal_sync_waits_returns_it(enrollment, user):
    first = requests.request_sync(enrollment, user)
    assert requests.request_sync(enrollment, user) == first
    assert requests.request_sync(enrollment, user, full=True) != first


@pytest.mark.django_db(transaction=True)
def test_a_request_does_not_wait_for_a_merge(enrollment, user):
    """A merge locks the enrollment's books; uploads, batches and Sync now do not wait for it."""
    upload = upload_of(enrollment.group_key, user)

    def ask():
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '2s'")
            requests.request_upload(enrollment.group_key, user, upload, enrollment=enrollment)
            requests.request_sync(enrollment, user)
            requests.cancel_sync(requests.request_sync(enrollment, user, full=True), user)
        finally:
            connection.close()

    with transaction.atomic(), ThreadPoolExecutor(1) as elsewhere:
        enrollment.lock_books()
        elsewhere.submit(ask).result()
    assert SyncRequest.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_two_equal_requests_at_once_become_one(enrollment, user):
    def ask(_):
        try:
            return requests.request_sync(enrollment, user).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as many:
        assert len(set(many.map(ask, range(4)))) == 1
    assert SyncRequest.objects.count() == 1


def test_asking_while_one_runs_makes_the_next_wait(enrollment, user):
    running = requests.request_sync(enrollment, user)
    assert claim_next() == running
    assert requests.request_sync(enrollment, user) != running


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"is_active": False}, "Demo Data Connector is switched off. Switch it on, then sync."),
        ({"is_deleted": True}, "Demo Data Connector has been deleted. Enrol the application again, then sync."),
    ],
)
def test_an_enrollment_out_of_use_cannot_be_synced(user, state, message):
    with pytest.raises(PlatformError) as refused:
        requests.request_sync(AppEnrollmentFactory(**state), user)
    assert str(refused.value) == message


def test_an_upload_is_kept_with_its_size_and_checksum(enrollment, user):
    upload = upload_of(enrollment.group_key, user, b"abc", "C:\\temp\\invoices.csv")
    assert (upload.file_name, upload.format, upload.size) == ("invoices.csv", "csv", 3)
    assert upload.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert upload.content.open().read() == b"abc"


@pytest.mark.parametrize(
    ("name", "content", "format"),
    [("a.zip", b"PK\3\4", "zip"), ("a.csv", b"PK\3\4", "zip"), ("a.JSONL", b"{}", "jsonl"), ("a.bin", b"x", "zip")],
)
def test_an_uploads_format_is_seen_by_its_start_then_its_name(enrollment, user, name, content, format):
    assert upload_of(enrollment.group_key, user, content, name).format == format


def test_an_upload_above_the_limit_is_refused_and_not_kept(enrollment, user, settings):
    settings.UPLOAD_MAX_BYTES = 1_000
    with pytest.raises(TooLarge) as refused:
        upload_of(enrollment.group_key, user, b"x" * 1_001)
    assert str(refused.value) == (
        "The file “companies.csv” is larger than the 1,000 bytes that may be uploaded at once. Send it in parts."
    )
    assert not Upload.objects.exists()
    assert default_storage.listdir(str(enrollment.group_key_id))[1] == []


def test_an_empty_upload_is_refused(enrollment, user):
    with pytest.raises(PlatformError, match="The file “companies.csv” is empty. Choose a file with data in it."):
        upload_of(enrollment.group_key, user, b"")


def test_uploads_without_an_enrollment_share_the_accounts_own(user):
    account = MembershipFactory().group_key
    first = requests.request_upload(account, user, upload_of(account, user))
    second = requests.request_upload(account, user, upload_of(account, user))
    assert first.app_enrollment == second.app_enrollment
    assert first.app_enrollment.is_uploads
    assert str(first.app_enrollment) == "Uploads"
    assert AppEnrollment.objects.of(account).count() == 1


def test_parts_must_fit_together(enrollment, user):
    account = enrollment.group_key

    def ask(**values):
        return requests.request_upload(account, user, upload_of(account, user), enrollment=enrollment, **values)

    first = ask(total_batches=3)
    second = ask(parent=first, current_batch=2, total_batches=3)
    assert second.parent_sync_request == first
    for values, message in [
        ({"current_batch": 4, "total_batches": 3}, "Part 4 of 3 cannot be"),
        ({"current_batch": 2, "total_batches": 3}, "Part 2 of 3 must name the request of part 1 as its parent."),
        ({"parent": first, "total_batches": 3}, "Part 1 has no parent"),
        ({"parent": second, "current_batch": 3, "total_batches": 3}, "The parent must be part 1 of the same 3 parts."),
        ({"parent": first, "current_batch": 2, "total_batches": 2}, "The parent must be part 1 of the same 2 parts."),
        ({"parent": first, "current_batch": 2, "total_batches": 3}, "Part 2 of 3 has been sent already."),
        ({"parent": first, "current_batch": 3, "total_batches": 3, "full": True}, "All parts must be full"),
    ]:
        with pytest.raises(PlatformError, match=message):
            ask(**values)


def test_cancelling_works_until_the_end_and_again(user):
    sync_request = SyncRequestFactory(running=True)
    assert requests.cancel_sync(sync_request, user).status_code == "Cancelled"
    assert requests.cancel_sync(sync_request, user).status_code == "Cancelled"
    with pytest.raises(WrongStatus):
        requests.cancel_sync(SyncRequestFactory(succeeded=True), user)


def test_a_cancel_wakes_a_worker_for_waiting_syncs(enrollment, user):
    running = requests.request_sync(enrollment, user)
    claim_next()
    waiting = requests.request_sync(enrollment, user)
    OrmQ.objects.all().delete()
    requests.cancel_sync(SyncRequest.objects.get(pk=running.pk), user)
    assert OrmQ.objects.count() == 1
    assert claim_next() == waiting


def test_only_staff_amend_a_sync_and_only_along_its_moves(db):
    sync_request = SyncRequestFactory(queued=True)
    with pytest.raises(NotAllowed):
        requests.amend_sync(sync_request, Caller(member()[0]), status_code="Failed")
    staff = Caller(member(staff=True)[0])
    requests.amend_sync(sync_request, staff, status_code="Failed", message="Set aside.")
    assert (sync_request.status_code, sync_request.process_result_message) == ("Failed", "Set aside.")
    with pytest.raises(WrongStatus):
        requests.amend_sync(sync_request, staff, status_code="Success")
    with pytest.raises(PlatformError, match="No status is called “Done”. Known: Ready, Connector, "):
        requests.amend_sync(SyncRequestFactory(), staff, status_code="Done")


def test_a_wakeup_without_work_does_nothing():
    assert tasks.run_next_sync() == "No sync is waiting that may run now."


def test_a_second_delivery_does_nothing(enrollment, user):
    requests.request_sync(enrollment, user)
    tasks.run_next_sync()
    finished = SyncRequest.objects.get()
    assert finished.is_finished
    tasks.run_next_sync()
    again = SyncRequest.objects.get()
    assert (again.modified, again.finished) == (finished.modified, finished.finished)


@pytest.fixture
def two_waiting(enrollment, user):
    """Two syncs wait, of which the second cannot run before the first has ended; nobody is woken."""
    for full in (False, True):
        requests.request_sync(enrollment, user, full=full)
    OrmQ.objects.all().delete()


@pytest.mark.usefixtures("two_waiting")
def test_when_a_sync_ends_the_turn_goes_on_with_the_next(enrollment):
    tasks.run_next_sync()
    assert not SyncRequest.objects.unfinished().exists()
    assert not OrmQ.objects.exists()


@pytest.mark.usefixtures("two_waiting")
def test_a_turn_that_has_lasted_long_sends_a_wakeup_for_the_next(monkeypatch):
    monkeypatch.setattr(tasks, "LONGEST_TURN", 0)
    tasks.run_next_sync()
    assert (SyncRequest.objects.unfinished().count(), OrmQ.objects.count()) == (1, 1)


@pytest.mark.usefixtures("two_waiting")
def test_a_turn_does_not_go_on_when_its_cluster_is_to_stop(monkeypatch):
    stopping = shutdown.SharedMoment()
    monkeypatch.setattr(shutdown, "requested_at", stopping)
    run_next = process.run_next

    def run_and_stop():
        shutdown.request()
        return run_next()

    monkeypatch.setattr(process, "run_next", run_and_stop)
    tasks.run_next_sync()
    assert (SyncRequest.objects.unfinished().count(), OrmQ.objects.count()) == (1, 1)


def test_deleting_an_enrollment_cancels_what_waits_and_keeps_or_removes_records(enrollment, user):
    waiting = requests.request_sync(enrollment, user)
    messages = enrollments.remove_enrollment(enrollment, user, remove_data=True)
    waiting.refresh_from_db()
    enrollment.refresh_from_db()
    assert waiting.status_code == "Cancelled"
    assert enrollment.is_deleted
    assert not enrollment.is_active
    assert messages == [
        f"Deleted enrollment {enrollment.pk}",
        "Cancelled 1 waiting sync",
        "All records of the enrollment are being removed",
    ]


def test_an_enrollment_is_not_deleted_under_a_running_sync(user):
    running = SyncRequestFactory(running=True)
    with pytest.raises(PlatformError, match="A sync of Demo Data Connector is in progress."):
        enrollments.remove_enrollment(running.app_enrollment, user)


def test_removal_takes_the_enrollments_records_only(enrollment):
    from adsplatform.records.models import FinancialYearSetting

    other = AppEnrollmentFactory()
    for one in (enrollment, other):
        FinancialYearSetting.objects.create(
            group_key=one.group_key_id, app_enrollment=one, year_type="Calendar", total_periods=12,
            start_date="01-01", end_date="12-31",
        )  # fmt: skip
    AppEnrollment.objects.filter(pk=enrollment.pk).update(removal_asked=timezone.now())
    assert tasks.remove_enrollment_data(str(enrollment.pk)) == (
        "Removed: 1 records, 0 rejected rows, 0 uploaded files."
    )
    assert FinancialYearSetting.objects.get().app_enrollment == other


def test_the_number_of_waiting_syncs_of_an_enrollment_is_limited(enrollment, user, settings):
    settings.SYNC_MOST_WAITING = 2
    account = enrollment.group_key

    def send(into):
        content = io.BytesIO(b"erpKey\n1\n")
        return requests.load_upload(account, user, content, file_name="companies.csv", enrollment=into)

    first, _ = send(enrollment), send(enrollment)
    with pytest.raises(TooMany) as refused:
        send(enrollment)
    assert str(refused.value) == (
        f"2 syncs of {enrollment} are waiting for their turn, which is the most there may be. Wait until some have "
        "run, or cancel some of them."
    )
    assert Upload.objects.count() == 2
    send(AppEnrollmentFactory(group_key=account))
    requests.cancel_sync(SyncRequest.objects.get(pk=first.pk), user)
    send(enrollment)
