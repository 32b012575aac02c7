"""The page by which an enrollment is removed: what goes with it, and its name to confirm."""

from functools import cached_property
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.views.generic import FormView

from adsplatform.accounts.inbox_mixins import ADMINS, AskFormMixin, FormPageMixin
from enrollments.models import AppEnrollment
from syncs.services.enrollment_removal import what_goes
from syncs.services.enrollments import remove_enrollment

KEEP, REMOVE = "keep", "remove"


class RemovalForm(forms.Form):
    """What becomes of an enrollment's records, and its name as it is."""

    records = forms.ChoiceField(
        label="Its records",
        choices=((KEEP, "Keep them, with the files and rejected rows"), (REMOVE, "Remove them too, for good")),
        initial=KEEP,
        widget=forms.RadioSelect,
    )
    name = forms.CharField(
        label="Its name, to confirm", max_length=100, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def __init__(self, *args: Any, called: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.called = called

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if name != self.called:
            raise forms.ValidationError(f"It is called “{self.called}”, not “{name}”. Nothing was removed.")
        return name


class RemoveEnrollment(FormPageMixin, AskFormMixin[RemovalForm], FormView):
    """Says what goes with an enrollment, and removes it once its name is typed."""

    template_name = "inbox/remove_enrollment.html"
    form_class = RemovalForm
    roles = ADMINS

    @cached_property
    def enrollment(self) -> AppEnrollment:
        enrollments = AppEnrollment.objects.of(self.account).current().select_related("app", "group_key")
        return get_object_or_404(enrollments, pk=self.kwargs["pk"])

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"called": str(self.enrollment)}

    def ask(self, form: RemovalForm) -> HttpResponse:
        removes = form.cleaned_data["records"] == REMOVE
        remove_enrollment(self.enrollment, self.request.user, remove_data=removes)
        then = "Its records are being removed." if removes else "Its records were kept."
        messages.success(self.request, f"{self.enrollment} is removed. {then}")
        return redirect("inbox:home")

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        enrollment = self.enrollment
        return super().get_context_data(enrollment=enrollment, goes=what_goes(enrollment), **context)


urlpatterns = [path("enrollments/<uuid:pk>/remove/", RemoveEnrollment.as_view(), name="remove-enrollment")]
