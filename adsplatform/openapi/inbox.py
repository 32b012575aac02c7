"""The page of the Inbox that shows the document of the API, with a place to try each call."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.generic import TemplateView

from adsplatform.accounts.inbox_mixins import TenantMixin
from adsplatform.accounts.page_headers import POLICY


class Reference(TenantMixin, TemplateView):
    """Every call of the API: what it takes, what it answers, and a form that makes it."""

    template_name = "inbox/reference.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().get(request, *args, **kwargs)
        # Swagger UI puts styles into its elements.
        response.headers["Content-Security-Policy"] = f"{POLICY}; style-src 'self' 'unsafe-inline'"
        return response


urlpatterns = [path("reference/", Reference.as_view(), name="reference")]
