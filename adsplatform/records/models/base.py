"""The base classes of all kinds of record."""

from typing import ClassVar

from django.contrib.postgres.functions import TransactionNow
from django.db import models
from django.utils import timezone

from adsplatform.accounts.models import TenantQuerySet
from adsplatform.identifiers import uuid7


class Record(models.Model):
    """A record: its platform id, its owner, and the syncs that created and last changed it."""

    # The columns that identify a record within its enrollment.
    KEY: ClassVar[tuple[str, ...]] = ("erp_key",)
    # The batch API's name for a list of them, and other names found in the vendor's material.
    BATCH_KEY: ClassVar[str] = ""
    OTHER_NAMES: ClassVar[tuple[str, ...]] = ()
    # Columns of earlier published versions: accepted but not stored, with a warning.
    LEGACY_COLUMNS: ClassVar[tuple[str, ...]] = ()
    # Earlier names of columns that are still stored.
    RENAMED_COLUMNS: ClassVar[dict[str, str]] = {}
    # The known texts of columns that decide how a record counts; other texts load, with a warning.
    KNOWN_TEXTS: ClassVar[dict[str, tuple[str, ...]]] = {}
    # Text columns that hold JSON, so the input may have an object or a list there.
    JSON_TEXTS: ClassVar[tuple[str, ...]] = ()
    # Pairs of references that must not name the same record.
    MUST_DIFFER: ClassVar[tuple[tuple[str, str], ...]] = ()
    # Whether a line may have `onMatchAction`, and whether it may name the record by its platform id.
    HAS_MATCH_ACTION: ClassVar[bool] = True
    HAS_NETWORK_ID: ClassVar[bool] = False
    # Whether every input contains all records of this kind, so that in any sync a missing one was deleted at the
    # source.
    ALWAYS_COMPLETE: ClassVar[bool] = False
    # The path of its read endpoints below /api/v1/; by default the batch API's name, `invoice-lines`.
    READ_PATH: ClassVar[str] = ""
    # The name of its schema in the document of the API; by default the model's with `Model` after it.
    READ_MODEL: ClassVar[str] = ""
    # Members of the read API that are not called as their fields in camelCase, and fields that have no member.
    READ_NAMES: ClassVar[dict[str, str]] = {}
    READ_HIDDEN: ClassVar[tuple[str, ...]] = ()
    # The order of the read API in which records were created; ids begin with that time.
    READ_ORDER: ClassVar[tuple[str, ...]] = ("id",)
    # The usual and the greatest number of records on a page of the read API.
    READ_PAGE_SIZES: ClassVar[tuple[int, int]] = (250, 500)
    # The columns of a list of such records, besides the record's name; by default the first fields.
    LISTED: ClassVar[tuple[str, ...]] = ()
    # Texts by which people look for a record, besides its key. The first one is its name, if it has a value.
    SEARCHED: ClassVar[tuple[str, ...]] = ()

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # Neither has a foreign key in the database, for the reason that `Reference` gives.
    group_key = models.UUIDField()
    app_enrollment = models.ForeignKey(
        "enrollments.AppEnrollment",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    # The database's default is the beginning of the transaction; many records are copied without these two.
    created = models.DateTimeField(default=timezone.now, db_default=TransactionNow())
    modified = models.DateTimeField(default=timezone.now, db_default=TransactionNow())
    created_sync_id = models.UUIDField(null=True)
    modified_sync_id = models.UUIDField(null=True)
    # Where a person finds the row that last wrote it: in which file of that sync's input, and in which line.
    modified_file = models.CharField(max_length=255, null=True)
    modified_line = models.BigIntegerField(null=True)
    # The row hash of the line that last wrote the record (`syncs.loading.staging.unchanged_rows`). Null after any other
    # write, so that the next sync compares the record's columns.
    row_hash = models.UUIDField(null=True, editable=False)

    objects = TenantQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{type(self).__name__} {getattr(self, 'erp_key', self.pk)}"


class SourceStamps(models.Model):
    """When the record was created and modified in the source system: the input's `created` and `modified`."""

    source_created_date = models.DateTimeField(null=True)
    source_modified_date = models.DateTimeField(null=True)

    class Meta:
        abstract = True


def of_account(model_name: str) -> models.Index:
    """The index for an account's records, in the order in which they were created."""
    return models.Index(fields=["group_key", "id"], name=f"{model_name}_of_account")


def unique_key(model_name: str, *fields: str) -> models.UniqueConstraint:
    """The constraint that an enrollment has one record of each key."""
    return models.UniqueConstraint("app_enrollment", *fields, name=f"one_{model_name}_per_key")
