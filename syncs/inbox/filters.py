"""Filters of the Inbox's lists."""

from typing import Any

import django_filters as filters
from django import forms
from django.db.models import Q, QuerySet

from adsplatform.accounts.inbox_mixins import TenantRequest
from adsplatform.accounts.templatetags.wording import kind_of_record
from adsplatform.admin_lists.day_filters import SinceFilter, UntilFilter
from adsplatform.records.keys import clean_key
from enrollments.models import AppEnrollment
from syncs.models import SyncRequest, SyncResultDetail
from syncs.presentation.problem_list import Overview
from syncs.presentation.sync_summary import has_problems
from syncs.problem_codes import title_of

KINDS = [
    (SyncResultDetail.Kind.ERROR, "Not loaded"),
    (SyncResultDetail.Kind.SKIP, "Skipped"),
    (SyncResultDetail.Kind.WARNING, "Warning"),
]


def enrollments_of(request: TenantRequest) -> QuerySet[AppEnrollment]:
    """The account's enrollments, including ended ones, which still have a history."""
    enrollments = AppEnrollment.objects.of(request.tenant.account).select_related("app")
    return enrollments.order_by("name", "app__name", "pk")


class SyncFilter(filters.FilterSet):
    """Narrows the history of an account's syncs."""

    enrollment = filters.ModelChoiceFilter(
        label="Enrollment", field_name="app_enrollment", queryset=enrollments_of, empty_label="Any"
    )
    status = filters.ChoiceFilter(
        label="Status", field_name="status_code", choices=SyncRequest.Status.choices, empty_label="Any"
    )
    problems = filters.ChoiceFilter(
        label="Problems",
        choices=[("yes", "With problems"), ("no", "Without")],
        empty_label="Any",
        method="by_problems",
    )
    since = SinceFilter("created", label="From day (UTC)")
    until = UntilFilter("created", label="To day (UTC)")

    class Meta:
        model = SyncRequest
        fields: list[str] = []

    def by_problems(self, syncs: QuerySet[SyncRequest], name: str, value: str) -> QuerySet[SyncRequest]:
        return syncs.filter(has_problems() if value == "yes" else ~has_problems())


class ProblemFilter(filters.FilterSet):
    """Narrows one sync's details; the choices are those that occur in the overview."""

    kind = filters.ChoiceFilter(label="Kind", choices=KINDS, empty_label="Any")
    entity = filters.ChoiceFilter(label="Record", empty_label="Any")
    code = filters.ChoiceFilter(label="Reason", empty_label="Any")
    file = filters.ChoiceFilter(label="File", empty_label="Any")
    q = filters.CharFilter(
        label="Key or text",
        method="by_text",
        widget=forms.TextInput(attrs={"type": "search", "maxlength": 100}),
    )
    cause = filters.NumberFilter("cause_id", widget=forms.HiddenInput)

    class Meta:
        model = SyncResultDetail
        fields: list[str] = []

    def __init__(self, *args: Any, overview: Overview, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reasons = overview.reasons
        entities = sorted({reason.entity for reason in reasons if reason.entity})
        codes = sorted({reason.code for reason in reasons})
        self.filters["entity"].extra["choices"] = [(name, kind_of_record(name)) for name in entities]
        self.filters["code"].extra["choices"] = [(code, title_of(code)) for code in codes]
        self.filters["file"].extra["choices"] = [(name, name) for name in overview.files]

    @property
    def wanted_cause(self) -> SyncResultDetail | None:
        """The common cause whose lines are wanted."""
        wanted = self.form.cleaned_data.get("cause") if self.is_valid() else None
        found: SyncResultDetail | None = self.queryset.filter(pk=wanted).first() if wanted else None
        return found

    @property
    def summarised(self) -> QuerySet[SyncResultDetail]:
        """What the list shows: lines of common causes only where they are looked for."""
        given = self.form.cleaned_data if self.is_valid() else {}
        details: QuerySet[SyncResultDetail] = self.qs
        return details if given.get("cause") or given.get("q") else details.filter(cause=None)

    def by_text(self, details: QuerySet[SyncResultDetail], name: str, value: str) -> QuerySet[SyncResultDetail]:
        return details.filter(Q(erp_key__icontains=clean_key(value)) | Q(message__icontains=value))
