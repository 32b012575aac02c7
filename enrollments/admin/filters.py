"""Filters of the admin's lists by enrollments."""

from typing import Any

import django_filters
from django.db.models import Q, QuerySet

from adsplatform.admin_lists.filters import ANY, AccountFilter, NameOrIdFilter, YesNoFilter, as_uuid
from enrollments.models import AppEnrollment, Application


def find_enrollments(text: str) -> QuerySet[AppEnrollment]:
    """Filters by enrollment: by a part of its displayed name, or by id."""
    if enrollment_id := as_uuid(text):
        return AppEnrollment.objects.filter(pk=enrollment_id)
    return AppEnrollment.objects.filter(Q(name__icontains=text) | Q(name="", app__name__icontains=text))


class EnrollmentFilter(NameOrIdFilter):
    def __init__(self, field_name: str = "app_enrollment", **kwargs: Any) -> None:
        super().__init__(field_name, label="Enrollment", search=find_enrollments, plural="enrollments", **kwargs)


class AppEnrollmentFilters(django_filters.FilterSet):
    account = AccountFilter()
    app = django_filters.ModelChoiceFilter(
        label="Application",
        queryset=lambda request: Application.objects.order_by("name"),
        empty_label=ANY,
    )
    active = YesNoFilter("is_active", label="Active")
    deleted = YesNoFilter("is_deleted", label="Deleted")
    scheduled = YesNoFilter(label="Synced on a schedule", method="with_schedule")

    def with_schedule(self, queryset: QuerySet[AppEnrollment], name: str, wanted: bool) -> QuerySet[AppEnrollment]:
        scheduled = Q(cron_settings__gt="", sync_schedule_is_active=True, is_active=True, is_deleted=False)
        return queryset.filter(scheduled) if wanted else queryset.exclude(scheduled)
