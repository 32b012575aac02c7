"""The admin's pages for syncs, across all accounts."""

from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.html import format_html, format_html_join
from django.utils.text import Truncator

from adsplatform.accounts import audit
from adsplatform.admin_lists.bounded import FilterForm, ReadOnlyAdmin, link, linked, list_url, staff_of
from adsplatform.admin_lists.filters import as_uuid
from adsplatform.errors import PlatformError
from syncs.admin import table_sizes
from syncs.admin.filters import SyncRequestFilters
from syncs.admin.result_details import SyncResultDetailAdmin
from syncs.loading.control_totals.recount import check_totals
from syncs.models import ControlTotal, SyncRequest, SyncResultDetail
from syncs.presentation.sync_steps import schedule_sentences
from syncs.presentation.sync_summary import has_problems, will_try_again
from syncs.services import requests

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    class ProblemColumn(TypedDict):
        has_problems: bool

    SyncWithProblems: TypeAlias = WithAnnotations[SyncRequest, ProblemColumn]

BADGES: dict[str, str] = {
    SyncRequest.Status.IN_PROGRESS: "running",
    SyncRequest.Status.SUCCESS: "good",
    SyncRequest.Status.FAILED: "bad",
}


def rejected_lines(sync_request: SyncRequest) -> int:
    return sum(result.rejected for result in sync_request.results.all())


@admin.register(SyncRequest)
class SyncRequestAdmin(ReadOnlyAdmin[SyncRequest]):
    """Syncs of all accounts; staff can look at them and cancel them."""

    CANCELLED_AT_ONCE = 100
    PROBLEMS_LISTED = 100
    TOTALS_LISTED = 100

    filterset_class = SyncRequestFilters
    list_filter = [FilterForm]
    list_display = [
        "asked_for",
        linked("group_key", "account"),
        linked("app_enrollment", "enrollment"),
        "connector",
        "status",
        "what",
        "part",
        "lines",
        "rejected",
        "duration",
        "message",
    ]
    list_select_related = ["group_key", "app_enrollment__app"]
    ordering = ["-created", "-sync_request_id"]
    search_fields = ["sync_request_id"]
    search_help_text = (
        "A sync's id, or a part of the account's or enrollment's name, of the upload's file name or of the "
        "message. Text is looked for among the newest 50,000 syncs, or in all of one account or enrollment."
    )
    scanned_by = ("q", "file")
    narrowed_by = ("account", "enrollment")
    newest_by = "created"
    actions = ["cancel"]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "status",
                    "process_result_message",
                    "account",
                    "enrollment",
                    "connector",
                    "schedule",
                    "what",
                    "part",
                    "parts",
                    "upload_file",
                ]
            },
        ),
        ("Times", {"fields": ["created", "started", "finished", "duration", "details_removed"]}),
        (
            "More",
            {
                "classes": ["collapse"],
                "fields": [
                    "sync_request_id",
                    "operation_type",
                    "lines_read",
                    "failure_count",
                    "crash_count",
                    "failure_code",
                    "next_try",
                    "fencing_token",
                    "lease_owner",
                    "lease_expires",
                    "dry_run",
                    "allow_deletes",
                    "delete_on_match",
                    "repeat_of",
                    "same_content_as",
                    "modified",
                    "modified_user",
                ],
            },
        ),
    ]
    account = staticmethod(linked("group_key", "account"))
    enrollment = staticmethod(linked("app_enrollment", "enrollment"))

    def get_queryset(self, request: HttpRequest) -> "QuerySet[SyncWithProblems]":
        return super().get_queryset(request).prefetch_related("results").annotate(has_problems=has_problems())

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[SyncRequest], term: str
    ) -> tuple[QuerySet[SyncRequest], bool]:
        term = term.strip()
        if not term:
            return queryset, False
        if sync_request_id := as_uuid(term):
            return queryset.filter(pk=sync_request_id), False
        return queryset.filter(
            Q(group_key__name__icontains=term)
            | Q(app_enrollment__name__icontains=term)
            | Q(upload__file_name__icontains=term)
            | Q(process_result_message__icontains=term)
        ), False

    @admin.display(description="schedule")
    def schedule(self, sync_request: SyncRequest) -> str:
        return " ".join(schedule_sentences(sync_request)) or "-"

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("syncs.change_syncrequest")

    def has_download_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("syncs.view_upload")

    def get_urls(self) -> list[URLPattern]:
        download = self.admin_site.admin_view(self.download_upload)
        return [
            path("<uuid:sync_request_id>/upload/", download, name="syncs_syncrequest_upload"),
            path("sizes/", self.admin_site.admin_view(self.sizes), name="syncs_syncrequest_sizes"),
            *super().get_urls(),
        ]

    def download_upload(self, request: HttpRequest, sync_request_id: UUID) -> HttpResponseBase:
        """The uploaded file, always to be saved: a browser must not open what an account sent."""
        sync_request = get_object_or_404(SyncRequest.objects.select_related("upload"), pk=sync_request_id)
        upload = sync_request.upload
        if upload is None:
            raise Http404
        if not self.has_download_permission(request):
            self.message_user(request, "You may not download what accounts have sent.", messages.ERROR)
            return redirect("admin:syncs_syncrequest_change", sync_request.pk)
        try:
            content = upload.content.open("rb")
        except FileNotFoundError:
            self.message_user(request, f"The file “{upload}” is no longer in the upload storage.", messages.ERROR)
            return redirect("admin:syncs_syncrequest_change", sync_request.pk)
        audit.record_seen(request, upload)
        name = "".join(letter if letter.isprintable() else "_" for letter in upload.file_name)
        return FileResponse(content, as_attachment=True, filename=name, content_type="application/octet-stream")

    def sizes(self, request: HttpRequest) -> HttpResponse:
        """The sizes of the largest tables, and what retention removes next."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": "Sizes and retention",
            "opts": self.opts,
            "tables": table_sizes.tables(),
            "database_bytes": table_sizes.database_bytes(),
            "uploads_bytes": table_sizes.uploads_bytes(),
            "forecasts": table_sizes.retention_forecasts(),
        }
        return render(request, "admin/syncs/syncrequest/sizes.html", context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The sync, with the counts of its lines and its first problems."""
        may_see = request.user.has_perm("syncs.view_syncresultdetail")
        details = SyncResultDetail.objects.filter(sync_request_id=as_uuid(object_id)).summarised().order_by("id")
        details = details if may_see else details.none()
        totals = ControlTotal.objects.filter(sync_request_id=as_uuid(object_id)).order_by("id")
        first = list(details[: self.PROBLEMS_LISTED + 1])
        return super().change_view(
            request,
            object_id,
            form_url,
            {
                "may_see_problems": may_see,
                # Only for a page that is rendered, so not for those who may not see it.
                "control_totals": SimpleLazyObject(partial(check_totals, totals[: self.TOTALS_LISTED])),
                "problems": first[: self.PROBLEMS_LISTED],
                "has_more_problems": len(first) > self.PROBLEMS_LISTED,
                "problems_url": list_url(SyncResultDetail, sync=object_id),
                "may_cancel": self.has_cancel_permission(request),
                **(extra_context or {}),
            },
        )

    @admin.action(description="Cancel selected syncs", permissions=["cancel"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[SyncRequest]) -> None:
        selected = list(queryset[: self.CANCELLED_AT_ONCE + 1])
        if len(selected) > self.CANCELLED_AT_ONCE:
            self.message_user(
                request,
                f"At most {self.CANCELLED_AT_ONCE} syncs can be cancelled at once. Nothing was cancelled.",
                messages.ERROR,
            )
            return
        for sync_request in selected:
            name = f"{sync_request.connector} sync of {sync_request.created:%Y-%m-%d %H:%M}"
            if sync_request.status_code == SyncRequest.Status.CANCELLED:
                self.message_user(request, f"The {name} was cancelled before.", messages.WARNING)
                continue
            try:
                requests.cancel_sync(sync_request, staff_of(request))
            except PlatformError as refused:
                self.message_user(request, f"The {name} was not cancelled. {refused}", messages.WARNING)
            else:
                self.log_change(request, sync_request, "Cancelled.")
                self.message_user(request, f"The {name} was cancelled.", messages.SUCCESS)

    @admin.display(description="asked for")
    def asked_for(self, sync_request: SyncRequest) -> str:
        return f"{sync_request.created:%Y-%m-%d %H:%M:%S}"

    @admin.display(description="status")
    def status(self, sync_request: "SyncWithProblems") -> str:
        kind = BADGES.get(sync_request.status_code, "waiting")
        word = sync_request.get_status_code_display()
        if sync_request.status_code == SyncRequest.Status.SUCCESS and sync_request.has_problems:
            kind, word = "problems", "Finished with problems"
        return format_html('<span class="badge badge-{}">{}</span>', kind, word)

    @admin.display(description="sync of")
    def what(self, sync_request: SyncRequest) -> str:
        return "Everything" if sync_request.run_full_sync else "Changes"

    @admin.display(description="part")
    def part(self, sync_request: SyncRequest) -> str:
        if sync_request.total_batches == 1:
            return "-"
        return f"{sync_request.current_batch} of {sync_request.total_batches}"

    @admin.display(description="lines")
    def lines(self, sync_request: SyncRequest) -> str:
        return f"{sync_request.lines_read:,}"

    @admin.display(description="rejected")
    def rejected(self, sync_request: SyncRequest) -> str:
        rejected = rejected_lines(sync_request)
        if not rejected:
            return "0"
        problems = list_url(SyncResultDetail, sync=sync_request.pk, kind=SyncResultDetail.Kind.ERROR)
        return format_html('<a href="{}">{}</a>', problems, f"{rejected:,}")

    @admin.display(description="took")
    def duration(self, sync_request: SyncRequest) -> str:
        if not sync_request.started:
            return "-"
        took = (sync_request.finished or timezone.now()) - sync_request.started
        seconds = int(took.total_seconds())
        return f"{took.total_seconds():.1f} s" if seconds < 60 else f"{seconds // 60} min {seconds % 60} s"

    @admin.display(description="message")
    def message(self, sync_request: SyncRequest) -> str:
        text = Truncator(sync_request.process_result_message).chars(120)
        return f"{text} {will_try_again(sync_request)}" if sync_request.next_try else text

    @admin.display(description="all parts")
    def parts(self, sync_request: SyncRequest) -> str:
        first = sync_request.parent_sync_request or sync_request
        parts = [first, *first.parts.order_by("current_batch")]
        if len(parts) == 1:
            return "-"
        return format_html_join(", ", "{}", ((link(part, f"part {part.current_batch}"),) for part in parts))

    @admin.display(description="upload")
    def upload_file(self, sync_request: SyncRequest) -> str:
        upload = sync_request.upload
        if upload is None:
            return "-"
        if upload.removed:
            return format_html(
                "{}, {} bytes, SHA-256 <code>{}</code>; removed on {}",
                upload.file_name,
                f"{upload.size:,}",
                upload.sha256,
                f"{upload.removed:%Y-%m-%d}",
            )
        return format_html(
            '<a href="{}">{}</a>, {} bytes, {}, SHA-256 <code>{}</code>',
            reverse("admin:syncs_syncrequest_upload", args=[sync_request.pk]),
            upload.file_name,
            f"{upload.size:,}",
            upload.format,
            upload.sha256,
        )


admin.site.register(SyncResultDetail, SyncResultDetailAdmin)
