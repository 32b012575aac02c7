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
from enrollments import services
from enrollments.forms import EnrollForm
from enrollments.models import AppEnrollment, Application
from syncs.connectors.protocol import GROUPS
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
            group = services.group_of(app)
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

    def get_form_kwargs(self) -> dict[str, Any]:
        entry = services.declaration_of(self.app)
        declared = {"settings": entry.settings, "declared": entry.credentials} if entry else {}
        return super().get_form_kwargs() | declared

    def ask(self, form: EnrollForm) -> HttpResponse:
        if "try" in self.request.POST:
            sample = sample_source(self.app, form.settings, form.credentials)
            return self.render_to_response(self.get_context_data(form=form, sample=sample))
        enrollment = services.enroll(
            self.account,
            self.app,
            self.request.user,
            name=form.cleaned_data["name"],
            settings=form.settings,
            credentials=form.credentials,
        )
        messages.success(self.request, f"{enrollment} is enrolled.")
        return redirect("inbox:enrollment", enrollment.pk)

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        return super().get_context_data(app=self.app, **context)


urlpatterns = [
    path("enroll/", Catalogue.as_view(), name="enroll"),
    path("enroll/<uuid:pk>/", Enroll.as_view(), name="enroll-in"),
]
