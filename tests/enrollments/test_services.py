"""The services of enrollments: enrolling, changing, storing credentials."""

import pytest
from cryptography.fernet import Fernet, InvalidToken
from django.core.management import call_command
from django.db import connection

from adsplatform.errors import DependencyFailed, PlatformError
from adsplatform.rest.serializers import camel_case
from enrollments import services
from enrollments.models import AppEnrollment, Application
from enrollments.wire import ConnectorInfo
from syncs import connectors
from tests.factories import AppEnrollmentFactory, MembershipFactory

pytestmark = pytest.mark.django_db


def test_the_catalogue_holds_every_registered_connector():
    assert set(Application.objects.values_list("connector", "name")) >= {
        ("demo-data", "Demo Data Connector"),
        ("file-upload", "File Upload"),
        ("json-batch", "JSON Batch"),
        ("tryton", "Tryton"),
    }


def test_publishing_again_changes_no_id():
    entry = connectors.connector_named("demo-data").application
    before = Application.objects.get(connector="demo-data").pk
    assert services.publish_application(entry).pk == before


def test_the_api_takes_every_credential_that_a_connector_declares():
    names = {camel_case(name) for name in ConnectorInfo().fields}
    for connector in connectors.registered():
        assert {credential.name for credential in connector.describe().credentials} <= names


def test_enrolling_stores_the_settings_given_and_the_defaults_of_the_others(example_erp):
    member = MembershipFactory()
    app = Application.objects.get(connector="demo-data")
    enrollment = services.enroll(member.group_key, app, member.user, settings={"ledger": "branch"})
    values = services.settings_of(enrollment).values_list("custom_field_label", "data_type", "value")
    assert list(values) == [("Ledger", "String", "branch"), ("Days", "Number", "12.50"), ("Note", "String", "")]


def test_an_application_whose_connector_is_not_installed_cannot_be_enrolled():
    member = MembershipFactory()
    app = Application.objects.create(name="Gone", app_type="Connector", connector="gone")
    with pytest.raises(DependencyFailed, match="No connector is called “gone”."):
        services.enroll(member.group_key, app, member.user)
    assert not AppEnrollment.objects.exists()


def test_an_application_without_a_connector_can_be_enrolled():
    member = MembershipFactory()
    app = Application.objects.create(name="Theirs", app_type="Connector")
    assert services.enroll(member.group_key, app, member.user).name == ""


def test_credentials_are_not_readable_in_the_database():
    member = MembershipFactory()
    app = Application.objects.get(connector="demo-data")
    enrollment = services.enroll(member.group_key, app, member.user, credentials={"password": "canary-4711"})
    with connection.cursor() as cursor:
        cursor.execute("SELECT e::text FROM enrollments_appenrollment e")
        assert "canary-4711" not in cursor.fetchone()[0]
    assert AppEnrollment.objects.get(pk=enrollment.pk).credentials == {"password": "canary-4711"}


def test_keys_can_be_rotated(settings):
    enrollment = AppEnrollmentFactory()
    services.replace_credentials(enrollment, None, {"password": "s3cret"})
    old, new = settings.CREDENTIALS_KEYS[0], Fernet.generate_key().decode()
    settings.CREDENTIALS_KEYS = [new, old]
    assert enrollment.credentials == {"password": "s3cret"}
    enrollment.rotate_credentials()
    settings.CREDENTIALS_KEYS = [new]
    assert AppEnrollment.objects.get(pk=enrollment.pk).credentials == {"password": "s3cret"}
    settings.CREDENTIALS_KEYS = [old]
    with pytest.raises(InvalidToken):
        AppEnrollment.objects.get(pk=enrollment.pk).credentials  # noqa: B018


def test_replacing_credentials_keeps_what_is_not_given():
    enrollment = AppEnrollmentFactory()
    services.replace_credentials(enrollment, None, {"username": "ana", "password": "old"})
    services.replace_credentials(enrollment, None, {"password": "new"})
    assert enrollment.credentials == {"username": "ana", "password": "new"}


@pytest.mark.parametrize(
    ("cron", "problem"),
    [
        ("61 * * * *", "its minute “61” is out of range or not understood; it may hold 0 to 59"),
        ("* * * *", "it needs five fields: minute, hour, day of month, month, day of week"),
        ("@daily", "it needs five fields: minute, hour, day of month, month, day of week"),
        ("0 0 31 2 *", "no such day ever comes"),
        ("0 " * 30, "it is longer than 50 characters"),
    ],
)
def test_an_invalid_schedule_is_refused(cron, problem):
    with pytest.raises(PlatformError, match=problem):
        services.change_enrollment(AppEnrollmentFactory(), None, cron_settings=cron)


def test_a_schedule_can_be_set_and_removed():
    enrollment = AppEnrollmentFactory()
    assert services.change_enrollment(enrollment, None, cron_settings="30 2 * * 1-5").cron_settings == "30 2 * * 1-5"
    assert services.change_enrollment(enrollment, None, cron_settings=None).cron_settings is None


def test_a_retired_application_cannot_be_enrolled():
    member = MembershipFactory()
    app = Application.objects.create(name="Old", app_type="Connector", is_active=False)
    with pytest.raises(PlatformError, match="The application “Old” is no longer available. Choose another one."):
        services.enroll(member.group_key, app, member.user)


def test_the_command_rotates_all_credentials(settings, capsys):
    enrollment = AppEnrollmentFactory()
    services.replace_credentials(enrollment, None, {"password": "s3cret"})
    new = Fernet.generate_key().decode()
    settings.CREDENTIALS_KEYS = [new, *settings.CREDENTIALS_KEYS]
    call_command("rotate_credentials")
    assert capsys.readouterr().out == "1 enrollments now use the newest key. Older keys can be taken away.\n"
    settings.CREDENTIALS_KEYS = [new]
    assert AppEnrollment.objects.get(pk=enrollment.pk).credentials == {"password": "s3cret"}
