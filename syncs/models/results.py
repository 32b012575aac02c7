"""Results of a sync: counts per entity, problems line by line, differences of a preview, keys seen in parts."""

from typing import Self

from django.db import models
from django.db.models import F, Q

from adsplatform.accounts.models import TenantQuerySet
from syncs.problem_codes import title_of

# How many characters of a rejected line are stored.
RAW_LENGTH = 20_000


class SyncEntityResult(models.Model):
    """The counts of one kind of record in one sync; a constraint ensures that every line is counted."""

    # The index of `one_result_per_entity` begins with it.
    sync_request = models.ForeignKey(
        "syncs.SyncRequest", on_delete=models.CASCADE, related_name="results", db_index=False
    )
    group_key = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, db_column="group_key", related_name="+")
    # An entity's name, or the name of a file that belongs to none.
    entity = models.CharField(max_length=255)
    lines_read = models.BigIntegerField(default=0)
    inserted = models.BigIntegerField(default=0)
    updated = models.BigIntegerField(default=0)
    unchanged = models.BigIntegerField(default=0)
    deleted_by_match = models.BigIntegerField(default=0, help_text="Deleted because the line asked for it.")
    skipped = models.BigIntegerField(default=0)
    rejected = models.BigIntegerField(default=0)
    deleted_as_missing = models.BigIntegerField(
        default=0, help_text="Deleted because the source no longer has them; no line of the input."
    )
    warnings = models.BigIntegerField(default=0)
    # The bytes of the raw lines of its problems, until they are removed (`SyncRequest.details_removed`).
    raw_bytes = models.BigIntegerField(default=0, db_default=0)

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint("sync_request", "entity", name="one_result_per_entity"),
            models.CheckConstraint(
                condition=Q(
                    lines_read=F("inserted")
                    + F("updated")
                    + F("unchanged")
                    + F("deleted_by_match")
                    + F("skipped")
                    + F("rejected")
                ),
                name="every_line_accounted_for",
            ),
        ]
        indexes = [
            # What an account stores.
            models.Index(
                fields=["group_key"],
                name="result_with_raw_lines",
                condition=Q(raw_bytes__gt=0),
                include=["sync_request", "raw_bytes"],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.entity}: {self.lines_read} lines"

    @property
    def delete_count(self) -> int:
        return self.deleted_by_match + self.deleted_as_missing

    @property
    def skip_count(self) -> int:
        return self.unchanged + self.skipped


class SyncResultDetailQuerySet(TenantQuerySet["SyncResultDetail"]):
    """Details; those of lines with a common cause are many."""

    def summarised(self) -> Self:
        """Without the lines of common causes, which the cause stands for."""
        return self.filter(cause=None)


class SyncResultDetail(models.Model):
    """Why one line was rejected, skipped or has a warning, and where to find it."""

    class Kind(models.TextChoices):
        ERROR = "error"
        SKIP = "skip"
        WARNING = "warning"

    # The indexes below begin with these two. The code that writes details takes the account from the sync; a foreign
    # key constraint would check it again for each of a million lines.
    sync_request = models.ForeignKey(
        "syncs.SyncRequest", on_delete=models.CASCADE, related_name="details", db_index=False
    )
    group_key = models.ForeignKey(
        "accounts.Account",
        on_delete=models.CASCADE,
        db_column="group_key",
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    entity = models.CharField(max_length=255)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    erp_key = models.CharField(max_length=255, blank=True)
    file = models.CharField(max_length=255, blank=True)
    # Counted from 1, header included; null where the problem concerns the whole file.
    line = models.BigIntegerField(null=True)
    column = models.CharField(max_length=255, blank=True)
    value = models.TextField(blank=True)
    code = models.CharField(max_length=50)
    message = models.TextField()
    raw_line = models.TextField(blank=True)
    # The detail that describes what this line's problem has in common with those of many others. Both are removed with
    # their sync, and a constraint would check each of a million lines.
    cause = models.ForeignKey(
        "self",
        null=True,
        on_delete=models.DO_NOTHING,
        related_name="described_lines",
        db_index=False,
        db_constraint=False,
    )
    # How many lines a common cause concerns; null for every other problem.
    line_count = models.BigIntegerField(null=True)

    objects = SyncResultDetailQuerySet.as_manager()

    class Meta:
        indexes = [
            # Paging through one sync's details in the order they were found.
            models.Index(fields=["sync_request", "id"], name="detail_of_sync"),
            # The admin's list of one account's details.
            models.Index(fields=["group_key", "id"], name="detail_of_account"),
            # The admin's and the Inbox's filters by kind and code within one sync.
            models.Index(fields=["sync_request", "kind", "code"], name="detail_by_code"),
            # Paging through one sync's details without the lines of common causes.
            models.Index(fields=["sync_request", "id"], condition=Q(cause=None), name="detail_summarised"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=("error", "skip", "warning")), name="detail_kind_known")
        ]

    def __str__(self) -> str:
        where = ", ".join(part for part in (self.file, f"line {self.line}" if self.line else "") if part)
        return f"{where}: {self.message}" if where else self.message

    @property
    def title(self) -> str:
        """The title of its code in `syncs.problem_codes`."""
        return title_of(self.code)


class SyncDifference(models.Model):
    """The changes that a preview found for one record."""

    class Action(models.TextChoices):
        INSERT = "insert", "Would be added"
        UPDATE = "update", "Would change"
        DELETE = "delete", "Would be deleted"

    sync_request = models.ForeignKey("syncs.SyncRequest", on_delete=models.CASCADE, related_name="differences")
    group_key = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, db_column="group_key", related_name="+")
    entity = models.CharField(max_length=50)
    action = models.CharField(max_length=10, choices=Action.choices)
    erp_key = models.CharField(max_length=255, blank=True)
    # The line that causes it; none if the record is missing from a full data set.
    file = models.CharField(max_length=255, blank=True)
    line = models.BigIntegerField(null=True)
    # [{"name": "totalAmount", "before": "10", "after": "12.5"}, …]; null means no value.
    fields = models.JSONField(default=list)

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(action__in=("insert", "update", "delete")), name="difference_action_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.entity} {self.erp_key}: {self.get_action_display()}"


class SeenKey(models.Model):
    """A record that an earlier part of a multi-part full sync contained; needed until the last part has run."""

    row_security_parent = "parent_sync_request"
    parent_sync_request = models.ForeignKey(
        "syncs.SyncRequest", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    entity = models.CharField(max_length=50)
    record_id = models.UUIDField()

    class Meta:
        indexes = [models.Index(fields=["parent_sync_request", "entity", "record_id"], name="seen_key_of_parent")]

    def __str__(self) -> str:
        return f"{self.entity} {self.record_id}"
