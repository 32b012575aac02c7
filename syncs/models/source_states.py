"""How far sources have been read, and how much of their budgets is used."""

from django.db import models
from django.utils import timezone

from adsplatform.accounts.models import TenantQuerySet


class SourceState(models.Model):
    """What a connector wants to know at its next sync, as its last bookmark said (`protocol.Bookmark`).

    It is written in the transaction that commits the records which it is about. Without it everything is read again.
    """

    group_key = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, db_column="group_key", related_name="+")
    # The index of `one_state_per_kind` begins with it.
    app_enrollment = models.ForeignKey(
        "enrollments.AppEnrollment", on_delete=models.CASCADE, related_name="source_states", db_index=False
    )
    # A kind of record, or empty for the whole source.
    kind = models.CharField(max_length=100, blank=True)
    state = models.JSONField()
    # The sync that wrote it, while that is kept.
    sync_request = models.ForeignKey("syncs.SyncRequest", on_delete=models.SET_NULL, null=True, related_name="+")
    modified = models.DateTimeField(default=timezone.now)

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint("app_enrollment", "kind", name="one_state_per_kind")]

    def __str__(self) -> str:
        return f"{self.app_enrollment}: state of {self.kind or 'the whole source'}"


class SourceBudget(models.Model):
    """How much of a connector's budget (`protocol.Budget`) is used, by all syncs that share it.

    It belongs to no account: enrollments of several may share what one source allows.
    """

    connector = models.CharField(max_length=50)
    name = models.CharField(max_length=50)
    # The SHA-256 of what the enrollments have in common, such as a tenant.
    key_digest = models.CharField(max_length=64)
    # The day in UTC, and what was used of it.
    day = models.DateField()
    used_in_day = models.PositiveIntegerField(default=0)
    # What was used in the last minute: [[second since 1970, amount], …].
    recent = models.JSONField(default=list)
    modified = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint("connector", "name", "key_digest", name="one_use_per_budget"),
        ]

    def __str__(self) -> str:
        return f"{self.connector}: {self.name}, {self.used_in_day} on {self.day}"
