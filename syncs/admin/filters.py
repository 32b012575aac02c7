"""Filters of the admin's lists of syncs and of their problems."""

from datetime import timedelta

import django_filters
from django.db.models import QuerySet
from django.utils import timezone

from adsplatform.admin_lists.day_filters import SinceFilter, UntilFilter
from adsplatform.admin_lists.filters import ANY, AccountFilter, YesNoFilter
from adsplatform.records.keys import clean_key
from enrollments.admin.filters import EnrollmentFilter
from syncs.connectors import registered
from syncs.models import SyncRequest, SyncResultDetail
from syncs.presentation.sync_summary import has_problems


def connector_names() -> list[tuple[str, str]]:
    names = [connector.application.connector for connector in registered()]
    return [(name, name) for name in names]


class SyncRequestFilters(django_filters.FilterSet):
    account = AccountFilter()
    enrollment = EnrollmentFilter()
    status = django_filters.ChoiceFilter(
        "status_code", label="Status", choices=SyncRequest.Status.choices, empty_label=ANY
    )
    problems = YesNoFilter(label="Has problems", method="by_problems")
    connector = django_filters.ChoiceFilter("connector", label="Connector", choices=connector_names, empty_label=ANY)
    full = YesNoFilter("run_full_sync", label="Full sync")
    file = django_filters.CharFilter("upload__file_name", lookup_expr="icontains", label="Upload's file")
    since = SinceFilter("created", label="Asked for since")
    until = UntilFilter("created", label="Until")

    def by_problems(self, queryset: QuerySet[SyncRequest], name: str, wanted: bool) -> QuerySet[SyncRequest]:
        return queryset.filter(has_problems() if wanted else ~has_problems())


class KeyFilter(django_filters.CharFilter):
    """Finds a key in the form in which keys are stored."""

    def filter(self, queryset: QuerySet[SyncResultDetail], value: str) -> QuerySet[SyncResultDetail]:
        return super().filter(queryset, clean_key(value))


class SyncResultDetailFilters(django_filters.FilterSet):
    sync = django_filters.UUIDFilter(
        "sync_request", label="Sync (its id)", error_messages={"invalid": "This is not the id of a sync."}
    )
    account = AccountFilter()
    kind = django_filters.ChoiceFilter("kind", label="Kind", choices=SyncResultDetail.Kind.choices, empty_label=ANY)
    entity = django_filters.CharFilter("entity", lookup_expr="iexact", label="Entity")
    code = django_filters.CharFilter("code", lookup_expr="iexact", label="Code")
    key = KeyFilter("erp_key", label="ERP key, exactly")
    file = django_filters.CharFilter("file", lookup_expr="icontains", label="File contains")
    cause = django_filters.NumberFilter("cause_id", label="Lines of the cause (its id)")
    since = SinceFilter("sync_request__created", label="Of syncs since")
    until = UntilFilter("sync_request__created", label="Until")

    def filter_queryset(self, queryset: QuerySet[SyncResultDetail]) -> QuerySet[SyncResultDetail]:
        found = super().filter_queryset(queryset)
        given = self.form.cleaned_data
        # Of one sync, an index has the details without the lines of common causes.
        return found.filter(cause=None) if given["sync"] and not (given["cause"] or given["key"]) else found


class GroupFilters(django_filters.FilterSet):
    """Filters of the page of groups, which always covers a limited time."""

    DAYS = [("1", "the last day"), ("7", "the last 7 days"), ("30", "the last 30 days")]

    days = django_filters.ChoiceFilter(label="Of syncs of", choices=DAYS, empty_label=None, method="of_the_last_days")
    account = AccountFilter()
    kind = django_filters.ChoiceFilter("kind", label="Kind", choices=SyncResultDetail.Kind.choices, empty_label=ANY)
    entity = django_filters.CharFilter("entity", lookup_expr="iexact", label="Entity")
    code = django_filters.CharFilter("code", lookup_expr="iexact", label="Code")

    def of_the_last_days(
        self, queryset: QuerySet[SyncResultDetail], name: str, days: str
    ) -> QuerySet[SyncResultDetail]:
        return queryset.filter(sync_request__created__gte=timezone.now() - timedelta(days=int(days)))
