"""Syncs whose worker is lost are recovered, syncs that crash twice fail, lost wake-ups are replaced."""

import socket
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ

from syncs.loading import pipeline
from syncs.models import SyncRequest, SyncResultDetail
from syncs.queue import notify, sessions
from syncs.worker import reaper
from tests.factories import AppEnrollmentFactory, SyncRequestFactory
from tests.product import eventually

pytestmark = pytest.mark.django_db
LONG_AGO = timedelta(hours=-1)


@pytest.fixture
def old_server(monkeypatch):
    """The test's server may have been started a moment ago, which looks like an outage."""
    monkeypatch.setattr(reaper, "database_restarted_since", lambda moment: False)


def lost(seconds=1, **values):
    return SyncRequestFactory(running=True, lease_expires=timezone.now() - timedelta(seconds=seconds), **values)


def test_a_sync_that_lost_its_worker_waits_for_another_try(old_server):
    sync_request = lost()
    SyncRequestFactory(running=True)
    assert reaper.recover_lost_syncs() == 1
    sync_request.refresh_from_db()
    assert (sync_request.status_code, sync_request.failure_count, sync_request.crash_count) == ("Connector", 1, 0)
    assert sync_request.failure_code == "worker_lost"
    assert 10 < (sync_request.next_try - timezone.now()).total_seconds() < 50
    assert reaper.recover_lost_syncs() == 0


def test_a_sync_that_loses_its_worker_too_often_fails(old_server, settings):
    settings.SYNC_TRIES = 3
    sync_request = lost(failure_count=2)
    reaper.recover_lost_syncs()
    sync_request.refresh_from_db()
    assert (sync_request.status_code, sync_request.failure_count) == ("Failed", 3)
    assert (
        sync_request.process_result_message
        == "The worker that had it gave no sign of life any more. Nothing was changed."
    )


def test_an_outage_of_the_database_counts_as_no_failure():
    # The last renewal was before the start of the tests' server.
    sync_request = lost(seconds=30 * 24 * 3600)
    reaper.recover_lost_syncs()
    sync_request.refresh_from_db()
    assert (sync_request.status_code, sync_request.failure_count, sync_request.crash_count) == ("Connector", 0, 0)
    assert sync_request.failure_code == "database_gone"


def test_each_pause_is_about_twice_as_long(settings):
    settings.SYNC_RETRY_SECONDS, settings.SYNC_LONGEST_RETRY_SECONDS = 10, 3600
    from syncs.loading.retry_policy import backoff

    for times, (least, most) in {0: (5, 15), 1: (10, 30), 3: (40, 120), 30: (1800, 5400)}.items():
        pauses = [backoff(times) for _ in range(200)]
        assert least <= min(pauses) < max(pauses) <= most
        assert len(set(pauses)) > 100
    settings.SYNC_LONGEST_RETRY_SECONDS = 20
    assert max(backoff(30) for _ in range(200)) <= 30


def test_a_sync_that_crashes_twice_fails():
    sync_request = SyncRequestFactory(running=True)
    pipeline.give_up_crashed(sync_request)
    assert (sync_request.status_code, sync_request.crash_count, sync_request.failure_count) == ("Connector", 1, 0)
    sync_request.start()
    pipeline.give_up_crashed(sync_request)
    assert (sync_request.status_code, sync_request.crash_count, sync_request.failure_count) == ("Failed", 2, 0)
    assert sync_request.process_result_message == (
        "It stopped the worker twice, so it is not tried again. Nothing was changed."
    )
    detail = SyncResultDetail.objects.get()
    assert (detail.code, detail.group_key_id) == ("stopped_worker", sync_request.group_key_id)


@pytest.mark.django_db(transaction=True)
def test_several_reapers_at_once_recover_each_sync_once(old_server):
    for _ in range(12):
        lost()

    def recover_all(_):
        count = reaper.recover_lost_syncs()
        reaper.requeue_lost_wakeups()
        connection.close()
        return count

    with ThreadPoolExecutor(4) as clusters:
        assert sum(clusters.map(recover_all, range(4))) == 12
    assert set(SyncRequest.objects.values_list("failure_count", flat=True)) == {1}


@pytest.mark.django_db(transaction=True)
def test_the_session_of_a_lost_worker_is_ended_with_all_its_locks(old_server):
    sync_request = lost()

    def stopped():
        sessions.name_session(sync_request)
        connection.set_autocommit(False)
        list(SyncRequest.objects.select_for_update().filter(pk=sync_request.pk))

    with ThreadPoolExecutor(1) as worker:
        worker.submit(stopped).result()
        assert eventually(reaper.recover_lost_syncs, seconds=5) == 1
        sync_request.refresh_from_db()
        assert sync_request.status_code == "Connector"
        worker.submit(lambda: connection.close()).result()


def test_a_lost_wakeup_is_replaced():
    SyncRequestFactory(queued=True)
    SyncRequestFactory(queued=True, not_before=timezone.now() + timedelta(minutes=5))
    reaper.requeue_lost_wakeups()
    assert OrmQ.objects.count() == 1
    # There is one for it now.
    reaper.requeue_lost_wakeups()
    assert OrmQ.objects.count() == 1


def test_syncs_that_wait_for_another_machine_get_one_wakeup(settings):
    settings.SYNC_WORKERS = 2
    running = SyncRequestFactory(running=True, lease_owner=f"{socket.gethostname()}, process 1")
    for _ in range(3):
        enrollment = AppEnrollmentFactory(group_key=running.app_enrollment.group_key)
        SyncRequestFactory(queued=True, app_enrollment=enrollment)
    reaper.requeue_lost_wakeups()
    assert OrmQ.objects.count() == 1


def test_an_unacknowledged_wakeup_is_removed_and_other_messages_are_not(settings):
    notify.send_wakeup()
    notify.request_removal("01a214b6-61de-7de2-a5f1-7895346266e8")
    just_taken = timezone.now() + timedelta(seconds=settings.Q_CLUSTER["retry"])
    OrmQ.objects.update(lock=just_taken)
    reaper.requeue_lost_wakeups()
    assert OrmQ.objects.count() == 2
    OrmQ.objects.update(lock=just_taken - timedelta(minutes=3))
    reaper.requeue_lost_wakeups()
    assert [entry.func() for entry in OrmQ.objects.all()] == ["syncs.tasks.remove_enrollment_data"]
