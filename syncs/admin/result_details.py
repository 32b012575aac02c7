"""The admin's pages for the problems of syncs, across all accounts."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.text import Truncator

from adsplatform.admin_lists.bounded import FilterForm, ReadOnlyAdmin, link, linked, list_url
from syncs.admin.filters import SyncResultDetailFilters
from syncs.admin.problem_groups import problem_groups_view
from syncs.models import SyncResultDetail


class SyncResultDetailAdmin(ReadOnlyAdmin[SyncResultDetail]):
    """Lines that were rejected or skipped or have a warning, across all accounts."""

    filterset_class = SyncResultDetailFilters
    list_filter = [FilterForm]
    list_display = [
        "what",
        "sync",
        linked("group_key", "account"),
        "entity",
        "kind",
        "erp_key",
        "file",
        "line",
        "column",
        "shortened_value",
        "code",
    ]
    list_select_related = ["sync_request", "group_key"]
    ordering = ["-id"]
    search_fields = ["erp_key", "file", "value", "message"]
    search_help_text = (
        "A part of the ERP key, file, value or message. Without a sync or an account chosen, this and the "
        "filters look through the newest 50,000 lines only."
    )
    scanned_by = ("q", "kind", "entity", "code", "key", "file", "since", "until")
    narrowed_by = ("sync", "account")
    fieldsets = [
        (
            None,
            {"fields": ["message", "kind", "code", "entity", "erp_key", "file", "line", "column"]},
        ),
        ("What stood there", {"fields": ["value_as_it_was", "raw_line_as_it_was", "lines_of_cause"]}),
        ("Where it belongs", {"fields": ["sync", "account", "enrollment", "id"]}),
    ]
    account = staticmethod(linked("group_key", "account"))

    def get_urls(self) -> list[URLPattern]:
        groups = self.admin_site.admin_view(self.groups)
        return [path("groups/", groups, name="syncs_syncresultdetail_groups"), *super().get_urls()]

    def groups(self, request: HttpRequest) -> HttpResponse:
        return problem_groups_view(request, self)

    @admin.display(description="message")
    def what(self, detail: SyncResultDetail) -> str:
        return Truncator(detail.message).chars(110)

    @admin.display(description="sync")
    def sync(self, detail: SyncResultDetail) -> str:
        return link(detail.sync_request, f"{detail.sync_request.created:%Y-%m-%d %H:%M}")

    @admin.display(description="lines with this cause")
    def lines_of_cause(self, detail: SyncResultDetail) -> str:
        if detail.cause_id:
            return link(detail.cause, "See the common cause")
        if not detail.line_count:
            return "-"
        lines = list_url(SyncResultDetail, sync=detail.sync_request_id, cause=detail.pk)
        return format_html('<a href="{}">{}</a>', lines, f"{detail.line_count:,}")

    @admin.display(description="enrollment")
    def enrollment(self, detail: SyncResultDetail) -> str:
        return link(detail.sync_request.app_enrollment)

    @admin.display(description="value")
    def shortened_value(self, detail: SyncResultDetail) -> str:
        return Truncator(detail.value).chars(40)

    @admin.display(description="value")
    def value_as_it_was(self, detail: SyncResultDetail) -> str:
        return format_html('<pre class="raw">{}</pre>', detail.value) if detail.value else "-"

    @admin.display(description="line as it was")
    def raw_line_as_it_was(self, detail: SyncResultDetail) -> str:
        return format_html('<pre class="raw">{}</pre>', detail.raw_line) if detail.raw_line else "-"
