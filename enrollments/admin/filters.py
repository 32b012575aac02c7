"""Filters of the admin's lists that have to do with enrollments."""

import django_filters
from django.db.models import Q

from adsplatform.admin_lists.filters import ANY, AccountFilter, RowsFilter, YesNoFilter, as_uuid
from enrollments.models import AppEnrollment, Application


def enrollments_called(text: str):
    """Enrollments by id, or by a part of the name that people see."""
    if enrollment_id := as_uuid(text):
        return AppEnrollment.objects.filter(pk=enrollment_id)
    return AppEnrollment.objects.filter(Q(name__icontains=text) | Q(name="", app__name__icontains=text))


class EnrollmentFilter(RowsFilter):
    def __init__(self, field_name="app_enrollment", **kwargs):
        super().__init__(field_name, label="Enrollment", search=enrollments_called, plural="enrollments", **kwargs)


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

    def with_schedule(self, queryset, name, wanted):
        scheduled = Q(cron_settings__gt="", sync_schedule_is_active=True, is_active=True, is_deleted=False)
        return queryset.filter(scheduled) if wanted else queryset.exclude(scheduled)
