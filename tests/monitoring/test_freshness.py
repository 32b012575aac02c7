"""Notices are opened once for each problem, and closed when it is cured."""

import pytest

from enrollments import services
from enrollments.models import AppEnrollment, SyncPlan
from syncs.models import SyncRequest
from syncs.models.notices import Notice
from syncs.monitoring.freshness import update_notices
from syncs.periodic.scheduler import start_due
from tests.factories import AppEnrollmentFactory
from tests.periodic.conftest import at, planned

pytestmark = pytest.mark.django_db


def test_data_are_late_when_the_schedule_has_brought_none_within_the_grace(enrollment, loaded, notices):
    loaded("6 01:10")
    assert notices("7 02:59") == []
    assert notices("7 03:00") == ["stale"]
    notice = Notice.objects.get()
    assert notice.message == (
        "No data of Lisbon were loaded since 6 Jan 2026, 02:10 CET. Its schedule should have brought some, by "
        "7 Jan 2026, 04:00 CET at the latest."
    )
    assert (notice.group_key, notice.opened, notice.closed) == (enrollment.group_key, at("7 03:00"), None)


def test_a_problem_has_one_notice_however_often_it_is_found(enrollment, notices):
    for minute in range(10):
        assert notices(f"7 03:0{minute}") == ["stale"]
    assert notices("9 12:00") == ["stale"]
    assert Notice.objects.count() == 1


def test_it_closes_when_data_come_and_says_by_whom(enrollment, owner, loaded, notices):
    notices("7 03:00")
    sync = loaded("7 08:30", modified_user=owner.user)
    assert notices("7 08:31") == []
    notice = Notice.objects.get()
    assert (notice.closed, notice.cure) == (at("7 08:31"), "A sync has loaded its data.")
    assert (notice.closed_sync, notice.closed_user) == (sync, owner.user)
    # The next night is another problem.
    assert notices("8 03:00") == ["stale"]
    assert Notice.objects.count() == 2


def test_data_that_come_in_time_raise_nothing(enrollment, loaded, notices):
    for day in range(7, 12):
        loaded(f"{day} 01:20")
        assert notices(f"{day} 03:30") == []
    assert not Notice.objects.exists()


def test_previews_and_replays_do_not_count_as_new_data(enrollment, loaded, notices):
    first = loaded("6 01:10")
    loaded("7 01:10", dry_run=True)
    loaded("7 01:20", replay_of=first)
    assert notices("7 03:00") == ["stale"]


def test_uploads_are_late_after_the_hours_that_were_set(owner, notices):
    uploads = services.uploads_enrollment(owner.group_key, owner.user)
    services.change_enrollment(uploads, owner.user, expected_every_hours=24)
    SyncPlan.objects.update(planned_at=at("7 12:00"), data_due_at=at("7 12:00"))
    assert notices("8 11:59") == []
    assert notices("8 12:00") == ["stale"]
    assert Notice.objects.get().message == (
        "No data of Uploads were loaded yet. Some are expected at least every 24 hours, by 8 Jan 2026, 13:00 CET at "
        "the latest."
    )
    services.change_enrollment(uploads, owner.user, expected_every_hours=None)
    assert notices("8 12:01") == []
    closed = Notice.objects.get()
    assert (closed.cure, closed.closed_user) == ("What is expected was changed.", owner.user)


def test_a_failed_sync_raises_one_notice_until_the_next_success(enrollment, loaded, notices):
    failed = loaded("7 01:10", failed=True, process_result_message="The ledger did not answer.")
    assert notices("7 01:11") == ["failing"]
    notice = Notice.objects.get()
    assert notice.message == "The last sync of Lisbon failed: The ledger did not answer."
    assert notice.sync_request == failed
    loaded("7 02:10", failed=True)
    # Late data are the same problem.
    assert notices("7 03:30") == ["failing"]
    cure = loaded("7 04:00")
    assert notices("7 04:01") == []
    assert Notice.objects.get().closed_sync == cure


def test_a_stale_notice_stays_open_when_a_sync_fails_later(enrollment, loaded, notices):
    assert notices("7 03:00") == ["stale"]
    loaded("7 03:10", failed=True)
    assert notices("7 03:30") == ["failing", "stale"]


@pytest.mark.parametrize(
    ("end", "cure"),
    [({"is_active": False}, "The enrollment was switched off."), ({"is_deleted": True}, "The enrollment was deleted.")],
)
def test_notices_end_with_the_enrollment(enrollment, owner, notices, end, cure):
    notices("7 03:00")
    AppEnrollment.objects.update(modified_user=owner.user, **end)
    assert notices("7 03:10") == []
    assert (Notice.objects.get().cure, Notice.objects.get().closed_user) == (cure, owner.user)


def test_a_schedule_that_was_stopped_raises_a_notice(enrollment, owner, notices):
    AppEnrollment.objects.update(cron_settings="nonsense")
    start_due(at("7 01:00"))
    assert notices("7 01:01") == ["schedule"]
    assert Notice.objects.get().message == (
        "The schedule of Lisbon has been stopped: Something went wrong on our side. Set it anew."
    )
    services.change_enrollment(enrollment, owner.user, cron_settings="0 5 * * *")
    assert notices("7 01:02") == []
    assert Notice.objects.get().cure == "The schedule was set anew."


def test_an_enrollment_without_a_plan_is_planned(owner):
    enrollment = AppEnrollmentFactory(group_key=owner.group_key, cron_settings="0 2 * * *")
    AppEnrollmentFactory(group_key=owner.group_key, cron_settings="0 2 * * *", is_active=False)
    update_notices(at("7 00:00"))
    assert SyncPlan.objects.get().app_enrollment == enrollment


def test_a_text_from_before_texts_were_checked_raises_a_notice_and_hurts_no_other(owner, enrollment, notices):
    AppEnrollmentFactory(group_key=owner.group_key, name="Porto", cron_settings="R R * * *")
    assert notices("7 03:00") == ["schedule", "stale"]
    assert notices("7 03:01") == ["schedule", "stale"]
    assert Notice.objects.get(kind="schedule").message.startswith(
        "The schedule of Porto has been stopped: The schedule “R R * * *” cannot be used: its minute “R” is "
    )


def test_more_enrollments_need_no_more_queries(owner, enrollment, loaded, django_assert_max_num_queries):
    loaded("7 01:10", failed=True)
    update_notices(at("7 03:00"))
    for _ in range(20):
        planned(owner.group_key, "0 2 * * *", at("6 12:00"))
    update_notices(at("6 12:01"))
    assert SyncRequest.objects.count() == 1
    with django_assert_max_num_queries(10):
        update_notices(at("6 12:02"))
