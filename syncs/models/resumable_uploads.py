"""Resumable uploads: files that arrive in parts, until they are complete and become an upload."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.files.storage import default_storage
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from adsplatform.accounts.models import TenantQuerySet
from adsplatform.identifiers import uuid7


class ResumableUpload(models.Model):
    """A file of which parts have arrived; they are in the upload storage until it is finished or abandoned."""

    resumable_upload_id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    group_key = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, db_column="group_key", related_name="+")
    created_user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created = models.DateTimeField(default=timezone.now, editable=False)
    # When the last part arrived; what is not modified for long is abandoned.
    modified = models.DateTimeField(default=timezone.now)
    file_name = models.CharField(max_length=255)
    size = models.BigIntegerField()
    # The checksum of the whole file that its sender announced, in hexadecimal digits, if any.
    sha256 = models.CharField(max_length=64, blank=True)
    received = models.BigIntegerField(default=0)
    # The names of the parts in the storage, in their order.
    parts = ArrayField(models.CharField(max_length=255), default=list)
    # The request that was made of it; asking again returns the same.
    sync_request = models.ForeignKey("SyncRequest", on_delete=models.SET_NULL, null=True, related_name="+")

    objects = TenantQuerySet.as_manager()

    class Meta:
        # For retention, oldest first.
        indexes = [models.Index(fields=["modified"], name="resumable_upload_by_age")]
        constraints = [
            models.CheckConstraint(
                condition=Q(received__gte=0) & Q(size__gte=F("received")), name="resumable_upload_in_range"
            ),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_complete(self) -> bool:
        return self.received == self.size

    def remove_parts(self) -> None:
        """Delete what has arrived from the storage; the row keeps its figures."""
        for name in self.parts:
            default_storage.delete(name)
        self.parts = []
        self.save(update_fields=["parts"])
