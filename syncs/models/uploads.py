"""Uploads: files and batches as they were received."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from adsplatform.accounts.models import TenantQuerySet
from adsplatform.identifiers import uuid7


class Upload(models.Model):
    """A file or a JSON batch as it was received; its content is in the upload storage until retention removes it."""

    class Format(models.TextChoices):
        ZIP = "zip"
        CSV = "csv"
        JSONL = "jsonl"
        BATCH = "batch"
        # Corrected lines, in a file that the platform writes itself.
        CORRECTED = "mended"

    upload_id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    group_key = models.ForeignKey(
        "accounts.Account",
        on_delete=models.CASCADE,
        db_column="group_key",
        related_name="+",
        # The index `upload_by_content` begins with it.
        db_index=False,
    )
    created = models.DateTimeField(default=timezone.now, editable=False)
    created_user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    # The sender's name for it, to show to people; the platform chooses the name of `content` in the storage.
    file_name = models.CharField(max_length=255)
    format = models.CharField(max_length=10, choices=Format.choices)
    content = models.FileField(max_length=255)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    # When retention removed its content from the storage.
    removed = models.DateTimeField(null=True, editable=False)

    objects = TenantQuerySet.as_manager()

    class Meta:
        indexes = [
            # Whether the same file has been loaded before.
            models.Index(fields=["group_key", "sha256"], name="upload_by_content"),
            # Retention, and the admin's page of table sizes.
            models.Index(fields=["created"], name="upload_kept", condition=Q(removed__isnull=True), include=["size"]),
            # What an account stores.
            models.Index(
                fields=["group_key"], name="upload_stored", condition=Q(removed__isnull=True), include=["size"]
            ),
        ]

    def __str__(self) -> str:
        return self.file_name


class UnansweredUpload(models.Model):
    """An upload that is loaded once somebody has said how its files are written, with what was asked for it."""

    upload = models.OneToOneField(Upload, on_delete=models.CASCADE, primary_key=True, related_name="unanswered")
    # The index of the account and its uploads serves the pages that list them.
    group_key = models.ForeignKey(
        "accounts.Account", on_delete=models.CASCADE, db_column="group_key", related_name="+", db_index=False
    )
    app_enrollment = models.ForeignKey("enrollments.AppEnrollment", on_delete=models.CASCADE, related_name="+")
    run_full_sync = models.BooleanField(default=False)
    delete_on_match = models.BooleanField(default=False, db_default=False)
    dry_run = models.BooleanField(default=False)
    # It is an excerpt of what the enrollment's connector reads: once it is explained, the connector reads all of it.
    is_excerpt = models.BooleanField(default=False, db_default=False)
    created = models.DateTimeField(default=timezone.now, editable=False)

    objects = TenantQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["group_key", "created"], name="unanswered_of_account"),
            models.Index(fields=["created"], name="unanswered_kept"),
        ]

    def __str__(self) -> str:
        return str(self.upload)
