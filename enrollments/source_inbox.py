"""The page of what an enrollment's connector reads: its settings, tried on the first rows before they are saved."""

from functools import cached_property
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.generic import FormView

from adsplatform.accounts.inbox_mixins import ADMINS, AskFormMixin, FormPageMixin
from enrollments import services, sources
from enrollments.connection_state import fresh_credentials
from enrollments.field_forms import SettingsForm
from enrollments.models import AppEnrollment
from syncs.connectors.protocol import Field
from syncs.services.source_samples import sample_source


class SourceSettings(FormPageMixin, AskFormMixin[SettingsForm], FormView):
    """Changes the settings of an enrollment's connector, or only tries them."""

    template_name = "inbox/source.html"
    form_class = SettingsForm
    roles = ADMINS

    @cached_property
    def enrollment(self) -> AppEnrollment:
        """The enrollment; there is nothing to change where its connector has no settings."""
        enrollments = AppEnrollment.objects.of(self.account).current().select_related("app")
        enrollment = get_object_or_404(enrollments, pk=self.kwargs["pk"])
        if not sources.settings_declared_by(enrollment.app):
            raise Http404
        return enrollment

    @cached_property
    def asked(self) -> tuple[Field, ...]:
        """What the connector asks for."""
        return sources.settings_declared_by(self.enrollment.app)

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"settings": self.asked}

    def get_initial(self) -> dict[str, Any]:
        return {f"setting_{name}": value for name, value in services.setting_values(self.enrollment).items()}

    def ask(self, form: SettingsForm) -> HttpResponse:
        if "try" in self.request.POST:
            sample = sample_source(self.enrollment.app, form.settings, fresh_credentials(self.enrollment))
            # With what the source offers to choose from.
            self.asked = sample.form.settings
            return self.render_to_response(self.get_context_data(form=self.get_form(), sample=sample))
        found = services.change_settings(self.enrollment, self.request.user, form.settings)
        messages.success(self.request, f"The settings of {self.enrollment} are saved. {found}".strip())
        return redirect("inbox:enrollment", self.enrollment.pk)

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        return super().get_context_data(enrollment=self.enrollment, **context)
