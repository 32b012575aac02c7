"""The catalogue of applications and an account's enrollments in them, for programs."""

from django.urls import path
from rest_framework.response import Response

from adsplatform.accounts.models import ADMINS, EVERYONE
from adsplatform.rest.idempotency import once
from adsplatform.rest.viewsets import WireViewSet
from adsplatform.searchlight import Fields, Searchlight
from enrollments import services
from enrollments.models import AppEnrollment, Application, CustomFieldDefinition
from enrollments.wire import (
    AppEnrollmentChange,
    AppEnrollmentCustomFieldModel,
    AppEnrollmentInput,
    AppEnrollmentModel,
    ApplicationInput,
    ApplicationModel,
    ConnectorInfo,
    CustomFieldValueModel,
    EnrollQuery,
    RemoveQuery,
)
from syncs.services import enrollments as enrollment_services


class AppEnrollmentViewSet(WireViewSet):
    """Enrol in applications, change, reconnect and end enrollments."""

    queryset = AppEnrollment.objects.current().select_related("app", "group_key", "sync_plan")
    wire_model = AppEnrollmentModel
    noun = "enrollment"
    roles = {
        "create": ADMINS,
        "retrieve": EVERYONE,
        "change": ADMINS,
        "destroy": ADMINS,
        "reconnect": ADMINS,
        "query": EVERYONE,
    }
    delete_results = frozenset({"destroy"})
    searchlight = Searchlight(
        Fields.from_model(
            AppEnrollment,
            {
                "appEnrollmentId": "app_enrollment_id",
                "appId": "app",
                "groupKey": "group_key",
                "name": "name",
                "isActive": "is_active",
                "created": "created",
                "createdUserId": "created_user",
                "modified": "modified",
                "modifiedUserId": "modified_user",
                "cronSettings": "cron_settings",
                "syncScheduleIsActive": "sync_schedule_is_active",
                "isDeleted": "is_deleted",
                "nextSyncAt": "sync_plan__next_sync_at",
                "expectedEveryHours": "expected_every_hours",
            },
            default_order=("created", "app_enrollment_id"),
            key="app_enrollment_id",
        ),
        includes=(
            "App",
            "CustomFields",
            "CustomFieldDefinitions",
            "CustomFieldValues",
            "LastSync",
            "LastSuccessfulSync",
        ),
    )

    def create(self, request):
        """Enrol in every application of the list, or in none."""

        def enroll():
            enrollments = enrollment_services.enroll_all(
                request.auth.account,
                request.user,
                AppEnrollmentInput.read_list(request.data),
                start_sync=EnrollQuery.read(request.parameters)["start_sync"],
            )
            return self.answer_list(enrollments, status=201)

        return once(request, request.data, enroll)

    def change(self, request, pk):
        changes = AppEnrollmentChange.read_changes(request.data)
        return self.answer(services.change_enrollment(self.get_object(pk), request.user, **changes))

    def destroy(self, request, pk):
        wanted = RemoveQuery.read(request.parameters)
        messages = enrollment_services.remove_enrollment(
            self.get_object(pk), request.user, remove_data=wanted["remove_enrollment_data"]
        )
        return Response({"messages": messages})

    def reconnect(self, request, pk):
        """Replace the connector's credentials with ones that work."""
        credentials = ConnectorInfo.read(request.data)
        enrollment = services.reconnect(self.get_object(pk), request.user, credentials)
        return Response(CustomFieldValueModel(services.settings_of(enrollment), many=True).data)


class EnrollmentSettingsViewSet(WireViewSet):
    """The settings of one enrollment."""

    queryset = AppEnrollment.objects.current()
    wire_model = AppEnrollmentCustomFieldModel
    noun = "enrollment"
    roles = {"query": EVERYONE}
    searchlight = Searchlight(
        Fields.from_model(
            CustomFieldDefinition,
            {
                "customFieldDefinitionId": "custom_field_definition_id",
                "customFieldLabel": "custom_field_label",
                "dataType": "data_type",
                "sortOrder": "sort_order",
                "value": "value",
            },
            default_order=("sort_order", "custom_field_definition_id"),
            key="custom_field_definition_id",
        )
    )

    def query(self, request, pk):
        return self.fetch_result(services.settings_of(self.get_object(pk)).select_related("app"))


class ApplicationViewSet(WireViewSet):
    """The catalogue: the same for every account, kept by platform staff."""

    wire_model = ApplicationModel
    noun = "application"
    # Of staff, whatever their role; the services see to that.
    roles = dict.fromkeys(("create", "change", "destroy", "retrieve", "query"), EVERYONE)
    searchlight = Searchlight(
        Fields.from_model(
            Application,
            {
                "appId": "app_id",
                "name": "name",
                "description": "description",
                "appType": "app_type",
                "ownerId": "owner_id",
                "projectUrl": "project_url",
                "iconUrl": "icon_url",
                "created": "created",
                "createdUserId": "created_user",
                "modified": "modified",
                "modifiedUserId": "modified_user",
                "isActive": "is_active",
            },
            default_order=("name", "app_id"),
            key="app_id",
        ),
        includes=("Notes", "Attachments", "CustomFields", "Enrollments"),
    )

    def get_queryset(self):
        return Application.objects.all()

    def query(self, request):
        """A deleted application is kept, but no longer on offer."""
        return self.fetch_result(self.get_queryset().filter(is_active=True))

    def create(self, request):
        wanted = ApplicationInput.read_list(request.data)
        return self.answer_list(services.create_applications(request.user, wanted))

    def change(self, request, pk):
        changes = ApplicationInput.read_changes(request.data)
        return self.answer(services.change_application(self.get_object(pk), request.user, **changes))

    def destroy(self, request, pk):
        return Response({"messages": services.retire_application(self.get_object(pk), request.user)})


urlpatterns = [
    path("appenrollments", AppEnrollmentViewSet.as_view({"post": "create"}), name="enrollments"),
    path("appenrollments/query", AppEnrollmentViewSet.as_view({"get": "query"}), name="enrollment-query"),
    path(
        "appenrollments/settings/<str:pk>",
        EnrollmentSettingsViewSet.as_view({"get": "query"}),
        name="enrollment-settings",
    ),
    path(
        "appenrollments/<str:pk>",
        AppEnrollmentViewSet.as_view({"get": "retrieve", "patch": "change", "delete": "destroy"}),
        name="enrollment",
    ),
    path(
        "appenrollments/<str:pk>/reconnect",
        AppEnrollmentViewSet.as_view({"post": "reconnect"}),
        name="enrollment-reconnect",
    ),
    path("applications", ApplicationViewSet.as_view({"post": "create"}), name="applications"),
    path("applications/query", ApplicationViewSet.as_view({"get": "query"}), name="application-query"),
    path(
        "applications/<str:pk>",
        ApplicationViewSet.as_view({"get": "retrieve", "patch": "change", "delete": "destroy"}),
        name="application",
    ),
]
