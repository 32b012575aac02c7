"""The endpoint that serves the document of the API."""

from django.db.models import Model
from django.http import HttpResponse
from django.urls import path

from adsplatform.openapi.generator import document
from adsplatform.rest.operations import OBJECT, Component, Operation
from adsplatform.rest.requests import WireRequest
from adsplatform.rest.viewsets import WireViewSet


class DocumentViewSet(WireViewSet[Model]):
    """This document, in OpenAPI 3.1."""

    authentication_classes = permission_classes = ()
    operations = {"show": Operation(answer=Component("OpenAPI", lambda: OBJECT))}

    def show(self, request: WireRequest) -> HttpResponse:
        return HttpResponse(document(), content_type="application/json; charset=utf-8")


urlpatterns = [path("openapi.json", DocumentViewSet.as_view({"get": "show"}), name="document")]
