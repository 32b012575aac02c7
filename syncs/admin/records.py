"""The admin's pages for looking up accounting records: one list for each kind."""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any
from uuid import UUID

import django_filters
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Prefetch, Q, QuerySet
from django.db.models.expressions import Combinable
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html_join
from django.utils.text import camel_case_to_spaces

from adsplatform.accounts import audit
from adsplatform.admin_lists.bounded import FilterForm, ReadOnlyAdmin, link, linked, list_url
from adsplatform.admin_lists.day_filters import DayInput
from adsplatform.admin_lists.filters import AccountFilter, as_uuid
from adsplatform.errors import PlatformError
from adsplatform.records.display import DisplayedField, DisplayedKind, displayed_kinds, kind_of, referring_to
from adsplatform.records.keys import clean_key
from adsplatform.records.models import Record
from adsplatform.records.search_indexes import has_index
from adsplatform.rest.long_work import LongWork
from adsplatform.rest.reads import limited_read
from enrollments.admin.filters import EnrollmentFilter
from enrollments.models import AppEnrollment
from syncs.models import SyncRequest
from syncs.presentation.record_tables import rows_to_export
from syncs.presentation.table_files import table_file
from syncs.rejected_rows.download import streaming_response

# The most records of one export; an account exports all of its own in the Inbox.
MOST_EXPORTED = 50_000
ORIGIN_COMPUTED = ("referring", "created_sync", "modified_sync")
ORIGIN = ("modified_file", "modified_line", "app_enrollment", "created", "modified", "id")
SEARCH_HELP = (
    "The exact key or id of a record, else a part of its key, name or number. Without an account or an enrollment "
    "chosen, a part and the filters look through the newest 50,000 records only, unless manage.py search_index has "
    "made an index."
)


def is_computed(field: DisplayedField) -> bool:
    """Whether a value is shown as in the Inbox, not as Django would: links, amounts, dates."""
    return bool(field.refers_to) or field.is_amount or field.is_date


def name_on_page(field: DisplayedField) -> str:
    """What the admin's page calls a field; a computed one must not have the name of the column."""
    return f"{field.name}_shown" if is_computed(field) else field.name


def shown_as(field: DisplayedField) -> Callable[[Any], str]:
    """A computed value."""
    if field.refers_to:
        target = kind_of(field.refers_to)
        return linked(field.name, field.label, lambda record: target.title(record))

    @admin.display(description=field.label)
    def shown(record: Record) -> str:
        return field.text_of(record) or "-"

    shown.__name__ = field.name
    return shown


def column(field: DisplayedField) -> str | Callable[[Any], str | bool]:
    """A column of a list."""
    return shown_as(field) if is_computed(field) else field.name


def columns_of(kind: DisplayedKind) -> list[str | Callable[[Any], str | bool]]:
    """The columns of a kind's list: key, name, what the Inbox lists, and whose it is."""
    name = [each for each in kind.model.SEARCHED[:1] if kind.by_name[each] not in kind.listed]
    return [
        "erp_key" if kind.has_key else "id",
        *name,
        *map(column, kind.listed),
        linked("app_enrollment", "enrollment"),
        account,
        "modified",
    ]


@admin.display(description="account")
def account(record: Record) -> str:
    return linked("group_key", "account")(record.app_enrollment)


def _sync_link(id: UUID | None) -> str:
    found = SyncRequest.objects.filter(pk=id).first() if id else None
    return link(found, str(id)) if found else str(id or "-")


class RecordFilters(django_filters.FilterSet):
    """Filters by account or enrollment; both become enrollments, with which every index of records begins."""

    enrollment = EnrollmentFilter()
    account = AccountFilter("app_enrollment__group_key", method="of_accounts")

    def of_accounts(self, queryset: QuerySet[Record], name: str, accounts: Iterable[UUID]) -> QuerySet[Record]:
        enrollments = AppEnrollment.objects.filter(group_key__in=accounts).values_list("pk", flat=True)
        return queryset.filter(app_enrollment__in=list(enrollments))


@cache
def filters_of(kind: DisplayedKind) -> type[RecordFilters]:
    """The filters of a kind of record: by account, date, amount, and what it refers to."""
    added: dict[str, Any] = {}
    if day := kind.day:
        of_day = f"{day.name}__date" if isinstance(day.field, models.DateTimeField) else day.name
        added["since"] = django_filters.DateFilter(
            of_day, lookup_expr="gte", label=f"{day.label} from", widget=DayInput
        )
        added["until"] = django_filters.DateFilter(of_day, lookup_expr="lte", label=f"{day.label} to", widget=DayInput)
    if amount := kind.amount:
        added["least"] = django_filters.NumberFilter(amount.name, lookup_expr="gte", label=f"{amount.label} from")
        added["most"] = django_filters.NumberFilter(amount.name, lookup_expr="lte", label=f"{amount.label} to")
    for field in kind.references:
        added[field.name] = django_filters.UUIDFilter(field.field.attname, label=f"{field.label} (id)")
    return type(f"{kind.name}Filters", (RecordFilters,), added)


class RecordAdmin(ReadOnlyAdmin[Record]):
    """One kind of record, of all accounts."""

    kind: DisplayedKind
    list_filter = [FilterForm]
    change_list_template = "admin/records/change_list.html"
    narrowed_by = ("enrollment", "account")
    newest_by = "pk"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Record]:
        # Prefetched, not joined: the target of a reference may have been deleted, and an inner join would leave the
        # record out.
        references = [field.name for field in self.kind.references]
        enrollments = AppEnrollment.objects.select_related("app", "group_key")
        return super().get_queryset(request).prefetch_related(Prefetch("app_enrollment", enrollments), *references)

    def get_ordering(self, request: HttpRequest) -> list[str | Combinable]:
        """Newest first; within an enrollment or account by key, which is how those are indexed."""
        if request.GET.get("enrollment") or request.GET.get("account"):
            return ["app_enrollment_id", *self.model.KEY]
        return ["-id"]

    def searches_newest_only(self, request: HttpRequest) -> bool:
        """Whether the rows are read one by one: an exact key or id, and a search index, find all."""
        if not super().searches_newest_only(request):
            return False
        scans = any(request.GET.get(name, "").strip() for name in self.scanned_by if name != "q")
        term = request.GET.get("q", "").strip()
        return scans or not (self.exact(term) is not None or has_index(self.kind))

    def exact(self, term: str) -> Q | None:
        """The record with this id or exactly this key, if there is one."""
        if (record_id := as_uuid(term)) and self.model.objects.filter(pk=record_id).exists():
            return Q(pk=record_id)
        if not self.kind.has_key:
            return None
        # Every index of keys begins with the enrollment, so naming all enrollments lets the database use it.
        found = Q(("erp_key", clean_key(term)), app_enrollment__in=AppEnrollment.objects.values("pk"))
        return found if self.model.objects.filter(found).exists() else None

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Record], term: str
    ) -> tuple[QuerySet[Record], bool]:
        term = term.strip()
        if not term:
            return queryset, False
        if (exact := self.exact(term)) is not None:
            return queryset.filter(exact), False
        parts = Q(pk__in=[])
        for name in self.kind.searched:
            parts |= Q(**{f"{name}__icontains": clean_key(term) if name == "erp_key" else term})
        return queryset.filter(parts), False

    @admin.display(description="created by sync")
    def created_sync(self, record: Record) -> str:
        return _sync_link(record.created_sync_id)

    @admin.display(description="last changed by sync")
    def modified_sync(self, record: Record) -> str:
        return _sync_link(record.modified_sync_id)

    @admin.display(description="what refers to it")
    def referring(self, record: Record) -> str:
        """Links to the lists of the records that refer to this one."""
        enrollment = record.app_enrollment_id
        links = (
            (list_url(kind.model, **{field.name: record.pk, "enrollment": enrollment}), kind.plural, field.label)
            for kind, field in referring_to(type(record))
        )
        return format_html_join(", ", '<a href="{}">{} ({})</a>', links) or "-"

    def get_urls(self) -> list[URLPattern]:
        name = f"records_{self.opts.model_name}_export"
        export = path("export/<str:format>/", self.admin_site.admin_view(self.export), name=name)
        return [export, *super().get_urls()]

    def export(self, request: HttpRequest, format: str) -> HttpResponseBase:
        """The records of the list as a file; recorded as a look at that list."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        title = str(self.opts.verbose_name_plural)
        rows = self.get_changelist_instance(request).queryset.prefetch_related(None)[:MOST_EXPORTED]
        exported = self.model.objects.filter(pk__in=rows.values("pk"))
        try:
            with LongWork(UUID(str(request.user.pk))) as work:
                with limited_read():
                    total, accounts = exported.count(), set(exported.values_list("group_key", flat=True).distinct())
                values = rows_to_export(self.kind, rows, None)
                file = table_file(self.kind.slug, self.kind.file_header, values, format, total)
                audit.record_export(request, accounts, title, total)
                return work.until_sent(streaming_response(file))
        except PlatformError as refused:
            self.message_user(request, str(refused), messages.ERROR)
            back = reverse(f"admin:records_{self.opts.model_name}_changelist")
            return redirect(f"{back}?{request.GET.urlencode()}")


def fieldsets_of(kind: DisplayedKind) -> list[Any]:
    """The fields of a record's page, under the headings of the Inbox."""
    groups = [(heading, {"fields": [name_on_page(field) for field in fields]}) for heading, fields in kind.groups]
    return [*groups, ("Where it belongs and comes from", {"fields": [*ORIGIN_COMPUTED, *ORIGIN]})]


def admin_of(model: type[Record]) -> type[RecordAdmin]:
    """A RecordAdmin with the columns of one kind."""
    shown = kind_of(model)
    filters = filters_of(shown)
    texts = {name_on_page(field): staticmethod(shown_as(field)) for field in shown.fields if is_computed(field)}

    class KindAdmin(RecordAdmin):
        kind = shown
        filterset_class = filters
        list_display = columns_of(shown)
        search_fields = list(shown.searched) or ["id"]
        search_help_text = SEARCH_HELP if shown.searched else "The exact id of a record."
        scanned_by = ("q", *(name for name in filters.base_filters if name not in RecordAdmin.narrowed_by))
        readonly_fields = [*texts, *ORIGIN_COMPUTED]
        fieldsets = fieldsets_of(shown)

    for name, text in texts.items():
        setattr(KindAdmin, name, text)
    return KindAdmin


for kind in displayed_kinds().values():
    # The names in the batch API, such as "Companies", where adding an s is not enough.
    kind.model._meta.verbose_name_plural = camel_case_to_spaces(kind.model.BATCH_KEY)
    admin.site.register(kind.model, admin_of(kind.model))
