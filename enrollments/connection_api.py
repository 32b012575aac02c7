"""Connecting at vendors for programs: where a person has to go, the choice of the tenant, and the end."""

from typing import TypedDict

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import path
from rest_framework import serializers
from rest_framework.response import Response

from adsplatform.accounts.models import ADMINS
from adsplatform.rest.operations import ActionResult, Operation
from adsplatform.rest.requests import WireRequest
from adsplatform.rest.serializers import WireInput
from adsplatform.rest.viewsets import WireViewSet
from enrollments import connections
from enrollments.connection_inbox import back_address
from enrollments.models import AppEnrollment, Application
from enrollments.wire import APPLICATIONS_BY_ID, ENROLLMENTS_BY_ID, AppEnrollmentModel, ApplicationModel


class WayModel(TypedDict):
    """The vendor's page that a person has to open, signed in here as the owner of the key, within half an hour."""

    url: str


class TenantInput(WireInput):
    """Whose books are read, where access was given to several."""

    tenant = serializers.CharField(max_length=200)


class ConnectApplicationViewSet(WireViewSet[Application]):
    """Enrolling by connecting at a vendor."""

    wire_model = ApplicationModel
    noun = "application"
    roles = {"connect": ADMINS}
    operations = {"connect": Operation(answer=WayModel, problems=(424,))}
    searchlight = APPLICATIONS_BY_ID

    def get_queryset(self) -> QuerySet[Application]:
        return Application.objects.all()

    def connect(self, request: WireRequest, pk: str) -> HttpResponse:
        """Where a person has to go to enrol in the application."""
        caller = request.caller
        url = connections.begin(
            self.get_object(pk), caller.account, caller.user, redirect_uri=back_address(request._request)
        )
        return Response({"url": url})


class ConnectEnrollmentViewSet(WireViewSet[AppEnrollment]):
    """Connecting an enrollment at a vendor again, and ending that."""

    queryset = AppEnrollment.objects.current().select_related("app")
    wire_model = AppEnrollmentModel
    noun = "enrollment"
    roles = {"connect": ADMINS, "choose": ADMINS, "disconnect": ADMINS}
    operations = {
        "connect": Operation(answer=WayModel, problems=(424,)),
        "choose": Operation(body=TenantInput, problems=(424,), example={"tenant": "9130355377388383"}),
        "disconnect": Operation(answer=ActionResult, problems=(424,)),
    }
    searchlight = ENROLLMENTS_BY_ID

    def connect(self, request: WireRequest, pk: str) -> HttpResponse:
        """Where a person has to go to connect the enrollment again."""
        enrollment, caller = self.get_object(pk), request.caller
        url = connections.begin(
            enrollment.app,
            caller.account,
            caller.user,
            redirect_uri=back_address(request._request),
            enrollment=enrollment,
        )
        return Response({"url": url})

    def choose(self, request: WireRequest, pk: str) -> HttpResponse:
        """Choose whose books are read, where access was given to several."""
        enrollment = self.get_object(pk)
        wanted = TenantInput.read(request.data)
        return self.answer(connections.choose_tenant(enrollment, request.caller.user, wanted["tenant"]))

    def disconnect(self, request: WireRequest, pk: str) -> HttpResponse:
        """Give the access back to the vendor; records stay, and the schedule rests."""
        return Response({"messages": [connections.disconnect(self.get_object(pk), request.caller.user)]})


urlpatterns = [
    path("applications/<str:pk>/connect", ConnectApplicationViewSet.as_view({"post": "connect"}), name="connect"),
    path(
        "appenrollments/<str:pk>/connect",
        ConnectEnrollmentViewSet.as_view({"post": "connect", "patch": "choose", "delete": "disconnect"}),
        name="enrollment-connect",
    ),
]
