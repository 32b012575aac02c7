"""Enrollments and applications in the admin: what staff may change, and that credentials are never shown."""

import pytest

from enrollments.models import Application
from tests.factories import AppEnrollmentFactory, SyncRequestFactory

LIST = "/admin/enrollments/appenrollment/"


@pytest.fixture
def enrollment(db):
    enrollment = AppEnrollmentFactory(name="Northwind ERP", cron_settings="30 2 * * 1-5")
    enrollment.credentials = {"apiToken": "the-secret"}
    enrollment.save()
    return enrollment


def change(browser, enrollment, **changes):
    form = {
        "name": enrollment.name,
        "is_active": "on",
        "cron_settings": enrollment.cron_settings or "",
        "sync_schedule_is_active": "on",
        "delete_limit_percent": "50",
        "reject_limit_percent": "100",
    }
    page = browser.post(f"{LIST}{enrollment.pk}/change/", form | changes)
    enrollment.refresh_from_db()
    return page


def test_staff_adjust_an_enrollment(browser, superuser, enrollment):
    page = change(browser, enrollment, name="ERP", cron_settings="", delete_limit_percent="80")
    assert page.status_code == 302
    assert (enrollment.name, enrollment.cron_settings, enrollment.delete_limit_percent) == ("ERP", None, 80)
    assert enrollment.modified_user == superuser
    assert enrollment.credentials == {"apiToken": "the-secret"}


def test_an_invalid_schedule_is_refused_with_the_reason(browser, enrollment):
    page = change(browser, enrollment, cron_settings="30 2 30 2 *")
    assert page.context["errors"] == [
        [
            "The schedule “30 2 30 2 *” cannot be used: no such day ever comes. "
            "Example: “30 2 * * 1-5” is 02:30 on working days."
        ]
    ]
    assert enrollment.cron_settings == "30 2 * * 1-5"


def test_a_limit_is_at_most_100_percent(browser, enrollment):
    page = change(browser, enrollment, reject_limit_percent="101")
    assert page.context["errors"] == [["Ensure this value is less than or equal to 100."]]


def test_other_fields_cannot_be_changed(browser, enrollment):
    change(browser, enrollment, is_deleted="on", group_key="x", encrypted_credentials="x")
    assert not enrollment.is_deleted
    assert enrollment.credentials == {"apiToken": "the-secret"}


def test_credentials_are_never_shown(browser, enrollment):
    for address in (LIST, f"{LIST}{enrollment.pk}/change/"):
        page = browser.get(address).text
        assert "the-secret" not in page
        assert enrollment.encrypted_credentials not in page
    assert "Kept, encrypted" in page


def test_a_deleted_enrollment_cannot_be_changed(browser, enrollment):
    type(enrollment).objects.update(is_deleted=True)
    assert change(browser, enrollment, name="ERP").status_code == 403
    assert "_save" not in browser.get(f"{LIST}{enrollment.pk}/change/").text


def test_the_list_names_the_last_sync(browser, enrollment):
    SyncRequestFactory(failed=True, app_enrollment=enrollment)
    last = SyncRequestFactory(queued=True, app_enrollment=enrollment)
    page = browser.get(LIST).text
    assert f'<a href="/admin/syncs/syncrequest/?enrollment={enrollment.pk}">Connector, ' in page
    assert f"{last.created:%Y-%m-%d %H:%M}" in page


@pytest.mark.parametrize(
    "asked",
    [{"account": "company"}, {"active": "true"}, {"deleted": "false"}, {"scheduled": "true"}],
    ids=str,
)
def test_a_filter_finds_the_enrollment(browser, enrollment, asked):
    AppEnrollmentFactory(is_active=False, is_deleted=True, group_key__name="Other")
    assert list(browser.get(LIST, asked).context["cl"].result_list) == [enrollment]


def test_an_application_is_switched_off_not_deleted(browser, superuser):
    application = Application.objects.get(connector="demo-data")
    address = f"/admin/enrollments/application/{application.pk}/"
    assert browser.get(f"{address}delete/").status_code == 403
    assert browser.get("/admin/enrollments/application/add/").status_code == 403
    form = {"name": "Demo", "description": "", "connector": "other", "project_url": "", "icon_url": ""}
    assert browser.post(f"{address}change/", form).status_code == 302
    application.refresh_from_db()
    assert (application.name, application.is_active, application.connector) == ("Demo", False, "demo-data")
    assert application.modified_user == superuser


def test_an_applications_address_must_be_a_web_address(browser, db):
    application = Application.objects.get(connector="demo-data")
    page = browser.post(
        f"/admin/enrollments/application/{application.pk}/change/",
        {"name": "Demo", "project_url": "javascript:alert(1)"},
    )
    assert page.context["errors"] == [["Enter a valid URL."]]
