"""Import profiles of an enrollment, in versions: how the files of its company are written and what they mean."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from adsplatform.accounts.models import TenantQuerySet
from adsplatform.identifiers import uuid7
from enrollments.models import AppEnrollment
from syncs.import_profiles.documents import parse
from syncs.import_profiles.profile import ImportProfile


class ImportProfileVersionQuerySet(TenantQuerySet["ImportProfileVersion"]):
    def current(self) -> Self:
        """The versions by which new files are read."""
        return self.filter(replaced=None)

    def of_enrollment(self, enrollment: AppEnrollment) -> Self:
        return self.filter(app_enrollment=enrollment)


class ImportProfileVersion(models.Model):
    """One version of an import profile. It is never changed: a new version replaces it, and syncs keep what they used.

    Profiles of an enrollment are told apart by the columns of their files (`fingerprint`) and, where two have the same,
    by the pattern of their file names.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    group_key = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, db_column="group_key", related_name="+")
    app_enrollment = models.ForeignKey(
        "enrollments.AppEnrollment", on_delete=models.CASCADE, related_name="import_profiles"
    )
    name = models.CharField(max_length=100)
    fingerprint = models.CharField(max_length=16)
    file_pattern = models.CharField(max_length=255, blank=True)
    # Counted from 1 for each profile of the enrollment.
    version = models.PositiveIntegerField(default=1)
    document = models.JSONField()
    created = models.DateTimeField(default=timezone.now, editable=False)
    created_user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    # When another version took its place, or the profile was removed.
    replaced = models.DateTimeField(null=True, blank=True)

    objects = ImportProfileVersionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "app_enrollment",
                "fingerprint",
                "file_pattern",
                condition=Q(replaced__isnull=True),
                name="one_current_profile_per_file",
            ),
            models.CheckConstraint(condition=Q(version__gte=1), name="profile_version_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.name}, version {self.version}"

    @property
    def profile(self) -> ImportProfile:
        """The profile that the document describes."""
        return parse(self.document)
