"""The wire format of applications and enrollments, and what callers may send."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Subquery, prefetch_related_objects
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from adsplatform.accounts.services import Caller
from adsplatform.naming import camel_case
from adsplatform.rest.operations import GUID, OBJECT
from adsplatform.rest.serializers import (
    AnyCaseBoolean,
    ClearableAddress,
    ClearableText,
    Guid,
    WireInput,
    WireModel,
)
from adsplatform.searchlight import Fields, Searchlight
from enrollments.models import AppEnrollment, Application, CustomFieldDefinition
from enrollments.schedules import next_runs
from enrollments.services import MAX_EXPECTED_HOURS, SETTINGS_TABLE
from syncs.api.serializers import SyncRequestModel
from syncs.connectors import registered
from syncs.models import SyncRequest, SyncRequestQuerySet

# The longest setting: a SELECT of many columns.
MOST_CHARACTERS = 50_000
NUMBERS = ("number", "numeric", "decimal", "integer")


class CustomFieldDefinitionModel(WireModel[CustomFieldDefinition]):
    class Meta:
        model = CustomFieldDefinition
        ref_name = "SettingDefinitionModel"
        fields = (
            "group_key",
            "custom_field_definition_id",
            "table_key",
            "app_id",
            "custom_field_label",
            "data_type",
            "sort_order",
            "created",
            "created_user_id",
            "modified",
            "modified_user_id",
            "app_enrollment_id",
        )


class SettingValue(WireModel[CustomFieldDefinition]):
    """A setting's value under all its names on the wire."""

    string_value = serializers.SerializerMethodField("get_string_value")
    numeric_value = serializers.SerializerMethodField("get_numeric_value")

    def get_string_value(self, setting: CustomFieldDefinition) -> str | None:
        return setting.value if setting.data_type.lower() == "string" else None

    def get_numeric_value(self, setting: CustomFieldDefinition) -> Decimal | None:
        if setting.data_type.lower() not in NUMBERS:
            return None
        try:
            number = Decimal(setting.value)
        except InvalidOperation:
            return None
        return number if number.is_finite() else None


class CustomFieldValueModel(SettingValue):
    SOURCES = {**WireModel.SOURCES, "record_key": "app_enrollment_id"}

    class Meta:
        model = CustomFieldDefinition
        ref_name = "SettingValueModel"
        unfilled = {"customFieldDefinition": OBJECT}
        fields = (
            "group_key",
            "custom_field_definition_id",
            "record_key",
            "table_key",
            "custom_field_label",
            "data_type",
            "string_value",
            "numeric_value",
            "value",
            "created",
            "created_user_id",
            "modified",
            "modified_user_id",
            "app_enrollment_id",
        )


class AppEnrollmentCustomFieldModel(SettingValue):
    """One setting of an enrollment."""

    SOURCES = {**WireModel.SOURCES, "name": "app.name", "app_type": "app.app_type"}

    class Meta:
        model = CustomFieldDefinition
        fields = (
            "app_enrollment_id",
            "app_id",
            "name",
            "app_type",
            "group_key",
            "custom_field_definition_id",
            "custom_field_label",
            "data_type",
            "sort_order",
            "string_value",
            "numeric_value",
            "value",
        )


class ApplicationFields(WireModel[Application]):
    """An application as it is in every answer."""

    class Meta:
        model = Application
        fields = (
            "app_id",
            "name",
            "description",
            "app_type",
            "owner_id",
            "project_url",
            "icon_url",
            "created_user_id",
            "modified_user_id",
            "created",
            "modified",
            "is_active",
        )
        unfilled = {"groupKey": GUID, "b2CClientId": GUID}


class AppEnrollmentModel(WireModel[AppEnrollment]):
    """An enrollment, without its credentials."""

    SOURCES = {**WireModel.SOURCES, "time_zone": "group_key.time_zone"}

    class Meta:
        model = AppEnrollment
        fields = (
            "app_enrollment_id",
            "app_id",
            "group_key",
            "name",
            "is_active",
            "created",
            "created_user_id",
            "modified",
            "modified_user_id",
            "cron_settings",
            "sync_schedule_is_active",
            "is_deleted",
            "time_zone",
            "next_sync_at",
            "next_runs",
            "expected_every_hours",
        )
        included = {
            "app": {"App"},
            "custom_field_definitions": {"CustomFields", "CustomFieldDefinitions"},
            "custom_field_values": {"CustomFields", "CustomFieldValues"},
            "last_sync": {"LastSync"},
            "last_successful_sync": {"LastSuccessfulSync"},
        }
        unfilled = {"connectorInfo": OBJECT}

    next_runs = serializers.SerializerMethodField("get_next_runs")
    app = ApplicationFields()
    custom_field_definitions = serializers.SerializerMethodField("get_definitions")
    custom_field_values = serializers.SerializerMethodField("get_values")
    last_sync = serializers.SerializerMethodField("get_last_sync")
    last_successful_sync = serializers.SerializerMethodField("get_last_successful_sync")

    def get_next_runs(self, enrollment: AppEnrollment) -> list[datetime]:
        """When the next three scheduled syncs start."""
        return [run.start for run in next_runs(enrollment)]

    @extend_schema_field(SyncRequestModel)
    def get_last_sync(self, enrollment: AppEnrollment) -> dict[str, Any] | None:
        return self._sync_of(enrollment, "last_syncs")

    @extend_schema_field(SyncRequestModel)
    def get_last_successful_sync(self, enrollment: AppEnrollment) -> dict[str, Any] | None:
        return self._sync_of(enrollment, "last_successful_syncs")

    def _sync_of(self, enrollment: AppEnrollment, by_enrollment: str) -> dict[str, Any] | None:
        found = self.context[by_enrollment].get(enrollment.pk)
        return SyncRequestModel(found).data if found else None

    @extend_schema_field(CustomFieldDefinitionModel(many=True))
    def get_definitions(self, enrollment: AppEnrollment) -> list[Any]:
        return list(CustomFieldDefinitionModel(self.context["settings"].get(enrollment.pk, []), many=True).data)

    @extend_schema_field(CustomFieldValueModel(many=True))
    def get_values(self, enrollment: AppEnrollment) -> list[Any]:
        return list(CustomFieldValueModel(self.context["settings"].get(enrollment.pk, []), many=True).data)

    @classmethod
    def load(cls, records: Sequence[AppEnrollment], includes: frozenset[str], caller: Caller) -> dict[str, object]:
        prefetch_related_objects(records, "app", "group_key", "sync_plan")
        loaded: dict[str, object] = {}
        if includes & {"CustomFields", "CustomFieldDefinitions", "CustomFieldValues"}:
            loaded["settings"] = _settings_by_enrollment(records)
        if "LastSync" in includes:
            loaded["last_syncs"] = _last_by_enrollment(records, SyncRequest.objects.real())
        if "LastSuccessfulSync" in includes:
            successful = SyncRequest.objects.real().filter(status_code=SyncRequest.Status.SUCCESS)
            loaded["last_successful_syncs"] = _last_by_enrollment(records, successful)
        return loaded


@extend_schema_field({"type": "array", "items": OBJECT})
class EmptyList(serializers.ReadOnlyField):
    """A list of the published API that is always empty here."""

    def get_attribute(self, instance: object) -> list[object]:
        return []


class ApplicationModel(ApplicationFields):
    """An application with what can be included; there are no notes and attachments."""

    class Meta(ApplicationFields.Meta):
        included = {
            "notes": {"Notes"},
            "attachments": {"Attachments"},
            "custom_field_definitions": {"CustomFields"},
            "custom_field_values": {"CustomFields"},
            "enrollments": {"Enrollments"},
        }

    notes = EmptyList()
    attachments = EmptyList()
    custom_field_definitions = EmptyList()
    custom_field_values = EmptyList()
    enrollments = serializers.SerializerMethodField("get_enrollments")

    @extend_schema_field(AppEnrollmentModel(many=True))
    def get_enrollments(self, app: Application) -> list[Any]:
        return list(AppEnrollmentModel(self.context["enrollments"].get(app.pk, []), many=True).data)

    @classmethod
    def load(cls, records: Sequence[Application], includes: frozenset[str], caller: Caller) -> dict[str, object]:
        if "Enrollments" not in includes:
            return {}
        enrollments = defaultdict(list)
        rows = AppEnrollment.objects.of(caller.account).current().filter(app__in=records)
        for enrollment in rows.select_related("app", "group_key", "sync_plan").order_by("created", "pk"):
            enrollments[enrollment.app_id].append(enrollment)
        return {"enrollments": enrollments}


def _credential() -> serializers.Field:
    # A port may be sent as a number, and a password may begin or end with blanks.
    return serializers.CharField(required=False, allow_blank=True, trim_whitespace=False, max_length=10_000)


def setting_values_field() -> serializers.Field:
    """The values of a connector's settings, by the names of its form's fields."""
    text = serializers.CharField(allow_blank=True, trim_whitespace=False, max_length=MOST_CHARACTERS)
    return serializers.DictField(child=text, required=False)


class ConnectorInfo(WireInput):
    """A connector's credentials: every member of any SDK version, and those that connectors here declare besides.

    They are read into a dict by wire names.
    """

    realm_id = _credential()
    username = _credential()
    password = _credential()
    auth_code = _credential()
    token_id = _credential()
    token_secret = _credential()
    subsidiary_id = _credential()
    redirect_uri = _credential()
    email = _credential()
    server_name = _credential()
    server_port = _credential()
    client_id = _credential()
    client_secret = _credential()
    tenant = _credential()
    auth_token = _credential()

    def to_internal_value(self, data: object) -> dict[str, Any]:
        values = super().to_internal_value(data)
        return {camel_case(name): value for name, value in values.items() if value}

    def get_fields(self) -> dict[str, serializers.Field]:
        fields = (field for connector in registered() for field in connector.application.credentials)
        declared = {field.name for field in fields if not field.is_granted}
        more = {name: _credential() for name in sorted(declared)}
        return {**more, **super().get_fields()}


def _expected_hours() -> serializers.Field:
    return serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=MAX_EXPECTED_HOURS)


class AppEnrollmentInput(WireInput):
    """One object of the list that POST /AppEnrollments takes."""

    app_id = serializers.PrimaryKeyRelatedField(
        source="app",
        queryset=Application.objects.all(),
        pk_field=serializers.UUIDField(),
        error_messages={"does_not_exist": "No application has the id “{pk_value}”."},
    )
    name = ClearableText(max_length=100)
    is_active = AnyCaseBoolean(required=False)
    cron_settings = ClearableText(max_length=50, cleared=None)
    sync_schedule_is_active = AnyCaseBoolean(required=False)
    expected_every_hours = _expected_hours()
    connector_info = ConnectorInfo(required=False, source="credentials")
    settings = setting_values_field()


class AppEnrollmentChange(WireInput):
    """What PATCH /AppEnrollments/{id} can change."""

    name = ClearableText(max_length=100)
    is_active = AnyCaseBoolean(required=False)
    cron_settings = ClearableText(max_length=50, cleared=None)
    sync_schedule_is_active = AnyCaseBoolean(required=False)
    expected_every_hours = _expected_hours()
    settings = setting_values_field()


class EnrollQuery(WireInput):
    start_sync = AnyCaseBoolean(default=False)


class RemoveQuery(WireInput):
    remove_enrollment_data = AnyCaseBoolean(default=False)
    dry_run = AnyCaseBoolean(default=False)


class ApplicationInput(WireInput):
    """What platform staff may set of an application in the catalogue."""

    name = serializers.CharField(max_length=100)
    description = ClearableText(max_length=500)
    app_type = serializers.CharField(max_length=50)
    owner_id = Guid(required=False, allow_null=True)
    project_url = ClearableAddress(max_length=200)
    icon_url = ClearableAddress(max_length=200)
    is_active = AnyCaseBoolean(required=False)


def _settings_by_enrollment(enrollments: Sequence[AppEnrollment]) -> dict[UUID, list[CustomFieldDefinition]]:
    settings = defaultdict(list)
    rows = CustomFieldDefinition.objects.filter(app_enrollment__in=enrollments, table_key=SETTINGS_TABLE)
    for setting in rows.order_by("sort_order", "pk"):
        settings[setting.app_enrollment_id].append(setting)
    return settings


def _last_by_enrollment(
    enrollments: Sequence[AppEnrollment], syncs: SyncRequestQuerySet
) -> dict[UUID | None, SyncRequest]:
    """The last of these syncs of each enrollment, by one query for the whole page."""
    last = Subquery(syncs.last_of(OuterRef("pk")).values("pk"))
    ids = AppEnrollment.objects.filter(pk__in=[enrollment.pk for enrollment in enrollments]).annotate(last=last)
    return {sync.app_enrollment_id: sync for sync in SyncRequest.objects.filter(pk__in=ids.values("last"))}


# For viewsets that only look up one by its id.
APPLICATIONS_BY_ID = Searchlight(
    Fields.from_model(Application, {"appId": "app_id"}, default_order=("app_id",), key="app_id")
)
ENROLLMENTS_BY_ID = Searchlight(
    Fields.from_model(
        AppEnrollment,
        {"appEnrollmentId": "app_enrollment_id"},
        default_order=("app_enrollment_id",),
        key="app_enrollment_id",
    )
)
