"""What every record has, whatever its kind."""

from django.db import models
from django.utils import timezone

from adsplatform.accounts.models import TenantQuerySet
from adsplatform.identifiers import uuid7


class Record(models.Model):
    """What every record has: its platform id, whose it is, and which syncs made and last changed it."""

    # The columns that tell one record of an enrollment from another.
    KEY = ("erp_key",)
    # What the batch API calls a list of them, and other names found in the vendor's material.
    BATCH_KEY = ""
    OTHER_NAMES = ()
    # Columns of earlier published versions: accepted, not stored, and said so in a warning.
    LEGACY_COLUMNS = ()
    # Earlier names of columns that are still stored.
    RENAMED_COLUMNS = {}
    # Texts that are known of columns which decide how a record counts; others load, with a warning.
    KNOWN_TEXTS = {}
    # Columns of text that hold JSON, so that an object or a list may stand there.
    JSON_TEXTS = ()
    # Pairs of references that must not name the same record.
    MUST_DIFFER = ()
    # Whether a line may say `onMatchAction`, and whether it may name the record by its platform id.
    HAS_MATCH_ACTION = True
    HAS_NETWORK_ID = False
    # Every input holds all of them, so one that is missing was deleted at the source, full sync or not.
    ALWAYS_COMPLETE = False

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # Neither is checked by the database, for the reason `Reference` gives.
    group_key = models.UUIDField()
    app_enrollment = models.ForeignKey(
        "enrollments.AppEnrollment",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    created = models.DateTimeField(default=timezone.now)
    modified = models.DateTimeField(default=timezone.now)
    created_sync_id = models.UUIDField(null=True)
    modified_sync_id = models.UUIDField(null=True)
    # A digest of the line the record was last written from (`syncs.known`). Whoever else writes a record empties it.
    row_hash = models.UUIDField(null=True, editable=False)

    objects = TenantQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self):
        return f"{type(self).__name__} {getattr(self, 'erp_key', self.pk)}"


class SourceStamps(models.Model):
    """When the record was made and changed in the source system: the input's `created` and `modified`."""

    source_created_date = models.DateTimeField(null=True)
    source_modified_date = models.DateTimeField(null=True)

    class Meta:
        abstract = True


def unique_key(model_name: str, *fields: str) -> models.UniqueConstraint:
    return models.UniqueConstraint("app_enrollment", *fields, name=f"one_{model_name}_per_key")
