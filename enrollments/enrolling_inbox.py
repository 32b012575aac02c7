"""Pages of the Inbox by which an account enrols in an application: the catalogue, and one application's form."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.views.generic import FormView, TemplateView

from adsplatform.accounts.inbox_mixins import ADMINS, AskFormMixin, FormPageMixin, TenantMixin
from enrollments import services, sources
from enrollments.connection_inbox import way_to_vendor
from enrollments.forms import PREVIEW, EnrollForm
from enrollments.models import AppEnrollment, Application
from syncs.connectors.protocol import GROUPS, Form
from syncs.services.requests import request_sync
from syncs.services.source_samples import sample_source


@dataclass(frozen=True)
class Offer:
    """An application of the catalogue, and the account's enrollments in it."""

    app: Application
    enrollments: Sequence[AppEnrollment]


class Catalogue(TenantMixin, TemplateView):
    """The applications that can be enrolled, by group; `q` has words that all have to be in what is said of one."""

    template_name = "inbox/catalogue.html"

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        text = self.request.GET.get("q", "").strip()[:200]
        words = text.casefold().split()
        enrolled: dict[UUID, list[AppEnrollment]] = defaultdict(list)
        for enrollment in AppEnrollment.objects.of(self.account).counted().select_related("app").order_by("created"):
            enrolled[enrollment.app_id].append(enrollment)
        groups: dict[str, list[Offer]] = {group: [] for group in GROUPS}
        for app in Application.objects.filter(is_active=True).order_by("name"):
            group = sources.group_of(app)
            said = f"{app.name} {app.description} {app.app_type} {group}".casefold()
            if all(word in said for word in words):
                groups[group].append(Offer(app, enrolled[app.pk]))
        found = {group: offers for group, offers in groups.items() if offers}
        return super().get_context_data(text=text, groups=found, count=sum(map(len, found.values())), **context)


class Enroll(FormPageMixin, AskFormMixin[EnrollForm], FormView):
    """Enrols the account in one application."""

    template_name = "inbox/enroll.html"
    form_class = EnrollForm
    roles = ADMINS

    @cached_property
    def app(self) -> Application:
        return get_object_or_404(Application, is_active=True, pk=self.kwargs["pk"])

    def get_template_names(self) -> list[str]:
        """A page that leads to the vendor, if a person connects the application there."""
        return ["inbox/connect.html" if sources.authorized_connector(self.app) else self.template_name]

    @cached_property
    def asked(self) -> Form:
        """What the connector asks for."""
        return sources.blank_form_of(self.app)

    def get_form_kwargs(self) -> dict[str, Any]:
        asked = self.asked
        return super().get_form_kwargs() | {
            "settings": asked.settings,
            "declared": asked.credentials,
            "fetches_data": self.app.fetches_data,
            "time_zone": self.account.time_zone,
        }

    def ask(self, form: EnrollForm) -> HttpResponse:
        if "try" in self.request.POST:
            sample = sample_source(self.app, form.settings, form.credentials)
            # With what the source offers to choose from.
            self.asked = sample.form
            return self.render_to_response(self.get_context_data(form=self.get_form(), sample=sample))
        enrollment = services.enroll(
            self.account,
            self.app,
            self.request.user,
            name=form.cleaned_data["name"],
            cron_settings=form.cron,
            settings=form.settings,
            credentials=form.credentials,
        )
        messages.success(self.request, f"{enrollment} is enrolled.")
        if form.first is None:
            return redirect("inbox:enrollment", enrollment.pk)
        first = request_sync(enrollment, self.request.user, full=True, dry_run=form.first == PREVIEW)
        return redirect("inbox:sync", first.pk)

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        asked = self.asked
        return super().get_context_data(
            app=self.app,
            can_be_tried=self.app.fetches_data and bool(asked.fields),
            has_secrets=any(field.is_secret for field in asked.credentials),
            **(way_to_vendor(self.request, self.app) if sources.authorized_connector(self.app) else {}),
            **context,
        )


urlpatterns = [
    path("enroll/", Catalogue.as_view(), name="enroll"),
    path("enroll/<uuid:pk>/", Enroll.as_view(), name="enroll-in"),
]
