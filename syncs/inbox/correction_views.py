"""Pages of the Inbox about rejected lines: download them, correct one, load the corrected ones again."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.views.generic import View

from adsplatform.accounts.inbox_mixins import ButtonView, TenantMixin
from adsplatform.errors import PlatformError
from adsplatform.wording import plural
from syncs.inbox.filters import ProblemFilter
from syncs.models import SyncRequest, SyncResultDetail
from syncs.models.corrections import Correction
from syncs.presentation import problem_list
from syncs.rejected_rows.download import download_of, streaming_response
from syncs.services import corrections

# Inputs are called by their column.
CELL = "cell:"
# From here on a value gets a box of several lines.
LONG_VALUE = 80


class Download(TenantMixin, View):
    """The rejected lines that the filters of the problems page leave, as a file."""

    def get(self, request, pk):
        sync_request = get_object_or_404(SyncRequest.objects.of(self.account), pk=pk)
        details = SyncResultDetail.objects.filter(sync_request=sync_request)
        wanted = ProblemFilter(request.GET, details, overview=problem_list.overview(sync_request)).qs
        try:
            return streaming_response(download_of(sync_request, wanted, request.GET.get("format", "csv")))
        except PlatformError as refused:
            messages.error(request, str(refused))
            return redirect("inbox:problems", pk)


class LinePage(TenantMixin, View):
    """One rejected line: every cell to correct, and what is wrong with which."""

    def get(self, request, pk, detail):
        problem = self.get_problem(pk, detail)
        try:
            line, mended = corrections.rejected_line(problem)
        except PlatformError as refused:
            messages.error(request, str(refused))
            return redirect("inbox:problems", pk)
        return render(request, "inbox/line.html", self.context_of(problem, line, mended))

    def post(self, request, pk, detail):
        problem = self.get_problem(pk, detail)
        try:
            line, mended = corrections.rejected_line(problem)
            mended = corrections.save_correction(problem, request.user, given_cells(request.POST, line, mended))
        except PlatformError as refused:
            messages.error(request, str(refused))
        else:
            left = len(mended.problems)
            if left:
                messages.error(request, f"Saved, but {plural(left, 'a problem is', f'{left} problems are')} left.")
            else:
                messages.success(request, "The line is mended. Load it again whenever you like.")
        return redirect("inbox:line", pk, detail)

    def get_problem(self, pk, detail) -> SyncResultDetail:
        details = SyncResultDetail.objects.of(self.account).select_related("sync_request__app_enrollment__app")
        return get_object_or_404(details, sync_request=pk, pk=detail)

    def context_of(self, problem, line, mended):
        cells, other_problems = cells_of(line, mended)
        sync_request = problem.sync_request
        may_mend = self.request.tenant.may_write and not (
            mended and (mended.state == Correction.State.CURED or mended.is_being_loaded)
        )
        return {
            "sync": sync_request,
            "problem": problem,
            "line": line,
            "correction": mended,
            "cells": cells,
            "other_problems": other_problems,
            "still_missing": corrections.still_missing(mended)
            if mended and mended.state == mended.State.CORRECTED
            else [],
            "may_mend": may_mend,
            "ready": Correction.objects.ready().filter(sync_request=sync_request.origin_id).count(),
            "next": next_line(problem),
        }


class LoadAgain(ButtonView):
    """Loads the mended lines of a sync."""

    def get_subject(self, pk):
        return get_object_or_404(SyncRequest.objects.of(self.account).select_related("app_enrollment__app"), pk=pk)

    def press(self, sync_request):
        return self.page_of(corrections.load_again(sync_request, self.request.user))

    def page_of(self, sync_request):
        return reverse("inbox:sync", args=[sync_request.pk])


def cells_of(line, mended) -> tuple[list[dict], list[str]]:
    """Every cell of a line with what is wrong with it, and the sentences that are about no single cell.

    What the line lacks and a problem is about comes last, to be filled in.
    """
    known = line.kind.by_wire_name
    values = mended.values if mended else line.values
    found = [tuple(one.values()) for one in _in_order(mended.problems)] if mended else line.problems
    cells = {_wire(known, name): {"column": name, "text": text, "errors": []} for name, text in values.items()}
    others = []
    for column, _, _ in [*found, *line.problems]:
        wire = _wire(known, column)
        if column and wire not in cells and column.lower() in known:
            cells[wire] = {"column": wire, "text": "", "errors": []}
    for column, _, message in found:
        of = cells.get(_wire(known, column))
        (of["errors"] if of else others).append(message)
    for cell in cells.values():
        cell["is_long"] = len(cell["text"]) > LONG_VALUE or "\n" in cell["text"] or "\r" in cell["text"]
    first_fault = next((cell for cell in cells.values() if cell["errors"]), None)
    if first_fault:
        first_fault["is_first_fault"] = True
    return list(cells.values()), list(dict.fromkeys(others))


def given_cells(posted, line, mended) -> dict[str, str]:
    """What a person has changed; a browser writes line ends its own way, which is no change."""
    before = mended.values if mended else line.values
    given = {}
    for name in posted:
        if not name.startswith(CELL):
            continue
        column, text = name[len(CELL) :], _plain(posted[name])
        if text != _plain(before.get(column, "")):
            given[column] = text
    return given


def next_line(problem: SyncResultDetail) -> SyncResultDetail | None:
    """A problem of the next rejected line."""
    later = SyncResultDetail.objects.filter(
        sync_request=problem.sync_request_id, kind=SyncResultDetail.Kind.ERROR, line__isnull=False, pk__gt=problem.pk
    )
    return later.exclude(entity=problem.entity, file=problem.file, line=problem.line).order_by("id").first()


def _in_order(problems):
    return [{name: problem[name] for name in ("column", "code", "message")} for problem in problems]


def _wire(known, name: str) -> str:
    column = known.get(name.strip().lower())
    return column.wire if column else name


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


urlpatterns = [
    path("syncs/<uuid:pk>/problems/download/", Download.as_view(), name="problems-download"),
    path("syncs/<uuid:pk>/lines/<int:detail>/", LinePage.as_view(), name="line"),
    path("syncs/<uuid:pk>/load-again/", LoadAgain.as_view(), name="load-again"),
]
