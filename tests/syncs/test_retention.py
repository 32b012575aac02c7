"""What has been kept long enough is removed in small steps; what is still needed stays."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.sessions.models import Session
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import connections, transaction
from django.utils import timezone
from django_q.models import OrmQ, Task

from adsplatform import locks
from adsplatform.records.models import Company
from adsplatform.rest.models import KeptAnswer
from enrollments.models import AppEnrollment
from syncs.models import SyncDifference, SyncRequest, SyncResultDetail, UnansweredUpload, Upload
from syncs.models.corrections import Correction, SyncFile
from syncs.models.notices import Notice
from syncs.periodic import retention
from syncs.services import reruns, uploads
from tests.factories import (
    AppEnrollmentFactory,
    NoticeFactory,
    SyncEntityResultFactory,
    SyncRequestFactory,
    SyncResultDetailFactory,
    member,
)

pytestmark = pytest.mark.django_db
LONG_AGO = timedelta(days=500)


@pytest.fixture(autouse=True)
def at_once(monkeypatch, settings):
    monkeypatch.setattr(retention, "PAUSE_SECONDS", 0)
    settings.KEEP_SYNCS_DAYS, settings.KEEP_DETAILS_DAYS, settings.KEEP_UPLOADS_DAYS = 3650, 400, 400


def prune() -> int:
    """Prune until nothing is left to do; returns the number of steps."""
    steps = 0
    while retention.prune_some():
        steps += 1
    return steps


def sync_of(ended=LONG_AGO, **values):
    at = timezone.now() - ended
    return SyncRequestFactory(**{"succeeded": True, "created": at, "finished": at, **values})


def corrected(detail, at, **values):
    return Correction.objects.create(
        sync_request=detail.sync_request,
        group_key=detail.group_key,
        entity=detail.entity,
        file=detail.file,
        line=detail.line,
        cells=[["erpKey", "I1"]],
        corrected_at=timezone.now() - at,
        **{"state": "mended", **values},
    )


def upload_of(sync_request, age=LONG_AGO):
    upload = Upload.objects.create(
        group_key=sync_request.group_key,
        file_name="books.zip",
        format="zip",
        size=4,
        sha256="0" * 64,
        created=timezone.now() - age,
        content=default_storage.save("books", ContentFile(b"PK..")),
    )
    SyncRequest.objects.filter(pk=sync_request.pk).update(upload=upload)
    sync_request.refresh_from_db()
    return upload


def test_details_are_removed_and_counts_stay():
    old = sync_of()
    SyncEntityResultFactory(sync_request=old, lines_read=2, rejected=2)
    SyncResultDetailFactory(sync_request=old)
    SyncResultDetailFactory(sync_request=old, kind="warning", line=None)
    whole_file = SyncResultDetailFactory(sync_request=old, line=None, column="", code="unreadable_file")
    values = {"sync_request": old, "group_key": old.group_key, "entity": "Invoice"}
    SyncFile.objects.create(file="invoices.csv", columns=["erpKey"], delimiter=",", **values)
    SyncDifference.objects.create(action="insert", **values)
    recent = SyncResultDetailFactory(sync_request=sync_of(timedelta(days=300)))
    prune()
    assert set(SyncResultDetail.objects.all()) == {whole_file, recent}
    assert not SyncFile.objects.exists()
    assert not SyncDifference.objects.exists()
    old.refresh_from_db()
    assert old.details_removed.date() == timezone.now().date()
    assert old.results.get().rejected == 2
    recent.sync_request.refresh_from_db()
    assert recent.sync_request.details_removed is None


def test_a_step_is_bounded_and_says_whether_there_is_more(monkeypatch):
    monkeypatch.setattr(retention, "ROWS_AT_ONCE", 10)
    monkeypatch.setattr(retention, "SYNCS_AT_ONCE", 2)
    for _ in range(3):
        old = sync_of()
        SyncResultDetailFactory.create_batch(15, sync_request=old)
    left = []
    while retention.prune_some():
        left.append(SyncResultDetail.objects.count())
    # Two syncs are marked and their 30 rows removed, then the third.
    assert left == [45, 35, 25, 15, 15, 5, 0]
    assert retention.prune_some() is False


def test_a_step_that_a_crash_interrupted_is_finished():
    old = sync_of()
    SyncResultDetailFactory.create_batch(3, sync_request=old)
    assert retention.prune_some()  # marks it
    assert SyncResultDetail.objects.count() == 3
    # The next step may be another process's.
    assert prune() == 1
    assert not SyncResultDetail.objects.exists()


@pytest.mark.parametrize("status", ["queued", "running"])
def test_a_sync_that_has_not_finished_keeps_everything(status):
    waiting = SyncRequestFactory(**{status: True}, created=timezone.now() - timedelta(days=5000))
    SyncResultDetailFactory(sync_request=waiting)
    upload = upload_of(waiting, timedelta(days=5000))
    SyncRequestFactory(succeeded=True, app_enrollment=waiting.app_enrollment)
    assert prune() == 0
    assert SyncResultDetail.objects.exists()
    assert default_storage.exists(upload.content.name)


def test_lines_that_were_corrected_recently_stay():
    worked_on = SyncResultDetailFactory(sync_request=sync_of())
    corrected(worked_on, timedelta(days=2))
    being_loaded = SyncResultDetailFactory(sync_request=sync_of())
    replay = SyncRequestFactory(running=True, replay_of=being_loaded.sync_request)
    corrected(being_loaded, LONG_AGO, replay=replay)
    forgotten = SyncResultDetailFactory(sync_request=sync_of())
    corrected(forgotten, LONG_AGO)
    prune()
    assert set(SyncResultDetail.objects.all()) == {worked_on, being_loaded}
    assert Correction.objects.count() == 2


def test_cured_lines_are_still_counted_without_their_text():
    detail = SyncResultDetailFactory(sync_request=sync_of())
    replay = sync_of(replay_of=detail.sync_request, app_enrollment=detail.sync_request.app_enrollment)
    corrected(detail, LONG_AGO, state="cured", replay=replay)
    prune()
    assert Correction.objects.cured().get().cells == []


def test_a_file_is_removed_when_no_sync_of_it_is_recent():
    old = sync_of()
    upload = upload_of(old)
    shared = upload_of(sync_of())
    SyncRequestFactory(succeeded=True, upload=shared, app_enrollment=old.app_enrollment)
    prune()
    upload.refresh_from_db()
    assert upload.removed
    assert not default_storage.exists(upload.content.name)
    shared.refresh_from_db()
    assert shared.removed is None
    assert default_storage.exists(shared.content.name)


def test_a_file_that_is_missing_already_is_recorded_as_removed():
    upload = upload_of(sync_of())
    default_storage.delete(upload.content.name)
    prune()
    upload.refresh_from_db()
    assert upload.removed


def test_a_preview_whose_file_is_gone_offers_nothing_and_says_why(settings):
    preview = sync_of(dry_run=True)
    upload_of(preview)
    assert reruns.rerun_options(preview)["apply"] is True
    prune()
    preview.refresh_from_db()
    assert reruns.rerun_options(preview)["apply"] is False
    membership, _ = member()
    with pytest.raises(reruns.NothingToRepeat) as refused:
        reruns.apply_preview(preview, membership.user)
    assert str(refused.value) == (
        f"The uploaded file “books.zip” was removed on {timezone.now():%Y-%m-%d}, as files are kept for 400 days. "
        "Upload it again."
    )


def test_very_old_syncs_are_removed_except_the_last_ones_of_an_enrollment():
    very_old = timedelta(days=4000)
    enrollment = AppEnrollmentFactory()

    def one(days_more=0, **values):
        return sync_of(very_old + timedelta(days=days_more), app_enrollment=enrollment, **values)

    last_full = one(9, run_full_sync=True)
    goes = [one(10, run_full_sync=True), one(8), one(7, dry_run=True), one(6, succeeded=False, failed=True)]
    last_success = one(5)
    last = one(4, succeeded=False, failed=True)
    upload = upload_of(goes[0], very_old)
    SyncResultDetailFactory(sync_request=goes[0])
    prune()
    assert set(SyncRequest.objects.all()) == {last_full, last_success, last}
    assert not Upload.objects.exists()
    assert not default_storage.exists(upload.content.name)


def test_parts_and_replays_are_removed_before_the_syncs_they_refer_to():
    very_old = timedelta(days=4000)
    detail = SyncResultDetailFactory(sync_request=sync_of(very_old))
    first = detail.sync_request
    enrollment = first.app_enrollment
    SyncRequest.objects.filter(pk=first.pk).update(total_batches=2)
    of_first = {"app_enrollment": enrollment}
    sync_of(very_old, parent_sync_request=first, current_batch=2, total_batches=2, **of_first)
    replay = sync_of(very_old, replay_of=first, **of_first)
    corrected(detail, very_old, state="cured", replay=replay)
    last = sync_of(timedelta(days=1), **of_first)
    prune()
    assert list(SyncRequest.objects.all()) == [last]


def test_nothing_is_removed_if_everything_is_kept_for_ever(settings):
    settings.KEEP_SYNCS_DAYS = settings.KEEP_DETAILS_DAYS = settings.KEEP_UPLOADS_DAYS = settings.KEEP_QUEUE_DAYS = 0
    upload_of(SyncResultDetailFactory(sync_request=sync_of(timedelta(days=9000))).sync_request)
    OrmQ.objects.create(key="ads", payload="", lock=timezone.now() - timedelta(days=9000))
    assert prune() == 0


def test_details_do_not_outlast_their_sync(settings):
    settings.KEEP_SYNCS_DAYS, settings.KEEP_DETAILS_DAYS = 30, 0
    old = SyncResultDetailFactory(sync_request=sync_of(timedelta(days=40))).sync_request
    SyncRequestFactory(succeeded=True, app_enrollment=old.app_enrollment)
    prune()
    assert not SyncRequest.objects.filter(pk=old.pk).exists()


def test_old_messages_answers_and_sessions_are_removed():
    now = timezone.now()
    membership, _ = member()
    for days in (1, 8):
        at = now - timedelta(days=days)
        OrmQ.objects.create(key="ads", payload=str(days), lock=at)
        for success in (True, False):
            Task.objects.create(
                id=f"{days}{success}", name="x", func="f", started=at, stopped=at, success=success, args=(), kwargs={}
            )
        Session.objects.create(session_key=f"session-{days}", session_data="", expire_date=at)
    for hours in (23, 25):
        KeptAnswer.objects.create(
            group_key=membership.group_key, user=membership.user, endpoint="POST /", key=str(hours), asked="",
            status=200, body="", created=now - timedelta(hours=hours),
        )  # fmt: skip
    prune()
    assert [message.payload for message in OrmQ.objects.all()] == ["1"]
    assert sorted(Task.objects.values_list("pk", flat=True)) == ["1False", "1True"]
    assert [session.pk for session in Session.objects.all()] == ["session-1"]
    assert [answer.key for answer in KeptAnswer.objects.all()] == ["23"]


def test_notices_that_were_closed_long_ago_are_removed():
    now = timezone.now()
    open_one, young, _ = (
        NoticeFactory(opened=now - 2 * LONG_AGO, closed=closed) for closed in (None, now, now - LONG_AGO)
    )
    prune()
    assert {notice.pk for notice in Notice.objects.all()} == {open_one.pk, young.pk}


def test_records_whose_removal_was_asked_for_go_even_if_the_message_was_lost():
    now = timezone.now()
    for erp_key, asked in (("lost", now - timedelta(hours=2)), ("being removed", now), ("kept", None)):
        enrollment = AppEnrollmentFactory(is_deleted=True, removal_asked=asked)
        Company.objects.create(
            group_key=enrollment.group_key_id, app_enrollment=enrollment, erp_key=erp_key, is_active=True
        )
    assert prune() == 1
    assert set(Company.objects.values_list("erp_key", flat=True)) == {"being removed", "kept"}
    assert AppEnrollment.objects.filter(removal_asked__isnull=False).count() == 1


@pytest.mark.django_db(transaction=True)
def test_only_one_cluster_at_a_time_removes():
    sync_of()

    def elsewhere():
        try:
            return retention.prune_some()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            locks.acquire(locks.RETENTION)
            assert other.submit(elsewhere).result() is False
        assert other.submit(elsewhere).result() is True


def test_the_command_does_it_all_at_once():
    SyncResultDetailFactory(sync_request=sync_of())
    said = StringIO()
    call_command("prune", stdout=said)
    assert said.getvalue() == "Nothing is left that is to go; it took 2 steps.\n"
    assert not SyncResultDetail.objects.exists()


def test_asking_again_for_the_same_content_still_works_after_its_file_went():
    old = sync_of(connector="file-upload")
    upload = upload_of(old)
    prune()
    membership, _ = member()
    again = uploads.store_upload(upload.group_key, membership.user, ContentFile(b"PK.."), file_name="books.zip")
    assert default_storage.exists(again.content.name)


def unanswered(account, days, **values):
    upload = uploads.store_upload(account, None, ContentFile(b"Nr.;Firma\n"), file_name="kunden.csv")
    at = timezone.now() - timedelta(days=days)
    Upload.objects.filter(pk=upload.pk).update(created=at)
    enrollment = AppEnrollmentFactory(group_key=account)
    return UnansweredUpload.objects.create(
        upload=upload, group_key=account, app_enrollment=enrollment, created=at, **values
    )


def test_an_upload_that_nobody_has_explained_is_removed_with_its_file(settings):
    settings.KEEP_UNANSWERED_DAYS = 30
    account = AppEnrollmentFactory().group_key
    old, young = unanswered(account, 31), unanswered(account, 29)
    prune()
    assert list(Upload.objects.all()) == [young.upload]
    assert list(UnansweredUpload.objects.all()) == [young]
    assert not default_storage.exists(old.upload.content.name)
    assert default_storage.exists(young.upload.content.name)


def test_an_upload_that_waits_stays_however_old_its_file_is(settings):
    settings.KEEP_UNANSWERED_DAYS = 0
    waiting = unanswered(AppEnrollmentFactory().group_key, 1000)
    prune()
    waiting.upload.refresh_from_db()
    assert waiting.upload.removed is None
    assert default_storage.exists(waiting.upload.content.name)


def test_the_file_of_a_sync_stays_when_its_questions_are_removed(settings):
    settings.KEEP_UNANSWERED_DAYS = 30
    waiting = unanswered(AppEnrollmentFactory().group_key, 31)
    SyncRequestFactory(app_enrollment=waiting.app_enrollment, upload=waiting.upload, failed=True)
    prune()
    assert not UnansweredUpload.objects.exists()
    assert default_storage.exists(waiting.upload.content.name)
