"""The Inbox's lists of records, one for each kind: searched, narrowed, sorted, and a page at a time."""

import json
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import OperationalError
from django.db.models import Aggregate, Count, QuerySet, UUIDField
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.functional import cached_property
from django.views.generic import TemplateView
from psycopg.errors import QueryCanceled

from adsplatform.accounts.inbox_mixins import TenantMixin
from adsplatform.admin_lists.filters import as_uuid
from adsplatform.records.display import DisplayedField, DisplayedKind, displayed_kinds, kinds_by_slug
from adsplatform.records_api.counting import estimate, kept_count
from adsplatform.records_api.kinds import kinds
from adsplatform.rest.reads import QueryTooSlow, limited_read
from adsplatform.searchlight.clauses import TESTS
from adsplatform.statement_timeout import statement_timeout
from enrollments.models import AppEnrollment
from syncs.inbox.record_filters import RecordFilter, kind_filter
from syncs.inbox.record_rows import rows_of
from syncs.presentation.keyset import keyset_page

RECORDS_ON_PAGE = 50
# The kinds that people look for most, before the others.
FIRST_KINDS = ("Company", "Contact", "Invoice", "InvoiceLine", "Payment")
# In the order in which they were loaded.
AS_LOADED = "-id"
# More records are estimated, and not sorted without being asked to; no longer is counted than this.
COUNTED_AT_MOST, COUNT_SECONDS = 10_000, 0.1
# The most rows that are found by their ids once they are counted.
FOUND_BY_ID = 1_000


class Heading(NamedTuple):
    """A column's heading; `order` sorts by it when followed, `state` is ascending, descending or none."""

    field: DisplayedField
    order: str
    state: str


class KindMixin(TenantMixin):
    """A page about the kind of record that the address names."""

    @cached_property
    def kind(self) -> DisplayedKind:
        try:
            return kinds_by_slug()[self.kwargs["kind"]]
        except KeyError:
            raise Http404 from None

    @cached_property
    def enrollments(self) -> dict[UUID, AppEnrollment]:
        """The account's enrollments, those that have ended as well."""
        return AppEnrollment.objects.of(self.account).select_related("app").in_bulk()

    def filter_of_records(self) -> RecordFilter:
        rows = kinds()[self.kind.name].rows(self.account)
        return kind_filter(self.kind.name)(self.request.GET, rows, request=self.request)


class RecordKinds(TenantMixin, TemplateView):
    """The kinds of record that can be looked at."""

    template_name = "inbox/record_kinds.html"

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        first = [displayed_kinds()[name] for name in FIRST_KINDS]
        others = [kind for kind in displayed_kinds().values() if kind not in first]
        return super().get_context_data(first_kinds=first, other_kinds=others, **context)


class RecordList(KindMixin):
    """The records of one kind."""

    def get(self, request: HttpRequest, kind: str) -> HttpResponse:
        filter = self.filter_of_records()
        chips = list(filter.chips())
        context: dict[str, Any] = {"kind": self.kind, "filter": filter, "chips": chips}
        context |= {"completion": completion_of(self.kind), "query_example": example_query(self.kind)}
        try:
            kept = kept_count(self.account.pk, self.kind.model) if filter.is_valid() and not chips else None
            found = count_quickly(filter.rows) if kept is None else Counted(kept, True, filter.rows)
            with limited_read():
                context |= self.page_of(found) | {"total": found.total, "is_exact": found.is_exact}
        except QueryTooSlow as slow:
            context |= {"too_slow": str(slow), "headings": self.headings(""), "rows": [], "total": None}
        return render(request, "inbox/records.html", context)

    def page_of(self, found: "Counted") -> dict[str, Any]:
        day = self.kind.day
        order = self.order or (f"-{day.name}" if day and found.total <= COUNTED_AT_MOST else AS_LOADED)
        given = self.request.GET
        page = keyset_page(
            found.rows.defer("row_hash"),
            order,
            after=as_uuid(given.get("after", "")),
            before=as_uuid(given.get("before", "")),
            size=RECORDS_ON_PAGE,
        )
        has_several = len(self.enrollments) > 1
        for record in page.rows:
            record.app_enrollment = self.enrollments[record.app_enrollment_id]
        return {
            "page": page,
            "rows": rows_of(self.kind, page.rows, self.account),
            "headings": self.headings(order),
            "with_enrollment": has_several,
        }

    @property
    def order(self) -> str:
        """The order that is asked for, if it is one of the list's."""
        order = self.request.GET.get("order", "")
        return order if order.removeprefix("-") in self.sortable else ""

    @property
    def sortable(self) -> set[str]:
        own = {field.name for field in self.kind.listed if field.is_sortable}
        return own | ({"erp_key"} if self.kind.has_key else set())

    def headings(self, order: str) -> list[Heading]:
        return [self.heading(field, order) for field in self.kind.listed]

    def heading(self, field: DisplayedField, order: str) -> Heading:
        if field.name not in self.sortable:
            return Heading(field, "", "")
        if order.removeprefix("-") != field.name:
            # The greatest amount and the latest date are what people look for.
            return Heading(field, f"-{field.name}" if field.is_number or field.is_date else field.name, "")
        if order.startswith("-"):
            return Heading(field, field.name, "descending")
        return Heading(field, f"-{field.name}", "ascending")


class _IdsOfFew(Aggregate):
    """The ids of rows, if they are few."""

    template = f"CASE WHEN count(*) BETWEEN 1 AND {FOUND_BY_ID} THEN array_agg(%(expressions)s) END"
    output_field = ArrayField(UUIDField())


class Counted(NamedTuple):
    """How many rows there are, whether that is exact, and the rows."""

    total: int
    is_exact: bool
    rows: QuerySet[Any]


def count_quickly(rows: QuerySet[Any]) -> Counted:
    """The rows with their number: more rows, or what takes longer to count, is estimated.

    Few are found by their ids from then on, so that a search reads an account's records once and not twice.
    """
    try:
        with statement_timeout(COUNT_SECONDS):
            found = rows.order_by()[: COUNTED_AT_MOST + 1].aggregate(count=Count("pk"), ids=_IdsOfFew("pk"))
        if found["count"] <= COUNTED_AT_MOST:
            few = rows if found["ids"] is None else rows.filter(pk__in=found["ids"])
            return Counted(found["count"], True, few)
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise
    return Counted(max(estimate(rows), COUNTED_AT_MOST + 1), False, rows)


def completion_of(kind: DisplayedKind) -> str:
    """What the query's completion offers, as JSON: the fields with their types, and the operators."""
    fields = {field.name: field.type for field in kinds()[kind.name].fields}
    operators = [name.lower() for name in TESTS if name.isalpha() and name not in ("GTE", "LTE")]
    return json.dumps({"fields": fields, "operators": operators})


def example_query(kind: DisplayedKind) -> str:
    """A query that this kind understands."""
    names = {member.path: member.name for member in kinds()[kind.name].members}
    if kind.amount:
        return f"{names[kind.amount.name]} > 1000"
    return f"{names[kind.searched[-1]]} startswith 'A'" if kind.searched else "modified > TODAY - 7"


urlpatterns = [
    path("records/", RecordKinds.as_view(), name="record-kinds"),
    path("records/<slug:kind>/", RecordList.as_view(), name="records"),
]
