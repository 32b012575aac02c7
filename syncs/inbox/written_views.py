"""The page *How is this file written?*: what an upload's files seem to be, what is asked, and the confirmation."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import path, reverse

from adsplatform.accounts.inbox_mixins import TenantMixin
from adsplatform.errors import NotFound, PlatformError
from adsplatform.rest.long_work import LongWork
from syncs.import_profiles.inspected import Answers
from syncs.inbox.file_forms import FileForm
from syncs.models import UnansweredUpload
from syncs.services import unanswered
from syncs.services.inspection import AnswerRefused
from syncs.services.profile_previews import read_samples

# An answer may lead to further questions; how often they are looked for.
ROUNDS = 4


class WaitingUploadMixin(TenantMixin):
    """A page of one upload that waits for answers."""

    def waiting(self, pk: UUID) -> UnansweredUpload:
        try:
            return unanswered.unanswered_upload(self.account, pk)
        except NotFound as missing:
            raise Http404 from missing


class HowWritten(WaitingUploadMixin):
    """What the files of an upload seem to be, and what is asked about them (GET); the answers to that (POST)."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        waiting = self.waiting(pk)
        with LongWork(self.account.pk):
            forms, refused = forms_of(waiting, None)
        return self._page(waiting, forms, refused)

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        waiting = self.waiting(pk)
        with LongWork(self.account.pk):
            forms, refused = forms_of(waiting, request.POST)
        if request.POST.get("do") == "confirm" and all(form.is_ready and form.is_seen for form in forms):
            try:
                return redirect(self._confirm(waiting, forms))
            except PlatformError as error:
                messages.error(request, str(error))
        return self._page(waiting, forms, refused)

    def _confirm(self, waiting: UnansweredUpload, forms: list[FileForm]) -> str:
        documents = [(form.file.file, form.confirmed_document) for form in forms if form.is_asked]
        sync_request = unanswered.confirm(waiting, self.request.user, documents)
        return reverse("inbox:sync", args=[sync_request.pk])

    def _page(self, waiting: UnansweredUpload, forms: list[FileForm], refused: list[str]) -> HttpResponse:
        context = {
            "upload": waiting.upload,
            "enrollment": waiting.app_enrollment,
            "dry_run": waiting.dry_run,
            "is_excerpt": waiting.is_excerpt,
            "is_stored": not waiting._state.adding,
            "forms": forms,
            "refused": refused,
            "unanswered_count": sum(len(form.unanswered) for form in forms),
            "is_ready": all(form.is_ready for form in forms),
            "loads_nothing": bool(forms) and all(form.loads_nothing for form in forms),
            "has_problems": any(form.problems for form in forms),
        }
        return render(self.request, "inbox/how_written.html", context)


class CancelUpload(WaitingUploadMixin):
    """Removes an upload that waits for answers."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        return redirect("inbox:how-written", self.waiting(pk).pk)

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        waiting = self.waiting(pk)
        name = waiting.upload.file_name
        try:
            unanswered.cancel(waiting)
        except PlatformError as refused:
            messages.error(request, str(refused))
            return redirect("inbox:how-written", pk)
        messages.success(request, f"The file “{name}” is removed. Nothing of it was loaded.")
        return redirect("inbox:enrollment", waiting.app_enrollment.pk)


def forms_of(waiting: UnansweredUpload, posted: QueryDict | None) -> tuple[list[FileForm], list[str]]:
    """The forms of the upload's files with what was posted, and the answers that were refused, as sentences.

    Answers that lead to further questions are followed.
    """
    forms: list[FileForm] = []
    refused: dict[str, str] = {}
    answers: dict[str, Answers] = {}
    for _ in range(ROUNDS):
        try:
            inspection = unanswered.inspect_upload(waiting.upload, waiting.app_enrollment, answers)
        except AnswerRefused as error:
            refused[error.question] = str(error)
            answers = {file: _without(given, error.question) for file, given in answers.items()}
            continue
        forms = [FileForm(at, file, posted, frozenset(refused)) for at, file in enumerate(inspection.files)]
        found: dict[str, Answers] = {}
        for form in forms:
            # The sheets of a workbook share its name.
            found[form.file.file] = {**found.get(form.file.file, {}), **form.answers}
        if posted is None or found == answers:
            break
        answers = found
    _read_samples(waiting, forms)
    return forms, list(refused.values())


def _read_samples(waiting: UnansweredUpload, forms: list[FileForm]) -> None:
    """Read the beginning of each file by its profile, as far as that can be used already."""
    profiles = {str(at): form.profile for at, form in enumerate(forms) if form.profile is not None}
    if not profiles:
        return
    for identifier, sample in read_samples(waiting.upload, waiting.app_enrollment, profiles).items():
        forms[int(identifier)].sample = sample


def _without(answers: Answers, question: str) -> Answers:
    return {id: answer for id, answer in answers.items() if question and id != question}


urlpatterns = [
    path("uploads/<uuid:pk>/how-written/", HowWritten.as_view(), name="how-written"),
    path("uploads/<uuid:pk>/cancel/", CancelUpload.as_view(), name="cancel-upload"),
]
