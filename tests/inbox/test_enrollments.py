"""The Inbox's pages about enrollments: home, one enrollment, the catalogue, credentials."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from adsplatform.accounts.models import Role
from enrollments import services
from enrollments.models import AppEnrollment, Application
from enrollments.schedules import next_runs
from syncs.connectors import connector_named
from syncs.connectors.protocol import GROUPS, Budget
from syncs.loading.helper import key_digest
from syncs.models import SourceBudget, SourceState
from tests.factories import AppEnrollmentFactory, SyncEntityResultFactory, SyncRequestFactory, member


def test_home_shows_how_fresh_the_data_are(inbox, enrollment, make_sync):
    assert "Never loaded" in inbox.get("/").text
    long_ago = timezone.now() - timedelta(hours=2)
    make_sync(succeeded=True, created=long_ago, finished=long_ago)
    make_sync(failed=True, process_result_message="The ledger did not answer.")
    text = inbox.get("/").text
    assert "2 hours ago" in text
    assert "The ledger did not answer." in text


def test_home_says_when_nothing_is_enrolled(inbox):
    assert "Nothing is enrolled yet" in inbox.get("/").text


def test_home_leaves_out_deleted_enrollments(inbox, account):
    AppEnrollmentFactory(group_key=account, name="Gone", is_deleted=True)
    assert "Gone" not in inbox.get("/").text


@pytest.mark.parametrize("address", ["/", "/syncs/"])
def test_the_number_of_queries_does_not_depend_on_the_rows(inbox, account, address):
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
    assert queries() == few <= 11


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


def test_the_catalogue_has_groups_and_says_what_is_enrolled(inbox, enrollment):
    Application.objects.create(name="Own program", app_type="Connector")
    groups = inbox.get("/enroll/").context["groups"]
    names = {group: [offer.app.name for offer in offers] for group, offers in groups.items()}
    assert set(names) <= set(GROUPS)
    assert names["Databases"] == ["SQL Database"]
    assert set(names["Files"]) >= {"File Upload", "JSON Batch"}
    assert {"Demo Data Connector", "Own program"} <= set(names["Others"])
    assert "Tryton" in names["ERP"]
    (demo,) = (offer for offer in groups["Others"] if offer.app == enrollment.app)
    assert list(demo.enrollments) == [enrollment]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("mariadb", ["SQL Database"]),
        ("POSTGRES read", ["SQL Database"]),
        ("demo connector", ["Demo Data Connector"]),
        ("no such thing", []),
    ],
)
def test_the_catalogue_is_searched_by_words(inbox, text, found):
    answer = inbox.get("/enroll/", {"q": text})
    offers = [offer.app.name for offers in answer.context["groups"].values() for offer in offers]
    assert offers == found
    assert f"{len(found)} application{'' if len(found) == 1 else 's'} for “{text}”." in answer.text


def test_the_catalogue_names_no_enrollment_of_another_account(client, enrollment):
    client.force_login(member(Role.OWNER)[0].user)
    assert str(enrollment.pk) not in client.get("/enroll/").text


SECRET = "s3cret-canary"


@pytest.fixture
def demo(example_erp):
    return Application.objects.get(connector="demo-data")


def test_the_enrol_form_asks_for_what_the_connector_declares(inbox, demo):
    form = inbox.get(f"/enroll/{demo.pk}/").context["form"]
    assert [(field.label, field.initial, field.field.required) for field in form] == [
        ("Name", None, False),
        ("Ledger", "main", False),
        ("Days", "12.50", False),
        ("Note", "", False),
        ("Schedule", None, False),
        ("Schedule in cron fields", None, False),
        ("The first sync", "preview", False),
        ("User", None, True),
        ("Password", None, True),
        ("Tenant", None, False),
    ]
    assert [field.name for field in form if field.field.widget.input_type == "password"] == ["credential_password"]
    assert "under &lt;Users&gt;." in inbox.get(f"/enroll/{demo.pk}/").text


def test_enrolling_tries_the_credentials_and_stores_them_with_the_settings(inbox, account, demo, example_erp):
    values = {"setting_ledger": "branch", "credential_username": "ann", "credential_password": f" {SECRET} "}
    assert "is enrolled." in inbox.post(f"/enroll/{demo.pk}/", values, follow=True).text
    enrollment = AppEnrollment.objects.of(account).get()
    assert example_erp.tried == [{"username": "ann", "password": f" {SECRET} "}]
    assert enrollment.credentials == example_erp.tried[0]
    settings = services.settings_of(enrollment).values_list("custom_field_label", "value")
    assert dict(settings) == {"Ledger": "branch", "Days": "", "Note": ""}


def test_credentials_that_the_connector_refuses_are_explained_and_nothing_is_saved(inbox, demo):
    response = inbox.post(f"/enroll/{demo.pk}/", {"credential_username": "ann", "credential_password": "wrong"})
    assert response.context["form"].non_field_errors() == ["Example ERP does not accept this user and password."]
    assert "Example ERP does not accept this user and password." in response.text
    assert 'value="wrong"' not in response.text
    assert not AppEnrollment.objects.exists()


def test_missing_credentials_are_asked_for_before_the_connector_is_tried(inbox, demo, example_erp):
    response = inbox.post(f"/enroll/{demo.pk}/", {"credential_username": "ann"})
    assert list(response.context["form"].errors) == ["credential_password"]
    assert example_erp.tried == []


def test_an_application_whose_connector_is_not_installed_is_refused_with_a_sentence(inbox):
    app = Application.objects.create(name="Gone", app_type="Connector", connector="gone")
    assert inbox.get(f"/enroll/{app.pk}/").status_code == 200
    assert "No connector is called “gone”." in inbox.post(f"/enroll/{app.pk}/").text
    assert not AppEnrollment.objects.exists()


@pytest.fixture
def connected(enrollment, example_erp):
    """An enrollment with credentials."""
    return services.replace_credentials(enrollment, None, {"username": "ann", "password": SECRET})


def test_credentials_are_replaced_and_never_shown(inbox, connected, example_erp):
    address = f"/enrollments/{connected.pk}/credentials/"
    assert f'href="{address}"' in inbox.get(f"/enrollments/{connected.pk}/").text
    page = inbox.get(address).text
    assert SECRET not in page
    assert 'value="ann"' not in page
    answer = inbox.post(address, {"credential_password": "new", "credential_tenant": "42"}, follow=True)
    assert "is connected with these credentials from now on." in answer.text
    assert "Kept, encrypted" in answer.text
    connected.refresh_from_db()
    assert connected.credentials == {"username": "ann", "password": "new", "tenant": "42"}
    assert example_erp.tried[-1] == connected.credentials


def test_credentials_that_do_not_work_leave_the_old_ones(inbox, connected):
    response = inbox.post(f"/enrollments/{connected.pk}/credentials/", {"credential_password": "wrong"})
    assert response.context["form"].non_field_errors() == ["Example ERP does not accept this user and password."]
    assert 'value="wrong"' not in response.text
    connected.refresh_from_db()
    assert connected.credentials["password"] == SECRET


@pytest.mark.parametrize("role", [Role.MEMBER, Role.READ_ONLY])
def test_only_owners_and_admins_replace_credentials(sign_in_as, connected, role):
    browser = sign_in_as(role)
    address = f"/enrollments/{connected.pk}/credentials/"
    assert address not in browser.get(f"/enrollments/{connected.pk}/").text
    assert browser.get(address).status_code == 403
    assert browser.post(address, {"credential_password": "new"}).status_code == 403
    connected.refresh_from_db()
    assert connected.credentials["password"] == SECRET


def test_another_account_finds_no_credentials_to_replace(client, connected):
    client.force_login(member(Role.OWNER)[0].user)
    address = f"/enrollments/{connected.pk}/credentials/"
    assert client.get(address).status_code == 404
    assert client.post(address, {"credential_password": "new"}).status_code == 404
    connected.refresh_from_db()
    assert connected.credentials["password"] == SECRET


@pytest.mark.parametrize("connector", ["demo-data", "file-upload", "gone"])
def test_without_declared_credentials_there_is_no_page_of_them(inbox, enrollment, connector):
    values = {"name": "Gone", "app_type": "Connector"}
    enrollment.app, _ = Application.objects.get_or_create(connector=connector, defaults=values)
    enrollment.save()
    address = f"/enrollments/{enrollment.pk}/credentials/"
    assert address not in inbox.get(f"/enrollments/{enrollment.pk}/").text
    assert inbox.get(address).status_code == 404
    answer = inbox.post(address, {})
    assert answer.status_code == 404
    assert "connected" not in answer.text


def test_an_enrollment_shows_how_far_its_source_was_read_and_has_it_read_again(inbox, enrollment, make_sync):
    sync = make_sync(succeeded=True)
    SourceState.objects.create(
        group_key=enrollment.group_key, app_enrollment=enrollment, kind="Invoice", state={"page": 7}, sync_request=sync
    )
    text = inbox.get(f"/enrollments/{enrollment.pk}/").text
    assert "Invoice: <code>{&#x27;page&#x27;: 7}</code>" in text
    address = f"/enrollments/{enrollment.pk}/read-again/"
    assert f'action="{address}"' in text
    assert "The next sync of Demo Data Connector reads everything again." in inbox.post(address, follow=True).text
    assert not SourceState.objects.exists()
    assert address not in inbox.get(f"/enrollments/{enrollment.pk}/").text


def test_an_enrollment_shows_what_is_used_of_its_budgets(inbox, enrollment, monkeypatch):
    connector = connector_named("demo-data")
    requests = Budget("requests", "Requests", per_minute=60, per_day=5_000)
    monkeypatch.setattr(connector, "application", replace(connector.application, budgets=(requests,)))
    now = timezone.now()
    SourceBudget.objects.create(
        connector="demo-data",
        name="requests",
        key_digest=key_digest(requests, {}, {}),
        day=now.date(),
        used_in_day=1_200,
        recent=[[int(now.timestamp()), 3]],
    )
    text = inbox.get(f"/enrollments/{enrollment.pk}/").text
    assert "<dt>Requests</dt><dd>1,200 of 5,000 used today (UTC), 3 of 60 in the last minute</dd>" in text
