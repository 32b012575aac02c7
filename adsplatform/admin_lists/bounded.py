"""Common code of the admin's lists: filters by django-filter, and a limit on the cost of one page.

The tables behind the lists hold millions of rows. So a list does not count all its rows, never sorts by a column
without an index, searches text only among the newest rows unless it is narrowed to something small, and stops with a
sentence if the database still takes too long.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from uuid import UUID

import psycopg
from django.contrib import admin, messages
from django.contrib.admin.utils import quote
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.core.paginator import Paginator
from django.db import OperationalError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import SimpleTemplateResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.http import urlencode
from django_filters import FilterSet

from adsplatform.accounts import audit
from adsplatform.accounts.models import User
from adsplatform.statement_timeout import statement_timeout

_Row = TypeVar("_Row", bound=Model)

if TYPE_CHECKING:

    class _ModelAdmin(admin.ModelAdmin[_Row]):
        pass

    _Paginator = Paginator[Any]
else:

    class _ModelAdmin(admin.ModelAdmin, Generic[_Row]):
        pass

    _Paginator = Paginator

# How many rows a search reads when it is not narrowed to an account, an enrollment or a sync.
NEWEST_ROWS = 50_000
TIME_LIMIT_SECONDS = 5


def newest(queryset: QuerySet[_Row], field: str, rows: int) -> QuerySet[_Row]:
    """The rows with the highest values of an indexed field; at most `rows` of them, plus ties."""
    boundary = queryset.model._default_manager.order_by(f"-{field}").values_list(field, flat=True)[rows - 1 : rows]
    for value in boundary:
        return queryset.filter(**{f"{field}__gte": value})
    return queryset


class CappedPaginator(_Paginator):
    """Counts only as far as anyone pages by hand; `has_more` says whether there are more rows."""

    object_list: QuerySet[Any]

    MAX_COUNT = 10_000

    @cached_property
    def _counted(self) -> int:
        return self.object_list.order_by().values("pk")[: self.MAX_COUNT + 1].count()

    @cached_property
    def count(self) -> int:
        return min(self._counted, self.MAX_COUNT)

    @property
    def has_more(self) -> bool:
        return self._counted > self.MAX_COUNT


class FilterForm(admin.ListFilter):
    """All filters of the list's FilterSet (`filterset_class`), as one form."""

    title = "filters"
    template = "admin/filter_form.html"

    def __init__(
        self, request: HttpRequest, params: dict[str, list[str]], model: type[Model], model_admin: "BoundedAdmin[Any]"
    ) -> None:
        super().__init__(request, params, model, model_admin)
        filterset_class = model_admin.filterset_class or FilterSet
        self.names = list(filterset_class.base_filters)
        given = {name: params.pop(name)[-1] for name in self.names if name in params}
        self.is_used = any(given.values())
        self.filterset = filterset_class(given, model._default_manager.none(), request=request)
        self.form = self.filterset.form

    def has_output(self) -> bool:
        return True

    def expected_parameters(self) -> list[str | None]:
        return self.names

    def queryset(self, request: HttpRequest, queryset: QuerySet[_Row]) -> QuerySet[_Row]:
        # While a filter is invalid the form says why, and the list is empty.
        return self.filterset.filter_queryset(queryset) if self.form.is_valid() else queryset.none()

    def choices(self, changelist: ChangeList) -> Iterator[dict[str, str]]:
        """The list's other parameters, which the form sends along as hidden fields."""
        for name, value in changelist.params.items():
            if name not in self.names:
                yield {"name": name, "value": value}


class BoundedChangeList(ChangeList):
    """A list that sorts by indexed columns only and searches text among the newest rows."""

    model_admin: "BoundedAdmin[Any]"

    def get_ordering_field(self, field_name: Callable[..., Any] | str) -> Any:
        # Django removes the sort links of other columns, but still accepts the URL parameter.
        return super().get_ordering_field(field_name) if field_name in (self.sortable_by or ()) else None

    def get_queryset(self, request: HttpRequest, exclude_parameters: list[str | None] | None = None) -> QuerySet[Model]:
        self.only_newest = self.model_admin.searches_newest_only(request)
        if self.only_newest:
            self.root_queryset = newest(self.root_queryset, self.model_admin.newest_by, NEWEST_ROWS)
            self.newest_rows = NEWEST_ROWS
        return super().get_queryset(request, exclude_parameters)

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        # The count is shown below the list, where our template says if it is not complete.
        self.full_result_count = self.result_count


class BoundedAdmin(_ModelAdmin[_Row]):
    """An admin page for a table of any size."""

    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    sortable_by = ()
    # The FilterSet that `list_filter = [FilterForm]` shows.
    filterset_class: type[FilterSet] | None = None
    # `scanned_by`: parameters that make the database read row by row; `narrowed_by`: parameters that leave few enough
    # rows for that; `newest_by`: the indexed field that says which rows are the newest.
    scanned_by: tuple[str, ...] = ()
    narrowed_by: tuple[str, ...] = ()
    newest_by = "pk"
    # Whether its rows are data of customers, so that it is recorded who looks at them.
    has_customers_data = True

    class Media:
        css = {"all": ["admin/lists.css"]}

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return BoundedChangeList

    def searches_newest_only(self, request: HttpRequest) -> bool:
        given = {name for name in request.GET if request.GET.get(name, "").strip()}
        return bool(given & {*self.scanned_by}) and not given & {*self.narrowed_by}

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        if request.method == "GET" and (seen := kwargs.get("obj")):
            audit.record_seen(request, seen)
        return super().render_change_form(request, context, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if request.method != "GET":
            return super().changelist_view(request, extra_context)
        try:
            with statement_timeout(TIME_LIMIT_SECONDS):
                response = super().changelist_view(request, extra_context)
                # Rendering reads the rows, so it has to happen within the limit.
                if isinstance(response, SimpleTemplateResponse):
                    response.render()
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
        if self.has_customers_data and (shown := getattr(response, "context_data", {}).get("cl")):
            audit.record_list_seen(request, shown.result_list, str(self.opts.verbose_name_plural))
        return response


class ReadOnlyAdmin(BoundedAdmin[_Row]):
    """An admin page that shows rows and changes nothing."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: _Row | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: _Row | None = None) -> bool:
        return False


def staff_of(request: HttpRequest) -> User:
    """The person who uses the admin."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def link(to: Model | None, text: str = "") -> str:
    """A link to an object's page in the admin; a dash if there is no object."""
    if to is None:
        return "-"
    url = reverse(f"admin:{to._meta.app_label}_{to._meta.model_name}_change", args=[quote(str(to.pk))])
    return format_html('<a href="{}">{}</a>', url, text or to)


def list_url(model: type[Model], **filters: str | int | UUID) -> str:
    """The address of a model's list in the admin, filtered."""
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return f"{url}?{urlencode({name: str(value) for name, value in filters.items()})}" if filters else url


def linked(field: str, title: str, name_of: Callable[[Any], str] = str) -> Callable[[Model], str]:
    """A column that links to the object of a foreign key; a dash where that no longer exists."""

    @admin.display(description=title)
    def column(row: Model) -> str:
        try:
            to = getattr(row, field)
            return link(to, name_of(to) if to else "")
        except ObjectDoesNotExist:
            return "-"

    column.__name__ = field
    return column
