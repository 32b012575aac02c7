"""Schedules and notices in the Inbox, the API and the admin; strangers see none of them."""

import pytest

from adsplatform.accounts.models import Role
from enrollments import services
from enrollments.schedules import next_runs
from syncs.models import ScheduledRun
from syncs.periodic.scheduler import start_due
from tests.callers import Program
from tests.factories import NoticeFactory, UserFactory, member
from tests.periodic.conftest import at

pytestmark = pytest.mark.django_db


@pytest.fixture
def inbox(client, owner):
    client.force_login(owner.user)
    return client


def test_open_notices_are_counted_on_every_page_and_shown_on_the_enrollments(inbox, enrollment):
    assert "open</span>" not in inbox.get("/").text
    notice = NoticeFactory(app_enrollment=enrollment, message="No data of Lisbon were loaded since Monday.")
    for address in ("/", "/syncs/", "/keys/"):
        assert '<span class="count">1<span class="unseen"> open</span></span>' in inbox.get(address).text
    for address in ("/notices/", f"/enrollments/{enrollment.pk}/"):
        assert notice.message in inbox.get(address).text
    assert "Data are late" in inbox.get("/").text


def test_without_a_cured_notice_there_is_no_table_of_them(inbox, enrollment):
    NoticeFactory(app_enrollment=enrollment)
    assert 'id="cured"' not in inbox.get("/notices/").text


def test_cured_notices_say_how_and_by_whom(inbox, owner, enrollment):
    NoticeFactory(app_enrollment=enrollment, closed=at("7 08:31"), cure="It was cured.", closed_user=owner.user)
    text = inbox.get("/notices/").text
    assert "Nothing is wrong." in text
    assert 'id="cured"' in text
    assert "7 Jan 2026, 09:31 CET" in text
    assert f"It was cured. By {owner.user}." in text


def test_strangers_see_no_notice_and_no_schedule(client, enrollment):
    NoticeFactory(app_enrollment=enrollment, message="The secret of Lisbon.")
    stranger = member(Role.OWNER)[0]
    client.force_login(stranger.user)
    assert "The secret of Lisbon." not in client.get("/notices/").text
    assert "open</span>" not in client.get("/notices/").text
    assert client.get(f"/enrollments/{enrollment.pk}/").status_code == 404
    assert client.post(f"/enrollments/{enrollment.pk}/", {"cron_settings": "0 3 * * *"}).status_code == 404
    client.post("/account/settings/", {"time_zone": "Asia/Kolkata"})
    enrollment.group_key.refresh_from_db()
    stranger.group_key.refresh_from_db()
    assert (enrollment.group_key.time_zone, stranger.group_key.time_zone) == ("Europe/Berlin", "Asia/Kolkata")
    program = Program()
    assert program.get(f"AppEnrollments/{enrollment.pk}").status_code == 404
    assert program.patch(f"AppEnrollments/{enrollment.pk}", {"cronSettings": "0 3 * * *"}).status_code == 404
    assert program.get("AppEnrollments/query", query="filter=nextSyncAt IS NOT NULL").json()["records"] == []


def test_owners_and_admins_set_the_time_zone_and_members_do_not(client, owner, enrollment):
    account = owner.group_key
    for role, status in ((Role.ADMIN, 302), (Role.MEMBER, 403), (Role.READ_ONLY, 403)):
        client.force_login(member(role, account)[0].user)
        assert client.get("/account/settings/").status_code == (200 if status == 302 else 403)
        assert client.post("/account/settings/", {"time_zone": "Asia/Kolkata"}).status_code == status
    assert [f"{run.start:%H:%M}" for run in next_runs(type(enrollment).objects.get())] == ["20:30"] * 3
    client.force_login(owner.user)
    assert "Select a valid choice" in client.post("/account/settings/", {"time_zone": "Mars/Olympus"}).text


def test_owners_and_admins_choose_their_own_e_mails(client, owner):
    admin = member(Role.ADMIN, owner.group_key)[0]
    client.force_login(admin.user)
    assert "You get no e-mails about notices of Northwind" in client.post("/notices/", follow=True).text
    admin.refresh_from_db()
    owner.refresh_from_db()
    assert (admin.wants_notices, owner.wants_notices) == (False, True)
    assert "You get e-mails" in client.post("/notices/", {"wants_notices": "on"}, follow=True).text
    client.force_login(member(Role.MEMBER, owner.group_key)[0].user)
    assert client.post("/notices/").status_code == 403


def test_the_api_tells_when_syncs_start_and_takes_what_is_expected(owner, enrollment):
    program = Program(account=owner.group_key)
    shown = program.get(f"AppEnrollments/{enrollment.pk}").json()
    assert (shown["timeZone"], shown["nextSyncAt"]) == ("Europe/Berlin", "2026-01-07T01:00:00.000Z")
    assert shown["nextRuns"] == [f"2026-01-0{day}T01:00:00.000Z" for day in (7, 8, 9)]
    answer = program.patch(f"AppEnrollments/{enrollment.pk}", {"expectedEveryHours": 26})
    assert answer.json()["expectedEveryHours"] == 26
    for bad in (0, -1, 9999, "often"):
        answer = program.patch(f"AppEnrollments/{enrollment.pk}", {"expectedEveryHours": bad})
        assert (answer.status_code, list(answer.json()["errors"])) == (400, ["expectedEveryHours"])
    assert (
        "expectedEveryHours"
        not in program.patch(f"AppEnrollments/{enrollment.pk}", {"expectedEveryHours": None}).json()
    )
    found = program.get("AppEnrollments/query", query="filter=nextSyncAt LT 2030-01-01").json()["records"]
    assert [row["appEnrollmentId"] for row in found] == [str(enrollment.pk)]


def test_a_scheduled_sync_says_so_in_the_inbox_and_the_admin(client, inbox, enrollment):
    start_due(at("9 05:00"))
    sync = ScheduledRun.objects.get().sync_request
    told = "2 runs were missed between 7 Jan 2026, 02:00 CET and 8 Jan 2026, 02:00 CET; this one catches up."
    assert told in inbox.get(f"/syncs/{sync.pk}/").text
    assert ", by schedule" in inbox.get("/syncs/").text
    client.force_login(UserFactory(staff=True))
    assert told in client.get(f"/admin/syncs/syncrequest/{sync.pk}/change/").text


def test_staff_see_next_runs_and_change_a_time_zone(client, enrollment):
    client.force_login(UserFactory(staff=True))
    page = f"/admin/enrollments/appenrollment/{enrollment.pk}/change/"
    assert "8 Jan 2026, 02:00:00 CET" in client.get(page).text
    account = enrollment.group_key
    form = {"name": "Northwind", "time_zone": "UTC", "memberships-TOTAL_FORMS": 0, "memberships-INITIAL_FORMS": 0}
    assert client.post(f"/admin/accounts/account/{account.pk}/change/", form).status_code == 302
    assert f"{next_runs(type(enrollment).objects.get())[0].start:%H:%M}" == "02:00"


def test_a_zone_that_there_is_not_is_refused_with_a_sentence(enrollment):
    with pytest.raises(services.PlatformError, match="No time zone is called “Mars/Olympus”. Give its IANA name"):
        services.change_time_zone(enrollment.group_key, "Mars/Olympus")
