"""The admin's pages of enrollments."""

from datetime import datetime
from typing import TYPE_CHECKING

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe

from adsplatform.admin_lists.bounded import BoundedAdmin, FilterForm, linked, list_url, staff_of
from adsplatform.errors import PlatformError
from adsplatform.zones import format_in_zone
from enrollments import services
from enrollments.admin.filters import AppEnrollmentFilters
from enrollments.models import AppEnrollment
from enrollments.schedules import check_cron, next_runs
from syncs.models import SyncRequest
from syncs.models.notices import Notice

if TYPE_CHECKING:
    _EnrollmentForm = forms.ModelForm[AppEnrollment]
else:
    _EnrollmentForm = forms.ModelForm


class AppEnrollmentForm(_EnrollmentForm):
    """The fields of an enrollment that staff may change; `services.change_enrollment` saves them."""

    delete_limit_percent = forms.IntegerField(
        min_value=0,
        max_value=100,
        help_text="A full sync that would delete more than this share of a kind of record stops and asks.",
    )
    reject_limit_percent = forms.IntegerField(
        min_value=0,
        max_value=100,
        help_text="A sync fails when more than this share of its lines is rejected.",
    )
    expected_every_hours = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=services.MAX_EXPECTED_HOURS,
        help_text="A notice says so when nothing was loaded for longer. Empty: what the schedule says.",
    )

    class Meta:
        model = AppEnrollment
        fields = [
            "name",
            "is_active",
            "cron_settings",
            "sync_schedule_is_active",
            "delete_limit_percent",
            "reject_limit_percent",
            "expected_every_hours",
        ]
        help_texts = {
            "name": "Empty means the application's name.",
            "cron_settings": "Five cron fields, on the clocks of the account's time zone: “30 2 * * 1-5” is 02:30 on "
            "working days.",
        }

    def clean_cron_settings(self) -> str | None:
        text: str | None = self.cleaned_data["cron_settings"]
        if text:
            try:
                check_cron(text)
            except PlatformError as refused:
                raise ValidationError(str(refused)) from refused
        return text


@admin.register(AppEnrollment)
class AppEnrollmentAdmin(BoundedAdmin[AppEnrollment]):
    """Enrollments of all accounts; created and deleted by the accounts, adjusted here."""

    form = AppEnrollmentForm
    filterset_class = AppEnrollmentFilters
    list_filter = [FilterForm]
    list_display = [
        "__str__",
        linked("group_key", "account"),
        linked("app", "application"),
        "state",
        "schedule",
        "next_sync",
        "last_sync",
        "created",
    ]
    list_select_related = ["group_key", "app", "sync_plan"]
    ordering = ["-app_enrollment_id"]
    readonly_fields = [
        "account",
        "application",
        "is_deleted",
        "time_zone",
        "coming_runs",
        "notices",
        "app_enrollment_id",
        "has_credentials",
        "syncs",
        "created",
        "created_user",
        "modified",
        "modified_user",
    ]
    fieldsets = [
        (None, {"fields": ["name", "account", "application", "is_active", "is_deleted"]}),
        ("Schedule", {"fields": ["cron_settings", "sync_schedule_is_active", "time_zone", "coming_runs"]}),
        ("Fresh data", {"fields": ["expected_every_hours", "notices"]}),
        ("Limits", {"fields": ["delete_limit_percent", "reject_limit_percent"]}),
        ("More", {"fields": [*readonly_fields[readonly_fields.index("app_enrollment_id") :]]}),
    ]
    account = staticmethod(linked("group_key", "account"))
    application = staticmethod(linked("app", "application"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[AppEnrollment]:
        """Annotated with the time of the last sync in each status: six index look-ups, without sorting."""
        last_times = {
            _last(status): Subquery(
                SyncRequest.objects.filter(status_code=status).last_of(OuterRef("pk")).values("created")
            )
            for status in SyncRequest.Status
        }
        return super().get_queryset(request).annotate(**last_times)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AppEnrollment | None = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj and obj.is_deleted)

    def has_delete_permission(self, request: HttpRequest, obj: AppEnrollment | None = None) -> bool:
        return False

    def save_model(
        self, request: HttpRequest, enrollment: AppEnrollment, form: "forms.ModelForm[AppEnrollment]", change: bool
    ) -> None:
        changes = {name: form.cleaned_data[name] for name in form.changed_data}
        if changes:
            services.change_enrollment(enrollment, staff_of(request), **changes)

    @admin.display(description="state")
    def state(self, enrollment: AppEnrollment) -> str:
        kind, word = "good", "Active"
        if enrollment.is_deleted:
            kind, word = "bad", "Deleted"
        elif not enrollment.is_active:
            kind, word = "waiting", "Switched off"
        return format_html('<span class="badge badge-{}">{}</span>', kind, word)

    @admin.display(description="schedule")
    def schedule(self, enrollment: AppEnrollment) -> str:
        if not enrollment.cron_settings:
            return "-"
        paused = not (enrollment.sync_schedule_is_active and enrollment.is_active)
        return f"{enrollment.cron_settings} (paused)" if paused else enrollment.cron_settings

    @admin.display(description="next sync")
    def next_sync(self, enrollment: AppEnrollment) -> datetime | None:
        return enrollment.next_sync_at

    @admin.display(description="time zone")
    def time_zone(self, enrollment: AppEnrollment) -> str:
        return enrollment.group_key.time_zone

    @admin.display(description="next runs")
    def coming_runs(self, enrollment: AppEnrollment) -> str:
        zone = enrollment.group_key.time_zone
        runs = (format_in_zone(run.start, zone, seconds=True) for run in next_runs(enrollment))
        return format_html_join(mark_safe("<br>"), "{}", ((run,) for run in runs)) or "None"

    @admin.display(description="notices")
    def notices(self, enrollment: AppEnrollment) -> str:
        count = enrollment.notices.open().count()
        return format_html('<a href="{}">{} open</a>', list_url(Notice, enrollment=enrollment.pk), count)

    @admin.display(description="last sync")
    def last_sync(self, enrollment: AppEnrollment) -> str:
        times = [(getattr(enrollment, _last(status)), status) for status in SyncRequest.Status]
        known = [(created, status) for created, status in times if created]
        if not known:
            return "-"
        created, status = max(known)
        return format_html(
            '<a href="{}">{}, {}</a>',
            list_url(SyncRequest, enrollment=enrollment.pk),
            status.label,
            f"{created:%Y-%m-%d %H:%M}",
        )

    @admin.display(description="credentials")
    def has_credentials(self, enrollment: AppEnrollment) -> str:
        return "Kept, encrypted" if enrollment.encrypted_credentials else "None"

    @admin.display(description="syncs")
    def syncs(self, enrollment: AppEnrollment) -> str:
        return format_html('<a href="{}">Show</a>', list_url(SyncRequest, enrollment=enrollment.pk))


def _last(status: SyncRequest.Status) -> str:
    """The annotation with the time of the last sync in that status."""
    return f"last_{status.name.lower()}"
