"""The Inbox's pages about syncs: request one, watch it, read its results, see the history."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.views.generic import FormView, TemplateView

from adsplatform.accounts.inbox_mixins import AskFormMixin, ButtonView, FormPageMixin, TenantMixin
from adsplatform.accounts.models import ADMINS, Account
from adsplatform.records.display import displayed_kinds
from adsplatform.wording import counted, plural
from enrollments.models import AppEnrollment
from syncs import problem_codes
from syncs.inbox.column_views import urlpatterns as column_urls
from syncs.inbox.correction_views import urlpatterns as line_urls
from syncs.inbox.example_batch import is_test_batch
from syncs.inbox.example_batch import urlpatterns as example_urls
from syncs.inbox.filters import ProblemFilter, SyncFilter
from syncs.inbox.forms import UploadForm
from syncs.inbox.global_search import urlpatterns as search_urls
from syncs.inbox.notice_views import urlpatterns as notice_urls
from syncs.inbox.profile_views import urlpatterns as profile_urls
from syncs.inbox.record_exports import urlpatterns as record_export_urls
from syncs.inbox.record_lists import urlpatterns as record_list_urls
from syncs.inbox.record_pages import urlpatterns as record_page_urls
from syncs.inbox.report_views import urlpatterns as report_urls
from syncs.inbox.upload_parts import PART_BYTES
from syncs.inbox.upload_parts import urlpatterns as part_urls
from syncs.inbox.written_views import urlpatterns as written_urls
from syncs.loading.control_totals.recount import COUNTED_AT_MOST, check_totals
from syncs.models import SyncRequest, SyncResultDetail, UnansweredUpload
from syncs.models.corrections import Correction
from syncs.presentation.paging import page_of
from syncs.presentation.problem_list import REASONS_LISTED, first_problems, overview_of, problem_page
from syncs.presentation.sync_steps import schedule_sentences, steps_of
from syncs.presentation.sync_summary import SyncSummary, who_acts, whole_reason, with_summary_columns
from syncs.presentation.unread_amounts import lines_without_amounts
from syncs.services import corrections, requests, reruns, unanswered

SYNCS_ON_PAGE = 25
PROBLEMS_ON_SYNC_PAGE = 10
TOTALS_ON_SYNC_PAGE = 100


class SyncNow(ButtonView[AppEnrollment]):
    """Requests a sync by an enrollment's connector."""

    def get_subject(self, pk: UUID) -> AppEnrollment:
        enrollments = AppEnrollment.objects.of(self.account).current()
        return get_object_or_404(enrollments.select_related("app"), pk=pk)

    def press(self, enrollment: AppEnrollment) -> str:
        scope = self.request.POST.get("scope")
        is_preview = scope == "preview"
        sync_request = requests.request_sync(
            enrollment, self.request.user, full=is_preview or scope == "full", dry_run=is_preview
        )
        return sync_page(sync_request)

    def page_of(self, enrollment: AppEnrollment) -> str:
        return reverse("inbox:enrollment", args=[enrollment.pk])


class UploadFile(FormPageMixin, AskFormMixin[UploadForm], FormView):
    """Receives a file and requests that it be loaded."""

    template_name = "inbox/upload.html"
    takes_file = True
    form_class = UploadForm
    form_fields = {"file": "file", "appEnrollmentId": "enrollment"}
    extra_context = {"part_bytes": PART_BYTES}

    def get_initial(self) -> dict[str, Any]:
        return {"enrollment": self.request.GET.get("enrollment")}

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {
            "account": self.account,
            "may_administer": self.request.tenant.may_administer,
            "too_large": getattr(self.request, "upload_is_too_large", ""),
            "refused": getattr(self.request, "upload_refused", ""),
            "limit": settings.UPLOAD_MAX_BYTES,
        }

    def ask(self, form: UploadForm) -> HttpResponse:
        file = form.cleaned_data["file"]
        received = unanswered.receive_file(
            self.account,
            self.request.user,
            file,
            file_name=file.name,
            enrollment=form.cleaned_data["enrollment"],
            full=form.cleaned_data["full"],
            dry_run="preview" in self.request.POST,
            delete_on_match=form.cleaned_data.get("delete_on_match", False),
        )
        form.remove_parts()
        return redirect(page_after_upload(received))


class History(TenantMixin, TemplateView):
    """The account's syncs, newest first."""

    template_name = "inbox/syncs.html"

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        syncs = with_summary_columns(SyncRequest.objects.of(self.account).newest_first())
        filter = SyncFilter(self.request.GET, syncs, request=self.request)
        page = page_of(filter.qs, self.request.GET.get("page", ""), size=SYNCS_ON_PAGE)
        return super().get_context_data(
            filter=filter,
            page=page,
            summaries=[SyncSummary.of(sync) for sync in page],
            **context,
        )


class SyncPage(TenantMixin):
    """One sync: its steps so far, the counts of its lines, and the first problems.

    htmx requests the part that changes, with the state that it displays (`seen`); if there is nothing new, it gets 204
    and changes nothing.
    """

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        summary = summary_of(self.account, pk)
        version = f"{summary.sync.status_code}-{summary.sync.lines_read}"
        if self.request.htmx and request.GET.get("seen") == version:
            return HttpResponse(status=204)
        template = "inbox/_sync_live.html" if self.request.htmx else "inbox/sync.html"
        return render(request, template, self.context_of(summary) | {"version": version})

    def context_of(self, summary: SyncSummary) -> dict[str, object]:
        sync_request = summary.sync
        replays = with_summary_columns(sync_request.replays.newest_first())
        return {
            "summary": summary,
            "sync": sync_request,
            "outcome": summary.outcome,
            "totals": summary.totals,
            "loaded": sync_request.status_code == SyncRequest.Status.SUCCESS and not sync_request.dry_run,
            "replays": [SyncSummary.of(replay) for replay in replays],
            "ready_count": Correction.objects.ready().filter(sync_request=sync_request.origin_id).count(),
            "reason": whole_reason(sync_request),
            "who_acts": who_acts(sync_request),
            "how_written": unanswered.is_about(sync_request),
            "steps": steps_of(sync_request),
            "schedule": schedule_sentences(sync_request),
            "blocking_sync": blocking_sync_of(sync_request),
            "results": [
                (result, displayed_kinds().get(result.entity)) for result in sync_request.results.order_by("entity")
            ],
            **control_totals_of(sync_request),
            "without_amounts": lines_without_amounts(sync_request),
            "differences": sync_request.differences.order_by("pk") if sync_request.dry_run else (),
            **reruns.rerun_options(sync_request),
            "to_correct": lines_to_correct(summary),
            "is_test": is_test_batch(sync_request),
            # Those of whole files have no result of a kind, which the totals add up.
            "warnings": overview_of(sync_request).warnings if summary.totals.warnings else 0,
            "problems": first_problems(sync_request, PROBLEMS_ON_SYNC_PAGE),
        }


class Problems(TenantMixin):
    """The problems of one sync: every line that was rejected or skipped or has a warning."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        summary = summary_of(self.account, pk)
        sync_request = summary.sync
        overview = overview_of(sync_request)
        details = SyncResultDetail.objects.filter(sync_request=sync_request)
        filter = ProblemFilter(request.GET, details, overview=overview)
        context = {
            "sync": sync_request,
            "outcome": summary.outcome,
            "overview": overview,
            "reasons": overview.reasons[:REASONS_LISTED],
            "cause": filter.wanted_cause,
            "filter": filter,
            "page": problem_page(sync_request, filter.summarised, request.GET.get("page", "")),
        }
        return render(request, "inbox/problems.html", context)


class ProblemCodes(TenantMixin, TemplateView):
    """The catalogue of problem codes: what each means, and what to do."""

    template_name = "inbox/problem_codes.html"
    extra_context = {"chapters": problem_codes.CHAPTERS}


class SyncButtonView(ButtonView[SyncRequest]):
    """A button on a sync's page."""

    def get_subject(self, pk: UUID) -> SyncRequest:
        return get_object_or_404(SyncRequest.objects.of(self.account).select_related("app_enrollment__app"), pk=pk)

    def page_of(self, sync_request: SyncRequest) -> str:
        return sync_page(sync_request)


class Cancel(SyncButtonView):
    """Asks for confirmation (GET), then cancels the sync (POST)."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        sync_request = self.get_subject(pk)
        if sync_request.is_finished or not self.request.tenant.may_write:
            return redirect(self.page_of(sync_request))
        return render(request, "inbox/cancel.html", {"sync": sync_request})

    def press(self, sync_request: SyncRequest) -> str:
        requests.cancel_sync(sync_request, self.request.user)
        return sync_page(sync_request)


class ApplyPreview(SyncButtonView):
    """Loads what a preview found."""

    def press(self, sync_request: SyncRequest) -> str:
        return sync_page(reruns.apply_preview(sync_request, self.request.user))


class AllowDeletes(SyncButtonView):
    """Asks for confirmation of the deletes that the guard stopped (GET), then runs the sync again (POST)."""

    roles = ADMINS

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        sync_request = self.get_subject(pk)
        figures = reruns.stopped_by_guard(sync_request)
        if not figures or not self.request.tenant.may_administer:
            return redirect(sync_page(sync_request))
        return render(request, "inbox/allow_deletes.html", {"sync": sync_request, "figures": figures})

    def press(self, sync_request: SyncRequest) -> str:
        return sync_page(reruns.allow_deletes(sync_request, self.request.user))


class LoadAgain(SyncButtonView):
    """Loads the corrected lines of a sync."""

    def press(self, sync_request: SyncRequest) -> str:
        return sync_page(corrections.load_again(sync_request, self.request.user))


def page_after_upload(received: SyncRequest | UnansweredUpload) -> str:
    """Where a person goes when a file has arrived: to its sync, or to what is asked about it."""
    if isinstance(received, UnansweredUpload):
        return reverse("inbox:how-written", args=[received.pk])
    return sync_page(received)


def sync_page(sync_request: SyncRequest) -> str:
    return reverse("inbox:sync", args=[sync_request.pk])


def summary_of(account: Account, pk: UUID) -> SyncSummary:
    """The summary of one of the account's syncs; raises Http404."""
    return SyncSummary.of(get_object_or_404(with_summary_columns(SyncRequest.objects.of(account)), pk=pk))


def lines_to_correct(summary: SyncSummary) -> int:
    """How many lines of a finished sync are not loaded and can still be corrected."""
    sync_request = summary.sync
    if not sync_request.is_finished or sync_request.dry_run or sync_request.details_removed:
        return 0
    return max(summary.totals.rejected - summary.cured_count, 0)


def control_totals_of(sync_request: SyncRequest) -> dict[str, object]:
    """The control totals, and in a line whether they agree; they are only opened where they do not."""
    totals = check_totals(sync_request.control_totals.order_by("pk")[:TOTALS_ON_SYNC_PAGE])
    differ = sum(total.agrees is False for total in totals)
    agree = sum(total.agrees is True for total in totals)
    words = f"{counted(len(totals), 'sum')} of amounts"
    if differ:
        words += f"; {plural(differ, 'one differs', f'{differ} differ')} from the books"
    elif totals and agree == len(totals):
        words += "; all agree with the books"
    elif agree:
        words += f"; {agree} agree with the books, the others were not recounted"
    return {
        "control_totals": totals,
        "totals_in_words": f"{words}.",
        "totals_differ": bool(differ),
        "counted_at_most": COUNTED_AT_MOST,
    }


def blocking_sync_of(sync_request: SyncRequest) -> SyncRequest | None:
    """The sync for which another waits, because an enrollment's syncs run one at a time."""
    if sync_request.status_code != SyncRequest.Status.CONNECTOR or sync_request.dry_run:
        return None
    return (
        SyncRequest.objects.real()
        .filter(app_enrollment=sync_request.app_enrollment_id, status_code=SyncRequest.Status.IN_PROGRESS)
        .first()
    )


urlpatterns = [
    path("enrollments/<uuid:pk>/sync-now/", SyncNow.as_view(), name="sync-now"),
    path("upload/", UploadFile.as_view(), name="upload"),
    path("syncs/", History.as_view(), name="syncs"),
    path("syncs/<uuid:pk>/", SyncPage.as_view(), name="sync"),
    path("problem-codes/", ProblemCodes.as_view(), name="problem-codes"),
    path("syncs/<uuid:pk>/problems/", Problems.as_view(), name="problems"),
    path("syncs/<uuid:pk>/apply/", ApplyPreview.as_view(), name="apply"),
    path("syncs/<uuid:pk>/allow-deletes/", AllowDeletes.as_view(), name="allow-deletes"),
    path("syncs/<uuid:pk>/cancel/", Cancel.as_view(), name="cancel"),
    path("syncs/<uuid:pk>/load-again/", LoadAgain.as_view(), name="load-again"),
    *column_urls,
    *part_urls,
    *example_urls,
    *profile_urls,
    *written_urls,
    *report_urls,
    *line_urls,
    *notice_urls,
    *record_list_urls,
    *record_export_urls,
    *search_urls,
    *record_page_urls,
]
