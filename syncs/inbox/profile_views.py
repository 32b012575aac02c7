"""The pages of an enrollment's import profiles: look at one, change it, remove it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.functional import cached_property

from adsplatform.accounts.inbox_mixins import ADMINS, TenantMixin
from adsplatform.accounts.models import with_people
from adsplatform.errors import PlatformError
from adsplatform.rest.long_work import LongWork
from syncs.import_profiles.documents import parse
from syncs.import_profiles.inspected import InspectedColumn, InspectedFile, Reading
from syncs.import_profiles.profile import ProfileError
from syncs.inbox.column_cards import ColumnCard, ColumnChoices, ConstantRow
from syncs.inbox.question_fields import ChoiceField
from syncs.inbox.style_choices import StyleChoices
from syncs.models import ImportProfileVersion, SyncRequest
from syncs.services.import_profiles import remove_profile, save_profile
from syncs.services.inspection import InspectionTooLong
from syncs.services.unanswered import inspect_upload

PREFIX = "p-"


class ProfileForm:
    """A stored profile with what was posted for it, and the last file that was read by it, if there still is one."""

    def __init__(self, version: ImportProfileVersion, file: InspectedFile | None, posted: QueryDict | None) -> None:
        self.version, self.file, self.posted = version, file, posted
        self.name = posted.get("name", "").strip() if posted is not None else version.name
        self.styles = StyleChoices(version.document, posted)
        self._choices = ColumnChoices(PREFIX, self._columns(), version.document, posted)

    @cached_property
    def document(self) -> dict[str, Any]:
        """The profile with what was chosen."""
        return {**self._choices.applied(self.styles.applied(self.version.document)), "name": self.name}

    @cached_property
    def problems(self) -> list[str]:
        """Why the profile cannot be saved as it stands."""
        document = self.document
        try:
            parse(document)
        except ProfileError as refused:
            return [*self._choices.problems, str(refused)]
        return list(self._choices.problems)

    @property
    def style_fields(self) -> list[ChoiceField]:
        styles = self.styles
        encoding = [styles.encoding] if "encoding" in self.version.document["read"] else []
        return [styles.decimal, styles.dates, *encoding]

    @property
    def cards(self) -> list[ColumnCard]:
        return self._choices.cards(self.document)

    @property
    def constants(self) -> list[ConstantRow]:
        return self._choices.constants(self.document)

    def _columns(self) -> list[InspectedColumn]:
        """The columns of the profile, with values of the last file."""
        found = {column.name: column for column in self.file.columns} if self.file else {}
        return [found.get(name) or InspectedColumn(name) for name in self.version.document["match"]["columns"]]


class ProfileMixin(TenantMixin):
    """A page of one version of a profile of one of the account's enrollments."""

    def version(self, pk: UUID, profile: UUID) -> ImportProfileVersion:
        of_account = ImportProfileVersion.objects.of(self.account).select_related("app_enrollment__app")
        versions = with_people(of_account, "created_user")
        return get_object_or_404(versions, app_enrollment=pk, app_enrollment__is_deleted=False, pk=profile)


class Profile(ProfileMixin):
    """One profile (GET), and its changes, which make a new version (POST)."""

    roles = ADMINS

    def get(self, request: HttpRequest, pk: UUID, profile: UUID) -> HttpResponse:
        version = self.version(pk, profile)
        with LongWork(self.account.pk):
            file = last_file_of(version)
        return self._page(ProfileForm(version, file, None))

    def post(self, request: HttpRequest, pk: UUID, profile: UUID) -> HttpResponse:
        version = self.version(pk, profile)
        with LongWork(self.account.pk):
            file = last_file_of(version)
        form = ProfileForm(version, file, request.POST)
        if not form.problems:
            try:
                saved = save_profile(
                    version.app_enrollment,
                    self.request.user,
                    form.document,
                    replaces=version,
                    expected_version=version.version,
                )
            except PlatformError as refused:
                messages.error(request, str(refused))
            else:
                messages.success(request, f"The profile “{saved.name}” is saved as version {saved.version}.")
                return redirect("inbox:profile", pk, saved.pk)
        return self._page(form)

    def _page(self, form: ProfileForm) -> HttpResponse:
        version = form.version
        versions = ImportProfileVersion.objects.of_enrollment(version.app_enrollment).filter(
            fingerprint=version.fingerprint, file_pattern=version.file_pattern
        )
        context = {
            "form": form,
            "version": version,
            "enrollment": version.app_enrollment,
            "may_change": self.request.tenant.may_administer and version.replaced is None,
            "versions": with_people(versions, "created_user").order_by("-version"),
        }
        return render(self.request, "inbox/profile.html", context)


class RemoveProfile(ProfileMixin):
    """Removes a profile, so that its files are asked about again."""

    roles = ADMINS

    def get(self, request: HttpRequest, pk: UUID, profile: UUID) -> HttpResponse:
        return redirect("inbox:profile", pk, self.version(pk, profile).pk)

    def post(self, request: HttpRequest, pk: UUID, profile: UUID) -> HttpResponse:
        version = self.version(pk, profile)
        remove_profile(version)
        messages.success(request, f"The profile “{version.name}” is removed. Its files will be asked about again.")
        return redirect(f"{reverse('inbox:enrollment', args=[pk])}#profiles")


def last_file_of(version: ImportProfileVersion) -> InspectedFile | None:
    """The file of the enrollment's last upload that the profile is about, if the upload is still there."""
    last = (
        SyncRequest.objects.real()
        .filter(app_enrollment=version.app_enrollment_id, upload__removed__isnull=True, upload__isnull=False)
        .select_related("upload")
        .order_by("-created")
        .first()
    )
    if last is None or last.upload is None:
        return None
    try:
        files = inspect_upload(last.upload, version.app_enrollment).files
    except InspectionTooLong:
        return None
    return next((one for one in files if one.reading is Reading.PROFILE and one.profile == version.name), None)


urlpatterns = [
    path("enrollments/<uuid:pk>/profiles/<uuid:profile>/", Profile.as_view(), name="profile"),
    path("enrollments/<uuid:pk>/profiles/<uuid:profile>/remove/", RemoveProfile.as_view(), name="remove-profile"),
]
