"""Everything that can be asked of the catalogue and of enrollments, but for their syncs."""

from django.db import transaction
from django.utils import timezone

from adsplatform.errors import DependencyFailed, NotAllowed, PlatformError
from adsplatform.observability.redaction import redact
from adsplatform.zones import check_zone
from enrollments.models import FILE_UPLOAD, AppEnrollment, Application, CustomFieldDefinition, secrets_in
from enrollments.schedules import check_cron, plan
from syncs.connectors import connector_named
from syncs.connectors.protocol import ConnectorError

# The table key under which an enrollment's own settings are kept.
SETTINGS_TABLE = "AppEnrollment"
UPLOADS_NAME = "Uploads"
HOURS_OF_A_YEAR = 8784
CHANGEABLE = {
    "name",
    "is_active",
    "cron_settings",
    "sync_schedule_is_active",
    "delete_limit_percent",
    "reject_limit_percent",
    "expected_every_hours",
}
# A change of these makes what was planned void.
PLANNED_BY = {"is_active", "cron_settings", "sync_schedule_is_active", "expected_every_hours"}


def publish_application(entry) -> Application:
    """Write a connector's entry into the catalogue, or bring the one that is there up to date."""
    application, _ = Application.objects.update_or_create(
        connector=entry.connector,
        defaults={
            "name": entry.name,
            "description": entry.description,
            "app_type": entry.app_type,
        },
        create_defaults={
            "app_id": entry.app_id,
            "name": entry.name,
            "description": entry.description,
            "app_type": entry.app_type,
        },
    )
    return application


@transaction.atomic
def create_applications(user, wanted: list[dict]) -> list[Application]:
    """Put applications that others run into the catalogue; for platform staff."""
    _check_staff(user)
    return [Application.objects.create(created_user=user, modified_user=user, **values) for values in wanted]


def change_application(application: Application, user, **changes) -> Application:
    """Change an entry of the catalogue; for platform staff."""
    _check_staff(user)
    changes |= {"modified": timezone.now(), "modified_user": user}
    Application.objects.filter(pk=application.pk).update(**changes)
    application.refresh_from_db()
    return application


def retire_application(application: Application, user) -> list[str]:
    """Take an application out of the catalogue; enrollments in it stay. For platform staff."""
    change_application(application, user, is_active=False)
    return [f"Application {application.pk} is kept, but no longer available"]


@transaction.atomic
def enroll(
    account,
    app: Application,
    user,
    *,
    settings=(),
    credentials: dict | None = None,
    is_uploads: bool = False,
    **values,
) -> AppEnrollment:
    """Enrol the account in an application; `settings` are the connector's, each with label, value, data type."""
    if not app.is_active:
        raise PlatformError(f"The application “{app.name}” is no longer available. Choose another one.", field="appId")
    _check(values)
    enrollment = AppEnrollment(
        group_key=account,
        app=app,
        created_user=user,
        modified_user=user,
        is_uploads=is_uploads,
        **values,
    )
    enrollment.credentials = credentials or {}
    enrollment.save()
    CustomFieldDefinition.objects.bulk_create(
        CustomFieldDefinition(
            group_key=account,
            app=app,
            app_enrollment=enrollment,
            table_key=SETTINGS_TABLE,
            custom_field_label=setting.label,
            data_type=setting.data_type,
            value=setting.value,
            sort_order=position,
            created_user=user,
            modified_user=user,
        )
        for position, setting in enumerate(settings)
    )
    _plan(enrollment)
    return enrollment


def uploads_enrollment(account, user) -> AppEnrollment:
    """The account's own enrollment for uploads and batches that name none; made when first needed."""
    found = AppEnrollment.objects.of(account).current().filter(is_uploads=True).first()
    if found:
        return found
    app = Application.objects.get(connector=FILE_UPLOAD)
    with transaction.atomic():
        # Two first uploads may meet here; the account's row lets one of them wait.
        type(account).objects.select_for_update(no_key=True).get(pk=account.pk)
        found = AppEnrollment.objects.of(account).current().filter(is_uploads=True).first()
        return found or enroll(account, app, user, name=UPLOADS_NAME, is_uploads=True)


@transaction.atomic
def change_enrollment(enrollment: AppEnrollment, user, **changes) -> AppEnrollment:
    """Change the named settings of an enrollment; raises PlatformError for those that cannot be changed."""
    if unknown := sorted(set(changes) - CHANGEABLE):
        raise PlatformError(f"“{unknown[0]}” of an enrollment cannot be changed.")
    _check(changes)
    changes |= {"modified": timezone.now(), "modified_user": user}
    before = AppEnrollment.objects.values(*PLANNED_BY).get(pk=enrollment.pk)
    AppEnrollment.objects.filter(pk=enrollment.pk).update(**changes)
    enrollment.refresh_from_db()
    if any(getattr(enrollment, name) != value for name, value in before.items()):
        _plan(enrollment)
    return enrollment


@transaction.atomic
def change_time_zone(account, time_zone: str):
    """Have the account's schedules read in another time zone, from now on."""
    check_zone(time_zone)
    found = type(account).objects.filter(pk=account.pk).exclude(time_zone=time_zone)
    if found.update(time_zone=time_zone):
        account.time_zone = time_zone
        for enrollment in AppEnrollment.objects.of(account).current().select_related("app", "group_key"):
            if enrollment.is_scheduled:
                plan(enrollment, timezone.now())
    return account


def replace_credentials(enrollment: AppEnrollment, user, credentials: dict) -> AppEnrollment:
    """Keep new connector credentials, encrypted; members that are not given stay as they were."""
    enrollment.credentials = enrollment.credentials | credentials
    enrollment.modified, enrollment.modified_user = timezone.now(), user
    enrollment.save(update_fields=["encrypted_credentials", "modified", "modified_user"])
    return enrollment


def settings_of(enrollment: AppEnrollment):
    """The enrollment's settings, in their order."""
    return enrollment.custom_field_definitions.filter(table_key=SETTINGS_TABLE).order_by(
        "sort_order", "custom_field_definition_id"
    )


def _plan(enrollment: AppEnrollment):
    """Plan in the account's time zone, which nobody changes meanwhile."""
    accounts = type(enrollment.group_key).objects.select_for_update(no_key=True)
    enrollment.group_key = accounts.get(pk=enrollment.group_key_id)
    plan(enrollment, timezone.now())


def _check_staff(user):
    if not user.is_staff:
        raise NotAllowed("The catalogue of applications is kept by the platform's own staff.")


def _check(values: dict):
    if cron := values.get("cron_settings"):
        check_cron(cron)
    for name in ("delete_limit_percent", "reject_limit_percent"):
        if name in values and not 0 <= values[name] <= 100:
            raise PlatformError(f"A limit is a share from 0 to 100 percent; “{values[name]}” is not.")
    hours = values.get("expected_every_hours")
    if hours is not None and not 1 <= hours <= HOURS_OF_A_YEAR:
        raise PlatformError(
            f"Data can be expected at least every 1 to {HOURS_OF_A_YEAR:,} hours; “{hours}” is not among them.",
            field="expectedEveryHours",
        )


def check_connection(app: Application, credentials: dict) -> None:
    """Try the credentials on the accounting system; raises DependencyFailed with its answer."""
    if not app.connector:
        return
    try:
        connector_named(app.connector).check(credentials)
    except ConnectorError as refused:
        raise DependencyFailed(redact(str(refused), secrets_in(credentials)), field="connectorInfo") from refused


def reconnect(enrollment: AppEnrollment, user, credentials: dict) -> AppEnrollment:
    """Try new credentials and keep them, encrypted, if the accounting system accepts them."""
    check_connection(enrollment.app, enrollment.credentials | credentials)
    return replace_credentials(enrollment, user, credentials)
