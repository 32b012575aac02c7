"""Home, one enrollment, the catalogue."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from enrollments import services
from enrollments.models import AppEnrollment, Application
from enrollments.schedules import next_runs
from tests.factories import AppEnrollmentFactory, SyncEntityResultFactory, SyncRequestFactory


def test_home_puts_freshness_first(inbox, enrollment, make_sync):
    assert "Never loaded" in inbox.get("/").text
    long_ago = timezone.now() - timedelta(hours=2)
    make_sync(succeeded=True, created=long_ago, finished=long_ago)
    make_sync(failed=True, process_result_message="The ledger did not answer.")
    text = inbox.get("/").text
    assert "2 hours ago" in text
    assert "The ledger did not answer." in text


def test_home_invites_where_nothing_is_enrolled(inbox):
    assert "Nothing is enrolled yet" in inbox.get("/").text


def test_home_leaves_out_ended_enrollments(inbox, account):
    AppEnrollmentFactory(group_key=account, name="Gone", is_deleted=True)
    assert "Gone" not in inbox.get("/").text


@pytest.mark.parametrize("address", ["/", "/syncs/"])
def test_more_rows_need_no_more_queries(inbox, account, address):
    def queries():
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert inbox.get(address).status_code == 200
        return len(captured)

    def add():
        sync = SyncRequestFactory(app_enrollment=AppEnrollmentFactory(group_key=account), succeeded=True)
        SyncEntityResultFactory(sync_request=sync, lines_read=1, inserted=1)

    add()
    few = queries()
    for _ in range(9):
        add()
    assert queries() == few <= 9


def test_sync_now_asks_for_changes_or_for_everything(inbox, enrollment):
    address = f"/enrollments/{enrollment.pk}/sync-now/"
    delta = inbox.post(address, {"scope": "delta"})
    full = inbox.post(address, {"scope": "full"})
    asked = list(enrollment.sync_requests.order_by("created"))
    assert [sync.run_full_sync for sync in asked] == [False, True]
    assert [delta.url, full.url] == [f"/syncs/{sync.pk}/" for sync in asked]
    assert {sync.status_code for sync in asked} == {"Connector"}


def test_sync_now_on_a_switched_off_enrollment_says_why_not(inbox, enrollment):
    AppEnrollment.objects.update(is_active=False)
    response = inbox.post(f"/enrollments/{enrollment.pk}/sync-now/", follow=True)
    assert "Demo Data Connector is switched off. Switch it on, then sync." in response.text


def test_an_enrollment_shows_its_schedule_and_limits(inbox, enrollment):
    services.change_enrollment(enrollment, None, cron_settings="30 2 * * *", delete_limit_percent=15)
    text = inbox.get(f"/enrollments/{enrollment.pk}/").text
    assert "<code>30 2 * * *</code> on the clocks of UTC" in text
    runs = [f"{run.start:%-d %b %Y, %H:%M:%S} UTC" for run in next_runs(enrollment)]
    assert [text.count(run) for run in runs] == [1, 1, 1]
    assert "start up to 5 min after the time their schedule names" in text
    assert "up to 15 %" in text


def test_settings_are_changed_and_a_bad_schedule_is_explained_at_its_field(inbox, enrollment):
    address = f"/enrollments/{enrollment.pk}/"
    values = {
        "name": "Main",
        "cron_settings": "0 5 * * *",
        "delete_limit_percent": 20,
        "reject_limit_percent": 5,
    }
    assert "The settings are saved." in inbox.post(address, values, follow=True).text
    enrollment.refresh_from_db()
    assert (enrollment.name, enrollment.cron_settings, enrollment.delete_limit_percent) == (
        "Main",
        "0 5 * * *",
        20,
    )
    assert enrollment.sync_schedule_is_active is False
    response = inbox.post(address, values | {"cron_settings": "99 5 * * *"})
    assert "The schedule “99 5 * * *” cannot be used" in response.context["form"].errors["cron_settings"][0]


def test_an_enrollment_is_switched_off_and_on(inbox, enrollment):
    address = f"/enrollments/{enrollment.pk}/switch/"
    assert "is switched off." in inbox.post(address, {"is_active": "false"}, follow=True).text
    enrollment.refresh_from_db()
    assert enrollment.is_active is False
    assert "is switched on." in inbox.post(address, {"is_active": "true"}, follow=True).text


def test_an_application_is_enrolled_from_the_catalogue(inbox, account):
    app = Application.objects.get(connector="demo-data")
    assert f"/enroll/{app.pk}/" in inbox.get("/enroll/").text
    response = inbox.post(f"/enroll/{app.pk}/", {"name": "Lisbon"}, follow=True)
    assert "Lisbon is enrolled." in response.text
    assert AppEnrollment.objects.of(account).get().name == "Lisbon"
