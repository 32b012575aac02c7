"""The catalogue of applications and an account's enrollments in them, for programs."""

from typing import NotRequired, TypedDict

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import path
from rest_framework.response import Response
from rest_framework.serializers import ListSerializer

from adsplatform.accounts.models import ADMINS, EVERYONE
from adsplatform.rest.idempotency import once
from adsplatform.rest.operations import ActionResult, Operation
from adsplatform.rest.requests import WireRequest
from adsplatform.rest.viewsets import WireViewSet
from adsplatform.searchlight import Fields, Searchlight
from enrollments import services, source_api
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
from syncs.services import enrollment_removal
from syncs.services import enrollments as enrollment_services
from syncs.services.enrollment_removal import WhatGoes


class RemovedKind(TypedDict):
    """How many records of a kind there are."""

    kind: str
    count: int


class RemovalCounts(TypedDict):
    """What there is: the first four go with the data only, the next three in any case; the counts of syncs stay."""

    records: list[RemovedKind]
    uploadedFiles: int
    rejectedRows: int
    importProfiles: int
    waitingSyncs: int
    credentials: int
    sourceStates: int
    syncsKept: int


class RemovalModel(ActionResult):
    """What was done, or what would be by a dry run, which has `counts`."""

    counts: NotRequired[RemovalCounts]


def counts_of(goes: WhatGoes) -> RemovalCounts:
    """What goes, as the API has it."""
    return {
        "records": [{"kind": entity.name, "count": count} for entity, count in goes.records],
        "uploadedFiles": goes.uploaded_files,
        "rejectedRows": goes.rejected_rows,
        "importProfiles": goes.import_profiles,
        "waitingSyncs": goes.waiting_syncs,
        "credentials": goes.credentials,
        "sourceStates": goes.source_states,
        "syncsKept": goes.syncs_kept,
    }


class AppEnrollmentViewSet(WireViewSet[AppEnrollment]):
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
    operations = {
        "create": Operation(
            body=AppEnrollmentInput,
            body_is_list=True,
            query=EnrollQuery,
            is_list=True,
            status=201,
            problems=(424,),
            example=[{"appId": "0198c1a2-3f6e-7a51-9c7a-2f8f6f0f2d11", "name": "Head office"}],
        ),
        "change": Operation(body=AppEnrollmentChange, problems=(424,), example={"isActive": False}),
        "destroy": Operation(query=RemoveQuery, answer=RemovalModel),
        "reconnect": Operation(
            body=ConnectorInfo,
            answer=CustomFieldValueModel,
            is_list=True,
            problems=(424,),
            example={"username": "ana", "password": "…"},
        ),
    }
    documents = frozenset({"create", "change"})
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

    def create(self, request: WireRequest) -> HttpResponse:
        """Enrol in every application of the list; if one fails, in none."""

        def enroll() -> Response:
            enrollments = enrollment_services.enroll_all(
                request.caller.account,
                request.caller.user,
                AppEnrollmentInput.read_list(request.data),
                start_sync=EnrollQuery.read(request.parameters)["start_sync"],
            )
            return self.answer_list(enrollments, status=201)

        return once(request, request.data, enroll)

    def change(self, request: WireRequest, pk: str) -> HttpResponse:
        """Change an enrollment."""
        changes = AppEnrollmentChange.read_changes(request.data)
        enrollment, settings = self.get_object(pk), changes.pop("settings", None)
        if settings:
            services.change_settings(enrollment, request.caller.user, settings, **changes)
        else:
            services.change_enrollment(enrollment, request.caller.user, **changes)
        return self.answer(enrollment)

    def destroy(self, request: WireRequest, pk: str) -> HttpResponse:
        """End an enrollment, and remove its records if that is asked for; a dry run counts what would go."""
        wanted, enrollment = RemoveQuery.read(request.parameters), self.get_object(pk)
        if wanted["dry_run"]:
            goes = enrollment_removal.what_goes(enrollment)
            return Response({"messages": enrollment_removal.in_sentences(goes), "counts": counts_of(goes)})
        messages = enrollment_services.remove_enrollment(
            enrollment, request.caller.user, remove_data=wanted["remove_enrollment_data"]
        )
        return Response({"messages": messages})

    def reconnect(self, request: WireRequest, pk: str) -> HttpResponse:
        """Replace the connector's credentials after trying the new ones."""
        credentials = ConnectorInfo.read(request.data)
        enrollment = services.reconnect(self.get_object(pk), request.caller.user, credentials)
        return Response(ListSerializer(list(services.settings_of(enrollment)), child=CustomFieldValueModel()).data)


class EnrollmentSettingsViewSet(WireViewSet[AppEnrollment]):
    """The settings of one enrollment."""

    queryset = AppEnrollment.objects.current()
    wire_model = AppEnrollmentCustomFieldModel
    noun = "enrollment"
    roles = {"query_settings": EVERYONE}
    operations = {"query_settings": Operation(is_page=True)}
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

    def query_settings(self, request: WireRequest, pk: str) -> HttpResponse:
        """One page of the settings of an enrollment."""
        return self.fetch_result(services.settings_of(self.get_object(pk)).select_related("app"))


class ApplicationViewSet(WireViewSet[Application]):
    """The catalogue: the same for every account, changed by platform staff."""

    wire_model = ApplicationModel
    noun = "application"
    # The services check that changes are made by staff, whatever their role in the account.
    roles = dict.fromkeys(("create", "change", "destroy", "retrieve", "query"), EVERYONE)
    operations = {
        "create": Operation(
            body=ApplicationInput,
            body_is_list=True,
            is_list=True,
            example=[{"name": "Example ERP", "appType": "json-batch"}],
        ),
        "change": Operation(body=ApplicationInput, example={"description": "Our own ERP."}),
        "destroy": Operation(answer=ActionResult),
    }
    documents = frozenset({"create", "change"})
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

    def get_queryset(self) -> QuerySet[Application]:
        return Application.objects.all()

    def query(self, request: WireRequest) -> HttpResponse:
        """Applications that can be enrolled; retired ones can still be retrieved by id."""
        return self.fetch_result(self.get_queryset().filter(is_active=True))

    def create(self, request: WireRequest) -> HttpResponse:
        """Add applications to the catalogue; for platform staff."""
        wanted = ApplicationInput.read_list(request.data)
        return self.answer_list(services.create_applications(request.caller, wanted))

    def change(self, request: WireRequest, pk: str) -> HttpResponse:
        """Change an application; for platform staff."""
        changes = ApplicationInput.read_changes(request.data)
        return self.answer(services.change_application(self.get_object(pk), request.caller, **changes))

    def destroy(self, request: WireRequest, pk: str) -> HttpResponse:
        """Retire an application; for platform staff."""
        return Response({"messages": services.retire_application(self.get_object(pk), request.caller)})


urlpatterns = [
    path("appenrollments", AppEnrollmentViewSet.as_view({"post": "create"}), name="enrollments"),
    path("appenrollments/query", AppEnrollmentViewSet.as_view({"get": "query"}), name="enrollment-query"),
    path(
        "appenrollments/settings/<str:pk>",
        EnrollmentSettingsViewSet.as_view({"get": "query_settings"}),
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
    *source_api.urlpatterns,
]
