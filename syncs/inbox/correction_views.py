"""The Inbox's pages about rejected lines: download them, correct one."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse

from adsplatform.accounts.inbox_mixins import TenantMixin
from adsplatform.errors import PlatformError
from adsplatform.rest.long_work import LongWork
from adsplatform.wording import plural
from syncs.inbox.filters import ProblemFilter
from syncs.inbox.line_form import changed_cells, form_of
from syncs.models import SyncRequest, SyncResultDetail
from syncs.models.corrections import Correction
from syncs.presentation.problem_list import overview_of
from syncs.rejected_rows.download import download_of, streaming_response
from syncs.rejected_rows.reader import RejectedRow
from syncs.services import corrections

State = Correction.State
# So many cells are repeated to a person whose correction came too late.
MOST_TYPED = 5


class Download(TenantMixin):
    """The rejected lines that the filters of the problems page select, as a file."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponseBase:
        sync_request = get_object_or_404(SyncRequest.objects.of(self.account), pk=pk)
        details = SyncResultDetail.objects.filter(sync_request=sync_request)
        wanted = ProblemFilter(request.GET, details, overview=overview_of(sync_request)).qs
        with LongWork(self.account.pk) as work:
            try:
                file = download_of(sync_request, wanted, request.GET.get("format", "csv"))
                return work.until_sent(streaming_response(file))
            except PlatformError as refused:
                messages.error(request, str(refused))
                return redirect("inbox:problems", pk)


class LinePage(TenantMixin):
    """One rejected line, each cell with what is wrong with it, to be corrected."""

    def get(self, request: HttpRequest, pk: UUID, detail: int) -> HttpResponse:
        problem = self.get_problem(pk, detail)
        try:
            line, correction = corrections.rejected_line(problem)
        except PlatformError as refused:
            messages.error(request, str(refused))
            return redirect("inbox:problems", pk)
        return render(request, "inbox/line.html", self.context_of(problem, line, correction))

    def post(self, request: HttpRequest, pk: UUID, detail: int) -> HttpResponse:
        problem = self.get_problem(pk, detail)
        try:
            line, correction = corrections.rejected_line(problem)
            changed = changed_cells(request.POST, line, correction)
            seen = request.POST.get("seen")
            correction = corrections.save_correction(problem, self.request.user, changed, seen=seen)
        except corrections.CorrectedMeanwhile as refused:
            typed = ", ".join([f"{column} “{text[:100]}”" for column, text in changed.items()][:MOST_TYPED])
            messages.error(request, f"{refused} You had typed: {typed}." if typed else str(refused))
        except PlatformError as refused:
            messages.error(request, str(refused))
        else:
            left = len(correction.problems)
            if left:
                messages.error(request, f"Saved, but {plural(left, 'a problem is', f'{left} problems are')} left.")
            else:
                messages.success(request, "The line is corrected. Load it again whenever you like.")
                if "next" in request.POST and (following := self.next_line(problem)):
                    detail = following.pk
        return redirect(reverse("inbox:line", args=[pk, detail], query=request.GET))

    def get_problem(self, pk: UUID, detail: int) -> SyncResultDetail:
        details = SyncResultDetail.objects.of(self.account).select_related("sync_request__app_enrollment__app")
        return get_object_or_404(details, sync_request=pk, pk=detail)

    def context_of(
        self, problem: SyncResultDetail, line: RejectedRow, correction: Correction | None
    ) -> dict[str, object]:
        sync_request = problem.sync_request
        is_settled = correction is not None and (correction.state == State.CURED or correction.is_being_loaded)
        still_missing = []
        if correction is not None and correction.state == State.CORRECTED:
            still_missing = corrections.still_missing(correction)
        return {
            "sync": sync_request,
            "problem": problem,
            "line": line,
            "correction": correction,
            "form": form_of(line, correction),
            "still_missing": still_missing,
            "may_correct": self.request.tenant.may_write and not is_settled,
            "ready_count": Correction.objects.ready().filter(sync_request=sync_request.origin_id).count(),
            "next": self.next_line(problem),
        }

    def next_line(self, problem: SyncResultDetail) -> SyncResultDetail | None:
        """A problem of the next rejected line, if there is one, among those that the list was narrowed to."""
        later = SyncResultDetail.objects.filter(sync_request=problem.sync_request_id)
        if self.request.GET:
            later = ProblemFilter(self.request.GET, later, overview=overview_of(problem.sync_request)).qs
        later = later.filter(kind=SyncResultDetail.Kind.ERROR, line__isnull=False, pk__gt=problem.pk)
        return later.exclude(entity=problem.entity, file=problem.file, line=problem.line).order_by("id").first()


urlpatterns = [
    path("syncs/<uuid:pk>/problems/download/", Download.as_view(), name="problems-download"),
    path("syncs/<uuid:pk>/lines/<int:detail>/", LinePage.as_view(), name="line"),
]
