"""What the admin's lists share: filters by django-filter, and a bound on what one page may cost.

The tables behind the lists hold millions of rows. So a list never counts further than it shows, never sorts
by a column without an index, looks for text only among the newest rows unless it is narrowed to something
small, and gives up with a sentence when the database takes too long all the same.
"""

from contextlib import contextmanager

import psycopg
from django.contrib import admin, messages
from django.contrib.admin.utils import quote
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ObjectDoesNotExist
from django.core.paginator import Paginator
from django.db import OperationalError, connection, transaction
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.http import urlencode

# Rows a search looks through when it is not narrowed to an account, an enrollment or a sync.
NEWEST_ROWS = 50_000
TIME_LIMIT_SECONDS = 5


def newest(queryset, field: str, rows: int):
    """The rows that have the highest values of an indexed field; at most `rows` of them, but for ties."""
    boundary = queryset.model.objects.order_by(f"-{field}").values_list(field, flat=True)[rows - 1 : rows]
    for value in boundary:
        return queryset.filter(**{f"{field}__gte": value})
    return queryset


@contextmanager
def time_limit(seconds: int):
    """Let no statement run longer; what is stopped raises OperationalError."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{seconds}s"])
        yield


class CappedPaginator(Paginator):
    """Counts as far as anyone pages by hand; beyond that it only says that there is more."""

    MOST = 10_000

    @cached_property
    def found(self) -> int:
        return self.object_list.order_by().values("pk")[: self.MOST + 1].count()

    @property
    def count(self) -> int:
        return min(self.found, self.MOST)

    @property
    def has_more(self) -> bool:
        return self.found > self.MOST


class FilterForm(admin.ListFilter):
    """All filters of the list's FilterSet (`filterset_class`), as one form."""

    title = "filters"
    template = "admin/filter_form.html"

    def __init__(self, request, params, model, model_admin):
        super().__init__(request, params, model, model_admin)
        self.names = list(model_admin.filterset_class.base_filters)
        given = {name: params.pop(name)[-1] for name in self.names if name in params}
        self.is_used = any(given.values())
        self.filterset = model_admin.filterset_class(given, model._default_manager.none(), request=request)
        self.form = self.filterset.form

    def has_output(self):
        return True

    def expected_parameters(self):
        return self.names

    def queryset(self, request, queryset):
        # What was asked for is not clear: the form says why, and the list shows nothing.
        return self.filterset.filter_queryset(queryset) if self.form.is_valid() else queryset.none()

    def choices(self, changelist):
        """The list's other parameters, which the form carries along."""
        for name, value in changelist.params.items():
            if name not in self.names:
                yield {"name": name, "value": value}


class BoundedChangeList(ChangeList):
    """A list that sorts by indexed columns only and looks for text among the newest rows."""

    def get_ordering_field(self, field_name):
        # Django hides the other columns' sort links, but obeys them when they stand in the address.
        return super().get_ordering_field(field_name) if field_name in self.sortable_by else None

    def get_queryset(self, request, exclude_parameters=None):
        self.only_newest = self.model_admin.must_look_at_newest_only(request)
        if self.only_newest:
            self.root_queryset = newest(self.root_queryset, self.model_admin.newest_by, NEWEST_ROWS)
            self.newest_rows = NEWEST_ROWS
        return super().get_queryset(request, exclude_parameters)

    def get_results(self, request):
        super().get_results(request)
        # The count stands below the list, where there is room to say that it is not all.
        self.full_result_count = self.result_count


class BoundedAdmin(admin.ModelAdmin):
    """An admin for a table of any size."""

    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    sortable_by = ()
    # The FilterSet that `list_filter = [FilterForm]` shows.
    filterset_class = None
    # Parameters that read row by row, those that make the rows few enough for it, and the indexed
    # field by which the newest rows are known.
    scanned_by = ()
    narrowed_by = ()
    newest_by = "pk"

    class Media:
        css = {"all": ["admin/browsing.css"]}

    def get_changelist(self, request, **kwargs):
        return BoundedChangeList

    def must_look_at_newest_only(self, request) -> bool:
        given = {name for name, value in request.GET.items() if value.strip()}
        return bool(given & {*self.scanned_by}) and not given & {*self.narrowed_by}

    def changelist_view(self, request, extra_context=None):
        if request.method != "GET":
            return super().changelist_view(request, extra_context)
        try:
            with time_limit(TIME_LIMIT_SECONDS):
                response = super().changelist_view(request, extra_context)
                # The rows are read while the page is rendered, so that has to happen inside the limit.
                return response.render() if hasattr(response, "render") else response
        except OperationalError as error:
            if not isinstance(error.__cause__, psycopg.errors.QueryCanceled) or not request.GET:
                raise
            self.message_user(
                request,
                f"Looking for that took longer than {TIME_LIMIT_SECONDS} seconds and was stopped. "
                "Narrow the list to one account, enrollment or sync, then look again.",
                messages.ERROR,
            )
            return redirect(request.path)


class ReadOnlyAdmin(BoundedAdmin):
    """An admin that only shows."""

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


def link(to, text: str = ""):
    """A link to an object's page in the admin."""
    if to is None:
        return "-"
    url = reverse(f"admin:{to._meta.app_label}_{to._meta.model_name}_change", args=[quote(to.pk)])
    return format_html('<a href="{}">{}</a>', url, text or to)


def list_url(model, **filters) -> str:
    """The address of a model's list in the admin, filtered."""
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return f"{url}?{urlencode(filters)}" if filters else url


def linked(field: str, title: str):
    """A column that links to what a foreign key refers to, which may be gone."""

    @admin.display(description=title)
    def column(row):
        try:
            return link(getattr(row, field))
        except ObjectDoesNotExist:
            return "-"

    column.__name__ = field
    return column
