"""The admin's page of the catalogue of applications."""

from django import forms
from django.contrib import admin
from django.utils import timezone
from django.utils.html import format_html

from adsplatform.admin_lists.bounded import BoundedAdmin, list_url
from enrollments.models import AppEnrollment, Application


class ApplicationForm(forms.ModelForm):
    """An application; the addresses become links elsewhere, so they must be web addresses."""

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
class ApplicationAdmin(BoundedAdmin):
    """Connectors enter themselves into the catalogue, so nothing is added here, and nothing deleted."""

    form = ApplicationForm
    list_display = ["name", "connector", "app_type", "is_active", "enrollments", "modified"]
    ordering = ["name"]
    search_fields = ["name", "connector"]
    fields = [
        "name",
        "description",
        "project_url",
        "icon_url",
        "is_active",
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
    readonly_fields = fields[fields.index("connector") :]

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    @admin.display(description="enrollments")
    def enrollments(self, application):
        return format_html('<a href="{}">Show</a>', list_url(AppEnrollment, app=application.pk))

    def save_model(self, request, application, form, change):
        application.modified, application.modified_user = timezone.now(), request.user
        application.save()
