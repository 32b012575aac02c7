"""What connectors ask for, whether a source can be reached, and how far it has been read, for programs."""

from dataclasses import asdict
from datetime import datetime
from typing import Any, NotRequired, TypedDict
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import path
from rest_framework.response import Response

from adsplatform.accounts.models import ADMINS, EVERYONE
from adsplatform.naming import camel_case
from adsplatform.rest.operations import ActionResult, Operation
from adsplatform.rest.requests import WireRequest
from adsplatform.rest.serializers import WireInput
from adsplatform.rest.viewsets import WireViewSet
from enrollments import connection_api, services, sources
from enrollments.connections import connection_of
from enrollments.models import AppEnrollment, Application
from enrollments.wire import (
    APPLICATIONS_BY_ID,
    ENROLLMENTS_BY_ID,
    AppEnrollmentModel,
    ApplicationModel,
    ConnectorInfo,
    setting_values_field,
)
from syncs.connectors.protocol import Field, Form
from syncs.services import source_states


class ChoiceModel(TypedDict):
    value: str
    label: str


class FieldModel(TypedDict):
    """A value that a connector asks for; `type` is text, password, number, choice, switch, sql, address or kinds."""

    name: str
    label: str
    type: str
    helpText: str
    isSecret: bool
    isRequired: bool
    default: str
    group: str
    choices: list[ChoiceModel]


class KindModel(TypedDict):
    """A kind of record that can be read; `deletes` says how a sync of changes learns of deleted ones, if it does."""

    kind: str
    label: str
    isIncremental: bool
    deletes: str


class ConnectorFormModel(TypedDict):
    """What a connector asks for: `settings` are given as such, `credentials` as members of `connectorInfo`.

    The value of a field of the type `kinds` has some of the `kinds`, with commas between them; empty for all.
    """

    # The heading of the catalogue.
    group: str
    settings: list[FieldModel]
    credentials: list[FieldModel]
    kinds: list[KindModel]


class CheckModel(ConnectorFormModel):
    """What was found in a source, and the form with the choices that it offers."""

    message: str


class StateModel(TypedDict):
    """How far a source has been read; `kind` is empty where that is one for all kinds of record."""

    kind: str
    state: Any
    modified: datetime
    syncRequestId: NotRequired[UUID]


class BudgetModel(TypedDict):
    """How much of what a source allows is used, by all who share it."""

    name: str
    label: str
    perMinute: NotRequired[int]
    usedInMinute: int
    perDay: NotRequired[int]
    usedInDay: int


class ConnectionModel(TypedDict):
    """What a person has connected at a vendor: whose books, until when unless used, and why it is not any more."""

    vendor: str
    tenant: str
    ends: NotRequired[datetime]
    problem: str


class SourceStateModel(TypedDict):
    states: list[StateModel]
    budgets: list[BudgetModel]
    connection: NotRequired[ConnectionModel]


class CheckInput(WireInput):
    """Settings and credentials to try; settings that are not given have their defaults."""

    settings = setting_values_field()
    connector_info = ConnectorInfo(required=False, source="credentials")


class ConnectorFormViewSet(WireViewSet[Application]):
    """The forms of connectors: the same for every account."""

    wire_model = ApplicationModel
    noun = "application"
    roles = {"form": EVERYONE, "check": ADMINS}
    operations = {
        "form": Operation(answer=ConnectorFormModel),
        "check": Operation(
            body=CheckInput, answer=CheckModel, problems=(424,), example={"settings": {}, "connectorInfo": {}}
        ),
    }
    searchlight = APPLICATIONS_BY_ID

    def get_queryset(self) -> QuerySet[Application]:
        return Application.objects.all()

    def form(self, request: WireRequest, pk: str) -> HttpResponse:
        """What the application's connector asks for when people enrol."""
        app = self.get_object(pk)
        return Response(_form(app, sources.blank_form_of(app)))

    def check(self, request: WireRequest, pk: str) -> HttpResponse:
        """Try settings and credentials on the source, store nothing, and say what was found there."""
        given = CheckInput.read(request.data)
        settings, credentials = given.get("settings", {}), given.get("credentials", {})
        app = self.get_object(pk)
        found = sources.ask_source(app, settings, credentials, choices=True)
        return Response({"message": found.found, **_form(app, found.form)})


class EnrollmentStateViewSet(WireViewSet[AppEnrollment]):
    """Whether the source of an enrollment can be reached, and how far it has been read."""

    queryset = AppEnrollment.objects.current().select_related("app")
    wire_model = AppEnrollmentModel
    noun = "enrollment"
    roles = {"state": EVERYONE, "forget": ADMINS, "check": ADMINS}
    operations = {
        "state": Operation(answer=SourceStateModel),
        "forget": Operation(answer=ActionResult),
        "check": Operation(answer=ActionResult, problems=(424,)),
    }
    searchlight = ENROLLMENTS_BY_ID

    def state(self, request: WireRequest, pk: str) -> HttpResponse:
        """How far the source has been read, and how much of what it allows is used."""
        enrollment = self.get_object(pk)
        states = [
            {"kind": each.kind, "state": each.state, "modified": each.modified}
            | ({"syncRequestId": each.sync_request_id} if each.sync_request_id else {})
            for each in source_states.states_of(enrollment)
        ]
        answer = {"states": states, "budgets": [_wire(each) for each in source_states.budgets_of(enrollment)]}
        connection = connection_of(enrollment)
        return Response(answer | ({"connection": _wire(connection)} if connection else {}))

    def check(self, request: WireRequest, pk: str) -> HttpResponse:
        """Try the source with the settings and credentials that are stored, and say what was found there."""
        return Response({"messages": [services.try_connection(self.get_object(pk))]})

    def forget(self, request: WireRequest, pk: str) -> HttpResponse:
        """Forget how far the source has been read: the next sync reads everything again."""
        return Response({"messages": [source_states.forget(self.get_object(pk), request.caller.user)]})


def _form(app: Application, form: Form) -> dict[str, Any]:
    return {
        "group": sources.group_of(app),
        "kinds": [_wire(kind) for kind in sources.kinds_offered_by(app)],
        "settings": [_field(field) for field in form.settings],
        "credentials": [_field(field) for field in form.credentials],
    }


def _field(field: Field) -> dict[str, Any]:
    wire = _wire(field) | {"choices": [asdict(choice) for choice in field.choices]}
    # A form has no others.
    del wire["isGranted"]
    return wire


def _wire(value: Any) -> dict[str, Any]:
    return {camel_case(name): each for name, each in asdict(value).items() if each is not None}


urlpatterns = [
    *connection_api.urlpatterns,
    path("applications/<str:pk>/form", ConnectorFormViewSet.as_view({"get": "form"}), name="application-form"),
    path("applications/<str:pk>/check", ConnectorFormViewSet.as_view({"post": "check"}), name="application-check"),
    path(
        "appenrollments/<str:pk>/state",
        EnrollmentStateViewSet.as_view({"get": "state", "delete": "forget"}),
        name="enrollment-state",
    ),
    path("appenrollments/<str:pk>/check", EnrollmentStateViewSet.as_view({"post": "check"}), name="enrollment-check"),
]
