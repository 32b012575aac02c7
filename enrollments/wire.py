"""How applications and enrollments look on the wire, and what callers may say of them."""

from decimal import Decimal, InvalidOperation

from django.db.models import OuterRef, Prefetch, Subquery, prefetch_related_objects
from rest_framework import serializers

from adsplatform.naming import camel_case
from adsplatform.rest.serializers import (
    AnyCaseBoolean,
    ClearableText,
    Guid,
    WireInput,
    WireModel,
)
from enrollments.models import AppEnrollment, Application, CustomFieldDefinition
from enrollments.schedules import next_runs
from enrollments.services import MAX_EXPECTED_HOURS, SETTINGS_TABLE
from syncs.api.serializers import SyncRequestModel
from syncs.models import SyncRequest

NUMBERS = ("number", "numeric", "decimal", "integer")


class CustomFieldDefinitionModel(WireModel):
    class Meta:
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


class SettingValue(WireModel):
    """A setting's value under all the names the wire has for it."""

    string_value = serializers.SerializerMethodField("get_string_value")
    numeric_value = serializers.SerializerMethodField("get_numeric_value")

    def get_string_value(self, setting):
        return setting.value if setting.data_type.lower() == "string" else None

    def get_numeric_value(self, setting):
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


class ApplicationFields(WireModel):
    """An application as every answer shows it."""

    class Meta:
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


class AppEnrollmentModel(WireModel):
    """An enrollment; its credentials are nowhere in it."""

    SOURCES = {**WireModel.SOURCES, "time_zone": "group_key.time_zone"}

    class Meta:
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

    next_runs = serializers.SerializerMethodField("get_next_runs")
    app = ApplicationFields()
    custom_field_definitions = CustomFieldDefinitionModel(source="settings_rows", many=True)
    custom_field_values = CustomFieldValueModel(source="settings_rows", many=True)
    last_sync = serializers.SerializerMethodField("get_last_sync")
    last_successful_sync = serializers.SerializerMethodField("get_last_successful_sync")

    def get_next_runs(self, enrollment):
        """The starts of the next three, as the clock will make them."""
        return [run.start for run in next_runs(enrollment)]

    def get_last_sync(self, enrollment) -> dict | None:
        return self._sync_of(enrollment, "last_syncs")

    def get_last_successful_sync(self, enrollment) -> dict | None:
        return self._sync_of(enrollment, "last_successful_syncs")

    def _sync_of(self, enrollment, by_enrollment: str) -> dict | None:
        found = self.context[by_enrollment].get(enrollment.pk)
        return SyncRequestModel(found).data if found else None

    @classmethod
    def load(cls, records, includes, caller) -> dict[str, object]:
        prefetch_related_objects(records, "app", "group_key", "sync_plan")
        if includes & {"CustomFields", "CustomFieldDefinitions", "CustomFieldValues"}:
            rows = CustomFieldDefinition.objects.filter(table_key=SETTINGS_TABLE).order_by("sort_order", "pk")
            settings_rows = Prefetch("custom_field_definitions", rows, to_attr="settings_rows")
            prefetch_related_objects(records, settings_rows)
        loaded: dict[str, object] = {}
        if "LastSync" in includes:
            loaded["last_syncs"] = _latest(records, SyncRequest.objects.real())
        if "LastSuccessfulSync" in includes:
            successes = SyncRequest.objects.real().filter(status_code=SyncRequest.Status.SUCCESS)
            loaded["last_successful_syncs"] = _latest(records, successes)
        return loaded


class Nothing(serializers.ReadOnlyField):
    """A list that is always empty, but there for whoever asks."""

    def get_attribute(self, instance):
        return []


class ApplicationModel(ApplicationFields):
    """An application with what can be asked for; nobody has notes or attachments on one here."""

    class Meta(ApplicationFields.Meta):
        included = {
            "notes": {"Notes"},
            "attachments": {"Attachments"},
            "custom_field_definitions": {"CustomFields"},
            "custom_field_values": {"CustomFields"},
            "enrollments": {"Enrollments"},
        }

    notes = Nothing()
    attachments = Nothing()
    custom_field_definitions = Nothing()
    custom_field_values = Nothing()
    enrollments = AppEnrollmentModel(source="own_enrollments", many=True)

    @classmethod
    def load(cls, records, includes, caller) -> dict[str, object]:
        if "Enrollments" in includes:
            own = AppEnrollment.objects.of(caller.account).current().order_by("created", "pk")
            own = own.select_related("app", "group_key", "sync_plan")
            prefetch_related_objects(records, Prefetch("enrollments", own, to_attr="own_enrollments"))
        return {}


def _secret() -> serializers.Field:
    # A port may come as a number, a password with blanks at its ends.
    return serializers.CharField(required=False, allow_blank=True, trim_whitespace=False, max_length=10_000)


class ConnectorInfo(WireInput):
    """A connector's credentials, with every member an SDK ever had; read into a dict by wire names."""

    realm_id = _secret()
    username = _secret()
    password = _secret()
    auth_code = _secret()
    token_id = _secret()
    token_secret = _secret()
    subsidiary_id = _secret()
    redirect_uri = _secret()
    email = _secret()
    server_name = _secret()
    server_port = _secret()
    client_id = _secret()
    client_secret = _secret()
    tenant = _secret()
    auth_token = _secret()

    def to_internal_value(self, data):
        values = super().to_internal_value(data)
        return {camel_case(name): value for name, value in values.items() if value}


def _hours() -> serializers.Field:
    return serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=MAX_EXPECTED_HOURS)


class AppEnrollmentInput(WireInput):
    """One member of the list that POST /AppEnrollments takes."""

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
    expected_every_hours = _hours()
    connector_info = ConnectorInfo(required=False, source="credentials")


class AppEnrollmentChange(WireInput):
    """What PATCH /AppEnrollments/{id} may change."""

    name = ClearableText(max_length=100)
    is_active = AnyCaseBoolean(required=False)
    cron_settings = ClearableText(max_length=50, cleared=None)
    sync_schedule_is_active = AnyCaseBoolean(required=False)
    expected_every_hours = _hours()


class EnrollQuery(WireInput):
    start_sync = AnyCaseBoolean(default=False)


class RemoveQuery(WireInput):
    remove_enrollment_data = AnyCaseBoolean(default=False)


class ApplicationInput(WireInput):
    """What platform staff may say of an application in the catalogue."""

    name = serializers.CharField(max_length=100)
    description = ClearableText(max_length=500)
    app_type = serializers.CharField(max_length=50)
    owner_id = Guid(required=False, allow_null=True)
    project_url = ClearableText(max_length=200)
    icon_url = ClearableText(max_length=200)
    is_active = AnyCaseBoolean(required=False)


def _latest(records, requests) -> dict:
    """Of each enrollment, the last of these sync requests; one query for the whole page."""
    of_enrollment = requests.filter(app_enrollment=OuterRef("pk")).newest_first().values("pk")[:1]
    enrollments = AppEnrollment.objects.filter(pk__in=[record.pk for record in records])
    latest = SyncRequest.objects.filter(pk__in=enrollments.annotate(latest=Subquery(of_enrollment)).values("latest"))
    return {request.app_enrollment_id: request for request in latest}
