"""The admin's page of the catalogue of applications."""

from typing import TYPE_CHECKING

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html

from adsplatform.admin_lists.bounded import BoundedAdmin, list_url, staff_of
from enrollments.models import AppEnrollment, Application

if TYPE_CHECKING:
    _ApplicationForm = forms.ModelForm[Application]
else:
    _ApplicationForm = forms.ModelForm


class ApplicationForm(_ApplicationForm):
    """An application; pages link to its addresses, so they must be web addresses."""

    project_url = forms.URLField(required=False, max_length=200, assume_scheme="https")
    icon_url = forms.URLField(required=False, max_length=200, assume_scheme="https")

    class Meta:
        model = Application
        fields = ["name", "description", "project_url", "icon_url", "is_active"]
        help_texts = {
            "name": "A connector writes its own name and description again with every release.",
            "is_active": "Switch it off instead of deleting it: nobody can enrol then, enrollments stay.",
        }


@admin.register(Application)
class ApplicationAdmin(BoundedAdmin[Application]):
    """The catalogue. Connectors add themselves to it, so nothing is added or deleted here."""

    form = ApplicationForm
    has_customers_data = False
    list_display = ["name", "connector", "app_type", "is_active", "enrollments", "modified"]
    ordering = ["name"]
    search_fields = ["name", "connector"]
    readonly_fields = [
        "connector",
        "app_id",
        "app_type",
        "owner_id",
        "created",
        "created_user",
        "modified",
        "modified_user",
        "enrollments",
    ]
    fields = ["name", "description", "project_url", "icon_url", "is_active", *readonly_fields]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Application | None = None) -> bool:
        return False

    @admin.display(description="enrollments")
    def enrollments(self, application: Application) -> str:
        return format_html('<a href="{}">Show</a>', list_url(AppEnrollment, app=application.pk))

    def save_model(
        self, request: HttpRequest, application: Application, form: "forms.ModelForm[Application]", change: bool
    ) -> None:
        application.modified, application.modified_user = timezone.now(), staff_of(request)
        application.save()
