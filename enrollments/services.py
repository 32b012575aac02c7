"""Services of the catalogue and of enrollments; those that concern syncs are in `syncs.services`."""

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict, Unpack
from uuid import UUID

from django.conf import settings as product
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from adsplatform import locks
from adsplatform.accounts.models import Account, User
from adsplatform.accounts.services import Caller
from adsplatform.errors import NotAllowed, PlatformError, QuotaExceeded
from adsplatform.wording import counted
from adsplatform.zones import check_zone
from enrollments.connection_state import fresh_credentials, store_connection
from enrollments.credential_renewal import connection_end
from enrollments.models import FILE_UPLOAD, AppEnrollment, Application, CustomFieldDefinition
from enrollments.schedules import check_cron, plan, replan
from enrollments.sources import authorized_connector, check_connection, settings_declared_by
from syncs.connectors.protocol import ApplicationEntry, Field

# The table key of an enrollment's own settings.
SETTINGS_TABLE = "AppEnrollment"
UPLOADS_NAME = "Uploads"
MAX_EXPECTED_HOURS = 8784
# A change of these invalidates the sync plan.
PLANNED_BY = ("is_active", "cron_settings", "sync_schedule_is_active", "expected_every_hours")


class ApplicationValues(TypedDict, total=False):
    """The members of an application that platform staff may set."""

    name: str
    description: str
    app_type: str
    owner_id: UUID | None
    project_url: str
    icon_url: str
    is_active: bool


class EnrollmentValues(TypedDict, total=False):
    """The members that may be set when an application is enrolled, and changed afterwards."""

    name: str
    is_active: bool
    cron_settings: str | None
    sync_schedule_is_active: bool
    delete_limit_percent: int
    reject_limit_percent: int
    expected_every_hours: int | None


def publish_application(entry: ApplicationEntry) -> Application:
    """Write a connector's entry into the catalogue, or bring the existing one up to date."""
    values = {"name": entry.name, "description": entry.description, "app_type": entry.app_type}
    application, _ = Application.objects.update_or_create(
        connector=entry.connector, defaults=values, create_defaults={"app_id": entry.app_id, **values}
    )
    return application


@transaction.atomic
def create_applications(caller: Caller, wanted: Sequence[dict[str, Any]]) -> list[Application]:
    """Add applications without a connector of ours to the catalogue; for platform staff."""
    _check_staff(caller, "enrollments.add_application")
    user = caller.user
    return [Application.objects.create(created_user=user, modified_user=user, **values) for values in wanted]


def change_application(application: Application, caller: Caller, **changes: Unpack[ApplicationValues]) -> Application:
    """Change an entry of the catalogue; for platform staff."""
    _check_staff(caller, "enrollments.change_application")
    this = Application.objects.filter(pk=application.pk)
    this.update(**changes, modified=timezone.now(), modified_user=caller.user)
    application.refresh_from_db()
    return application


def retire_application(application: Application, caller: Caller) -> list[str]:
    """Take an application out of the catalogue; enrollments in it stay. For platform staff."""
    change_application(application, caller, is_active=False)
    return [f"Application {application.pk} is kept, but no longer available"]


def enroll(
    account: Account,
    app: Application,
    user: User,
    *,
    settings: Mapping[str, str] | None = None,
    credentials: Mapping[str, str] | None = None,
    **values: Unpack[EnrollmentValues],
) -> AppEnrollment:
    """Enrol the account in an application after its connector has accepted the credentials.

    `settings` has values of the connector's settings by name, defaults apply to the others; `credentials` are by the
    names of `connectorInfo`. Raises DependencyFailed if the connector refuses, PlatformError for bad values.
    """
    check_connection(app, settings or {}, credentials or {})
    return create_enrollment(account, app, user, settings=settings, credentials=credentials, **values)


@transaction.atomic
def create_enrollment(
    account: Account,
    app: Application,
    user: User | None,
    *,
    settings: Mapping[str, str] | None = None,
    credentials: Mapping[str, str] | None = None,
    is_uploads: bool = False,
    **values: Unpack[EnrollmentValues],
) -> AppEnrollment:
    """Enrol without asking the connector, for callers that called `check_connection` before the transaction."""
    if not app.is_active:
        raise PlatformError(f"The application “{app.name}” is no longer available. Choose another one.", field="appId")
    _check(values)
    _check_settings(app, settings or {})
    if not is_uploads:
        check_room_for_enrollments(account, 1)
    enrollment = AppEnrollment(
        group_key=account,
        app=app,
        created_user=user,
        modified_user=user,
        is_uploads=is_uploads,
        **values,
    )
    enrollment.credentials = dict(credentials or {})
    enrollment.connection_ends = connection_end(enrollment.credentials)
    enrollment.save()
    CustomFieldDefinition.objects.bulk_create(
        _setting(enrollment, field, position, (settings or {}).get(field.name, field.default), user)
        for position, field in enumerate(settings_declared_by(app))
    )
    replan(enrollment)
    return enrollment


def _setting(
    enrollment: AppEnrollment, field: Field, position: int, value: str, user: User | None
) -> CustomFieldDefinition:
    return CustomFieldDefinition(
        group_key=enrollment.group_key,
        app=enrollment.app,
        app_enrollment=enrollment,
        table_key=SETTINGS_TABLE,
        name=field.name,
        custom_field_label=field.label,
        data_type="Number" if field.type == "number" else "String",
        value=value,
        sort_order=position,
        created_user=user,
        modified_user=user,
    )


def check_room_for_enrollments(account: Account, more: int) -> None:
    """Refuse that many more enrollments if the account then had too many."""
    # Of two that are made at once, the second counts the first.
    Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    most, present = product.ENROLLMENTS_PER_ACCOUNT, AppEnrollment.objects.of(account).counted().count()
    if present + more > most:
        raise QuotaExceeded(
            f"{account} has {present:,} of the {counted(most, 'enrollment')} it may have, so {more:,} more cannot be "
            "made. Delete those that are not needed, or ask the platform’s staff."
        )


def uploads_enrollment(account: Account, user: User | None) -> AppEnrollment:
    """The account's enrollment for uploads and batches that name none; created when first needed."""
    uploads = AppEnrollment.objects.of(account).current().filter(is_uploads=True)
    if enrollment := uploads.first():
        return enrollment
    app = Application.objects.get(connector=FILE_UPLOAD)
    with transaction.atomic():
        # If two first uploads come at the same time, one waits here for the other.
        Account.objects.select_for_update(no_key=True).get(pk=account.pk)
        return uploads.first() or create_enrollment(account, app, user, name=UPLOADS_NAME, is_uploads=True)


@transaction.atomic
def change_enrollment(
    enrollment: AppEnrollment, user: User | None, **changes: Unpack[EnrollmentValues]
) -> AppEnrollment:
    """Change the named settings of an enrollment; raises PlatformError for those that cannot be changed."""
    if unknown := sorted(set(changes) - set(EnrollmentValues.__annotations__)):
        raise PlatformError(f"“{unknown[0]}” of an enrollment cannot be changed.")
    _check(changes)
    this = AppEnrollment.objects.filter(pk=enrollment.pk)
    before = this.values(*PLANNED_BY).get()
    this.update(**changes, modified=timezone.now(), modified_user=user)
    enrollment.refresh_from_db()
    if any(getattr(enrollment, name) != value for name, value in before.items()):
        replan(enrollment)
    return enrollment


@transaction.atomic
def change_time_zone(account: Account, time_zone: str) -> Account:
    """Interpret the account's schedules in another time zone from now on."""
    check_zone(time_zone)
    if Account.objects.filter(pk=account.pk).exclude(time_zone=time_zone).update(time_zone=time_zone):
        account.time_zone = time_zone
        for enrollment in AppEnrollment.objects.of(account).current().select_related("app", "group_key"):
            if enrollment.is_scheduled:
                plan(enrollment, timezone.now())
    return account


def reconnect(enrollment: AppEnrollment, user: User | None, credentials: Mapping[str, str]) -> AppEnrollment:
    """Replace credentials once the accounting system has accepted them; see `replace_credentials`."""
    if authorized_connector(enrollment.app):
        raise PlatformError(f"{enrollment} takes no credentials. Connect it in the browser.", field="connectorInfo")
    check_connection(enrollment.app, setting_values(enrollment), enrollment.credentials | dict(credentials))
    return replace_credentials(enrollment, user, credentials)


@transaction.atomic
def replace_credentials(enrollment: AppEnrollment, user: User | None, credentials: Mapping[str, str]) -> AppEnrollment:
    """Store new connector credentials, encrypted; members that are not given stay as they are."""
    # A connector may be renewing them.
    locks.acquire(locks.credentials_key(enrollment.pk))
    enrollment.refresh_from_db(fields=["encrypted_credentials"])
    enrollment.credentials = enrollment.credentials | dict(credentials)
    return store_connection(enrollment, user, problem="")


def try_connection(enrollment: AppEnrollment) -> str:
    """Try the enrollment's source with what is stored; returns a sentence that says what was found there."""
    found = check_connection(enrollment.app, setting_values(enrollment), fresh_credentials(enrollment))
    return found or f"{enrollment.app.name} needs no connection."


def change_settings(
    enrollment: AppEnrollment,
    user: User | None,
    settings: Mapping[str, str],
    **changes: Unpack[EnrollmentValues],
) -> str:
    """Store other values of the connector's settings, by name, once its source has been tried with them.

    `changes` are made together with them. Returns a sentence that says what was found at the source; raises
    DependencyFailed with its answer, PlatformError for a setting that there is not.
    """
    _check_settings(enrollment.app, settings)
    wanted = setting_values(enrollment) | dict(settings)
    found = check_connection(enrollment.app, wanted, fresh_credentials(enrollment))
    with transaction.atomic():
        change_enrollment(enrollment, user, **changes)
        _store_settings(enrollment, user, settings)
    return found


def _store_settings(enrollment: AppEnrollment, user: User | None, settings: Mapping[str, str]) -> None:
    stored = {setting.name: setting for setting in settings_of(enrollment).exclude(name="")}
    for position, field in enumerate(settings_declared_by(enrollment.app)):
        if field.name not in settings:
            continue
        value, setting = settings[field.name], stored.get(field.name)
        if setting is None:
            # The connector has got this setting since the account enrolled.
            _setting(enrollment, field, position, value, user).save()
        elif setting.value != value:
            setting.value, setting.modified, setting.modified_user = value, timezone.now(), user
            setting.save(update_fields=["value", "modified", "modified_user"])


def settings_of(enrollment: AppEnrollment) -> "QuerySet[CustomFieldDefinition]":
    """The enrollment's settings, in their order."""
    return enrollment.custom_field_definitions.filter(table_key=SETTINGS_TABLE).order_by(
        "sort_order", "custom_field_definition_id"
    )


def setting_values(enrollment: AppEnrollment) -> dict[str, str]:
    """The values of the enrollment's settings, by the names of the fields of its connector's form."""
    return {setting.name or setting.custom_field_label: setting.value for setting in settings_of(enrollment)}


def _check_staff(caller: Caller, permission: str) -> None:
    if not caller.has_staff_permission(permission):
        raise NotAllowed(
            "The catalogue of applications is kept by those of the platform's own staff who have that permission."
        )


def _check_settings(app: Application, settings: Mapping[str, str]) -> None:
    known = [field.name for field in settings_declared_by(app)]
    if unknown := sorted(settings.keys() - set(known)):
        names = ", ".join(known) or "none"
        raise PlatformError(f"{app} has no setting called “{unknown[0]}”. Known: {names}.", field="settings")


def _check(values: EnrollmentValues) -> None:
    if cron := values.get("cron_settings"):
        check_cron(cron)
    for percent in (values.get("delete_limit_percent"), values.get("reject_limit_percent")):
        if percent is not None and not 0 <= percent <= 100:
            raise PlatformError(f"A limit is a share from 0 to 100 percent; “{percent}” is not.")
    hours = values.get("expected_every_hours")
    if hours is not None and not 1 <= hours <= MAX_EXPECTED_HOURS:
        raise PlatformError(
            f"Data can be expected at least every 1 to {MAX_EXPECTED_HOURS:,} hours; “{hours}” is not among them.",
            field="expectedEveryHours",
        )
