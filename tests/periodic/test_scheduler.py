"""The scheduler: which syncs it asks for, how it reports missed runs, and that a bad schedule stops no other."""

from datetime import timedelta

import pytest
from django.db.models import F

from adsplatform.zones import format_in_zone
from enrollments import services
from enrollments.models import AppEnrollment, Application, SyncPlan
from enrollments.schedules import next_runs, runs
from syncs.models import ScheduledRun, SyncRequest
from syncs.periodic.scheduler import start_due
from syncs.presentation.sync_steps import schedule_sentences
from tests.factories import AccountFactory
from tests.periodic.conftest import at, planned

pytestmark = pytest.mark.django_db


def finish_all():
    SyncRequest.objects.unfinished().update(status_code="Cancelled", finished=at("7 00:00"))


def test_a_run_starts_at_its_time_and_not_before(enrollment):
    start_due(at("7 00:59:59"))
    assert not SyncRequest.objects.exists()
    start_due(at("7 01:00:00"))
    sync = SyncRequest.objects.get()
    assert (sync.app_enrollment, sync.status_code, sync.run_full_sync) == (enrollment, "Connector", False)
    assert schedule_sentences(sync) == ["Asked for by the schedule, for 7 Jan 2026, 02:00 CET."]
    start_due(at("7 01:59:59"))
    assert SyncRequest.objects.count() == 1


def test_after_downtime_one_run_catches_up_and_reports_the_missed_ones(enrollment):
    start_due(at("7 04:30"))
    assert schedule_sentences(SyncRequest.objects.get()) == [
        "Asked for by the schedule, for 7 Jan 2026, 05:00 CET.",
        "3 runs were missed between 7 Jan 2026, 02:00 CET and 7 Jan 2026, 04:00 CET; this one catches up.",
    ]
    finish_all()
    start_due(at("7 06:30"))
    assert schedule_sentences(SyncRequest.objects.newest_first().first()) == [
        "Asked for by the schedule, for 7 Jan 2026, 07:00 CET.",
        "The run of 7 Jan 2026, 06:00 CET was missed; this one catches up.",
    ]
    assert SyncPlan.objects.get().next_sync_at == at("7 07:00")


def test_runs_that_are_due_while_one_waits_share_its_sync(enrollment):
    for hour in (1, 2, 3):
        start_due(at(f"7 0{hour}:00"))
    sync = SyncRequest.objects.get()
    assert ScheduledRun.objects.count() == 3
    assert schedule_sentences(sync) == [
        "Asked for by the schedule, for 7 Jan 2026, 02:00 CET.",
        "2 more runs came round while it waited, the last for 7 Jan 2026, 04:00 CET; one sync does for all.",
    ]


def test_years_of_downtime_are_caught_up_at_once(enrollment):
    AppEnrollment.objects.update(cron_settings="* * * * *")
    start_due(at("2027-01-07 00:30"))
    run = ScheduledRun.objects.get()
    assert run.missed_runs == 10_000
    assert SyncPlan.objects.get().next_sync_at == at("2027-01-07 00:31")


def test_a_schedule_that_breaks_is_stopped_alone(owner, enrollment):
    good = planned(owner.group_key, "0 * * * *", at("7 00:30"))
    SyncPlan.objects.filter(pk=enrollment.pk).update(next_sync_at=at("7 00:59"))
    AppEnrollment.objects.filter(pk=enrollment.pk).update(cron_settings="0 0 31 2 * nonsense")
    start_due(at("7 01:00"))
    assert SyncRequest.objects.get().app_enrollment == good
    broken = SyncPlan.objects.get(pk=enrollment.pk)
    assert (broken.next_sync_at, broken.error) == (None, "Something went wrong on our side.")
    services.change_enrollment(enrollment, owner.user, cron_settings="0 5 * * *")
    assert SyncPlan.objects.get(pk=enrollment.pk).error == ""


@pytest.mark.parametrize(
    "changes",
    [{"is_active": False}, {"sync_schedule_is_active": False}, {"cron_settings": None}],
)
def test_a_schedule_that_is_switched_off_starts_and_misses_nothing(enrollment, owner, changes):
    services.change_enrollment(enrollment, owner.user, **changes)
    assert next_runs(enrollment) == []
    start_due(at("7 09:00"))
    assert not SyncRequest.objects.exists()


def test_an_enrollment_that_is_sent_its_data_has_no_runs(owner):
    uploads = services.uploads_enrollment(owner.group_key, owner.user)
    services.change_enrollment(uploads, owner.user, cron_settings="0 * * * *")
    assert uploads.next_sync_at is None


def test_only_a_change_of_the_schedule_changes_the_plan(enrollment, owner):
    before = SyncPlan.objects.get()
    services.change_enrollment(enrollment, owner.user, name="Porto", cron_settings="0 * * * *")
    assert SyncPlan.objects.get().planned_at == before.planned_at
    services.change_enrollment(enrollment, owner.user, cron_settings="30 2 * * *")
    assert format_in_zone(SyncPlan.objects.get().next_sync_at, "Europe/Berlin")[-9:-4] == "02:30"
    services.change_time_zone(owner.group_key, "Asia/Kolkata")
    assert format_in_zone(SyncPlan.objects.get().next_sync_at, "Asia/Kolkata")[-9:] == "02:30 IST"


def test_ten_thousand_at_one_time_do_not_start_as_one(owner, settings):
    settings.SCHEDULE_SPREAD_SECONDS = 600
    app = Application.objects.get(connector="demo-data")
    starts = []
    for _ in range(10_000):
        enrollment = AppEnrollment(group_key=owner.group_key, app=app, cron_settings="0 2 * * *")
        run = next(runs(enrollment, at("7 00:00")))
        assert run.slot == at("7 01:00")
        starts.append((run.start - run.slot).total_seconds())
    assert 0 <= min(starts) < 10
    assert 590 <= max(starts) < 600
    # About 17 a second, and never a crowd.
    assert max(starts.count(second) for second in set(starts)) < 50


def test_a_start_is_always_the_same_and_before_the_next_slot(owner, settings):
    settings.SCHEDULE_SPREAD_SECONDS = 600
    for _ in range(50):
        enrollment = planned(owner.group_key, "0,1 * * * *", at("7 00:30"))
        first, second, third = next_runs(enrollment)
        assert first.start - first.slot < timedelta(minutes=1)
        assert first.start < second.slot
        assert second.start < third.slot
        assert next_runs(enrollment) == [first, second, third]


def test_runs_are_started_in_the_order_in_which_they_are_due(settings):
    settings.SCHEDULE_SPREAD_SECONDS = 0
    late = planned(AccountFactory(), "30 1 * * *", at("7 00:30"))
    early = planned(AccountFactory(), "0 1 * * *", at("7 00:30"))
    start_due(at("7 05:00"))
    asked = SyncRequest.objects.order_by(F("created")).values_list("app_enrollment", flat=True)
    assert list(asked) == [early.pk, late.pk]
