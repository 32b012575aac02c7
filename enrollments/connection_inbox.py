"""Pages of the Inbox about connections at vendors: the way there and back, the choice of the tenant, the end."""

from functools import cached_property
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings as product
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.views.generic import FormView

from adsplatform.accounts import audit
from adsplatform.accounts.inbox_mixins import (
    ADMINS,
    AskFormMixin,
    ButtonView,
    FormPageMixin,
    TenantMixin,
    TenantRequest,
)
from adsplatform.accounts.models import Account
from adsplatform.errors import PlatformError
from enrollments import connections, sources
from enrollments.models import AppEnrollment, Application
from syncs.connectors.protocol import Choice


def back_address(request: HttpRequest) -> str:
    """Where vendors send people back to, as it has to be registered with them."""
    path = reverse("inbox:connect-back")
    return f"{product.PUBLIC_URL}{path}" if product.PUBLIC_URL else request.build_absolute_uri(path)


def way_to_vendor(request: TenantRequest, app: Application, enrollment: AppEnrollment | None = None) -> dict[str, str]:
    """For a page that leads to the vendor of the application: its name and address, or why there is no way."""
    tenant, connector = request.tenant, sources.authorized_connector(app)
    vendor = connector.vendor_name if connector else app.name
    try:
        address = connections.begin(
            app, tenant.account, tenant.user, redirect_uri=back_address(request), enrollment=enrollment
        )
    except PlatformError as refused:
        return {"vendor": vendor, "no_way": str(refused)}
    return {"vendor": vendor, "way": address}


def connected_enrollment(account: Account, pk: UUID) -> AppEnrollment:
    """An enrollment of the account that is connected at a vendor; raises Http404."""
    found = get_object_or_404(AppEnrollment.objects.of(account).current().select_related("app"), pk=pk)
    if not sources.authorized_connector(found.app):
        raise Http404
    return found


class ConnectBack(TenantMixin):
    """Where a vendor sends people back to."""

    roles = ADMINS
    http_method_names = ["get", "options"]

    def get(self, request: HttpRequest) -> HttpResponse:
        if self.request.tenant.role not in self.roles:
            raise PermissionDenied(self.refusal())
        user, answer = self.request.user, request.GET.dict()
        begun = None
        try:
            begun = connections.begun_in(answer.get("state", ""), self.account, user)
            with audit.acting(request):
                enrollment = connections.finish(self.account, user, answer, redirect_uri=back_address(request))
            connection = connections.connection_of(enrollment)
            if connection and connection.needs_tenant:
                return redirect("inbox:tenant", enrollment.pk)
        except PlatformError as refused:
            messages.error(request, str(refused))
            if begun and begun.enrollment:
                return redirect("inbox:enrollment", begun.enrollment.pk)
            return redirect("inbox:enroll-in", begun.app.pk) if begun else redirect("inbox:enroll")
        messages.success(request, f"{enrollment} is connected.")
        return redirect("inbox:enrollment", enrollment.pk)


class TenantForm(forms.Form):
    """Whose books are read."""

    tenant = forms.ChoiceField(label="Whose books are read")

    def __init__(self, *args: Any, choices: list[Choice], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tenant"].choices = [(choice.value, choice.label) for choice in choices]  # type: ignore[attr-defined]


class ChooseTenant(FormPageMixin, AskFormMixin[TenantForm], FormView):
    """Chooses whose books an enrollment reads, where access was given to several."""

    template_name = "inbox/tenant.html"
    form_class = TenantForm
    form_fields = {"tenant": "tenant"}
    roles = ADMINS

    @cached_property
    def enrollment(self) -> AppEnrollment:
        return connected_enrollment(self.account, self.kwargs["pk"])

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().dispatch(request, *args, **kwargs)
        except PlatformError as refused:
            messages.error(request, str(refused))
            return redirect("inbox:enrollment", self.enrollment.pk)

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"choices": list(connections.tenants_of(self.enrollment))}

    def ask(self, form: TenantForm) -> HttpResponse:
        enrollment = connections.choose_tenant(self.enrollment, self.request.user, form.cleaned_data["tenant"])
        messages.success(self.request, f"{enrollment} is connected.")
        return redirect("inbox:enrollment", enrollment.pk)

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        return super().get_context_data(enrollment=self.enrollment, **context)


class Disconnect(ButtonView[AppEnrollment]):
    """Ends the connection of an enrollment."""

    roles = ADMINS

    def get_subject(self, pk: UUID) -> AppEnrollment:
        return connected_enrollment(self.account, pk)

    def press(self, enrollment: AppEnrollment) -> str:
        messages.success(self.request, connections.disconnect(enrollment, self.request.user))
        return self.page_of(enrollment)

    def page_of(self, enrollment: AppEnrollment) -> str:
        return reverse("inbox:enrollment", args=[enrollment.pk])


urlpatterns = [
    path("connect/back/", ConnectBack.as_view(), name="connect-back"),
    path("enrollments/<uuid:pk>/tenant/", ChooseTenant.as_view(), name="tenant"),
    path("enrollments/<uuid:pk>/disconnect/", Disconnect.as_view(), name="disconnect"),
]
