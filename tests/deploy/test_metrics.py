"""/metrics: the figures, who may read them, and that they tell nothing of tenants."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from enrollments.models import SyncPlan
from syncs.models import ScheduledRun, SyncRequest
from tests.factories import SyncEntityResultFactory, SyncRequestFactory, SyncResultDetailFactory

pytestmark = pytest.mark.django_db
LOCAL = {"REMOTE_ADDR": "127.0.0.1"}


def figures():
    """Every figure: name and labels to value."""
    answer = Client().get("/metrics", **LOCAL)
    assert answer.status_code == 200
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def ago(**time):
    return timezone.now() - timedelta(**time)


def test_waiting_and_running_syncs_are_counted():
    SyncRequestFactory(queued=True, created=ago(minutes=5))
    SyncRequestFactory(queued=True, created=ago(minutes=3))
    busy = running(started=ago(minutes=2))
    # Waits for the one that runs, so no worker is to blame.
    SyncRequestFactory(queued=True, created=ago(hours=2), app_enrollment=busy.app_enrollment)
    found = figures()
    assert found["ads_syncs_waiting",] == 3
    assert found["ads_syncs_running",] == 1
    assert 300 <= found["ads_oldest_waiting_sync_seconds",] < 330
    assert 120 <= found["ads_longest_running_sync_seconds",] < 150


def running(**values):
    return SyncRequestFactory(running=True, **values)


def test_the_age_of_leases_is_measured():
    running(lease_expires=timezone.now() + timedelta(seconds=20))
    running(lease_expires=ago(seconds=5))
    found = figures()
    assert 35 <= found["ads_oldest_lease_seconds",] < 65
    assert found["ads_leases_expired",] == 1


def test_schedules_that_are_late_and_runs_that_were_missed():
    late = SyncRequestFactory(queued=True)
    SyncPlan.objects.create(app_enrollment=late.app_enrollment, planned_at=ago(days=1), next_sync_at=ago(minutes=2))
    ScheduledRun.objects.create(
        group_key=late.group_key,
        app_enrollment=late.app_enrollment,
        slot=ago(minutes=3),
        sync_request=late,
        missed_runs=4,
        missed_from=ago(hours=5),
        missed_until=ago(hours=1),
    )
    found = figures()
    assert 120 <= found["ads_schedule_late_seconds",] < 150
    assert found["ads_schedule_runs_missed",] == 4


def test_an_idle_platform_has_figures_of_zero():
    found = figures()
    for name in ("ads_syncs_waiting", "ads_syncs_running", "ads_oldest_waiting_sync_seconds", "ads_queue_messages"):
        assert found[name,] == 0
    assert found["ads_clusters",] == 0
    assert found["ads_rows", "lines_read"] == 0
    assert ("ads_sync_duration_seconds", "0.5") not in found


def test_the_figures_of_the_last_hour_are_computed():
    for minutes in (10, 20, 30):
        sync_request = SyncRequestFactory(
            succeeded=True,
            created=ago(minutes=minutes + 1),
            started=ago(minutes=minutes),
            finished=ago(minutes=minutes) + timedelta(seconds=minutes),
        )
        SyncEntityResultFactory(sync_request=sync_request, lines_read=5, inserted=3, rejected=2)
        SyncResultDetailFactory(sync_request=sync_request, code="bad_number")
    SyncResultDetailFactory(sync_request=sync_request, code="required")
    SyncResultDetailFactory(sync_request=sync_request, code="same_key", kind="skip")
    SyncRequestFactory(failed=True)
    long_ago = SyncRequestFactory(succeeded=True, finished=ago(hours=2))
    SyncEntityResultFactory(sync_request=long_ago, lines_read=100, inserted=100)
    found = figures()
    assert found["ads_syncs_ended", "success"] == 3
    assert found["ads_syncs_ended", "failed"] == 1
    assert found["ads_syncs_ended", "cancelled"] == 0
    assert found["ads_rows", "lines_read"] == 15
    assert found["ads_rows", "inserted"] == 9
    assert found["ads_rows", "rejected"] == 6
    assert found["ads_problems", "bad_number"] == 3
    assert found["ads_problems", "required"] == 1
    assert ("ads_problems", "same_key") not in found
    assert found["ads_sync_duration_seconds", "0.5"] == pytest.approx(20, abs=1)
    assert found["ads_sync_duration_seconds", "1"] == pytest.approx(30, abs=1)
    assert found["ads_sync_wait_seconds", "0.95"] == pytest.approx(60, abs=1)


def test_no_data_of_tenants_is_exposed():
    sync_request = SyncRequestFactory(succeeded=True)
    SyncEntityResultFactory(sync_request=sync_request, entity="secret-file.csv", lines_read=1, rejected=1)
    SyncResultDetailFactory(sync_request=sync_request, erp_key="SECRET-1", value="secret value")
    page = Client().get("/metrics", **LOCAL).content.decode()
    account = sync_request.group_key
    for secret in (account.name, str(account.pk), str(sync_request.pk), "secret", "SECRET", "demo-data"):
        assert secret not in page


def test_the_number_of_queries_does_not_grow_with_what_there_is():
    SyncResultDetailFactory()
    with CaptureQueriesContext(connection) as few:
        figures()
    for _ in range(20):
        SyncResultDetailFactory()
        SyncRequestFactory(queued=True)
    with CaptureQueriesContext(connection) as many:
        figures()
    assert len(many) == len(few)


@pytest.mark.parametrize("question", ["unfinished", "ended", "problems"])
def test_its_questions_are_answered_by_indexes(question):
    now = timezone.now()
    details = (
        "SELECT code FROM syncs_syncresultdetail WHERE sync_request_id = ANY(%s) AND kind = 'error' LIMIT 100000",
        [[SyncRequestFactory().pk]],
    )
    ended = SyncRequest.objects.filter(finished__gte=now, details_removed__isnull=True).order_by("-finished")[:10_000]
    unfinished = SyncRequest.objects.filter(finished__isnull=True, details_removed__isnull=True).order_by()
    asked = {
        "unfinished": unfinished.values("pk").query.sql_with_params(),
        "ended": ended.values("pk").query.sql_with_params(),
        "problems": details,
    }[question]
    with connection.cursor() as cursor:
        # The tables of the test are so small that a sequential scan would be cheaper.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN " + asked[0], asked[1])
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert ("detail_by_code" if question == "problems" else "sync_with_details") in plan


@pytest.mark.parametrize(
    ("caller", "is_allowed"),
    [
        ({"REMOTE_ADDR": "127.0.0.1"}, True),
        ({"REMOTE_ADDR": "::1"}, True),
        ({"REMOTE_ADDR": "::ffff:127.0.0.1"}, True),
        ({"REMOTE_ADDR": "10.0.0.7"}, False),
        ({"REMOTE_ADDR": ""}, False),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "127.0.0.1"}, False),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_FORWARDED": "for=127.0.0.1"}, False),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_REAL_IP": "10.0.0.7"}, False),
        ({"REMOTE_ADDR": "10.0.0.7", "HTTP_AUTHORIZATION": "Bearer "}, False),
    ],
)
def test_without_a_token_only_this_machine_gets_an_answer(caller, is_allowed):
    answer = Client().get("/metrics", **caller)
    assert answer.status_code == (200 if is_allowed else 403)
    if not is_allowed:
        assert answer.json()["detail"].startswith("Metrics are told to whoever sends METRICS_TOKEN")


def test_behind_a_known_proxy_nobody_is_local(settings):
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"NUM_PROXIES": 1}
    assert Client().get("/metrics", **LOCAL).status_code == 403


@pytest.mark.parametrize(
    ("sent", "is_allowed"),
    [("Bearer s3cret", True), ("Bearer s3cre", False), ("s3cret", False), ("Bearer s3crét", False), (None, False)],
)
def test_a_token_is_asked_of_everybody(settings, sent, is_allowed):
    settings.METRICS_TOKEN = "s3cret"
    headers = {"Authorization": sent} if sent else {}
    assert Client().get("/metrics", headers=headers, **LOCAL).status_code == (200 if is_allowed else 403)
