"""Rejected rows after their sync: how to read the lines of each file, and how people have corrected them."""

from collections.abc import Iterable
from typing import NamedTuple, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from adsplatform.accounts.models import TenantQuerySet
from syncs.models.requests import SyncRequest


class Place(NamedTuple):
    """Where a person finds a row: the entity, the file, and the line there, counted from 1."""

    entity: str
    file: str
    line: int


class SyncFile(models.Model):
    """The information for reading a single line of a file: its columns, and the delimiter between cells."""

    sync_request = models.ForeignKey("syncs.SyncRequest", on_delete=models.CASCADE, related_name="files")
    group_key = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, db_column="group_key", related_name="+")
    entity = models.CharField(max_length=255)
    file = models.CharField(max_length=255)
    columns = models.JSONField()
    delimiter = models.CharField(max_length=5)
    # The version of the import profile by which the file was read, if by one.
    import_profile = models.ForeignKey(
        "syncs.ImportProfileVersion", on_delete=models.RESTRICT, null=True, related_name="+"
    )

    objects = TenantQuerySet.as_manager()

    def __str__(self) -> str:
        return self.file


class CorrectionQuerySet(TenantQuerySet["Correction"]):
    def of_lines(self, sync_request: SyncRequest, lines: Iterable[Place]) -> Self:
        """Corrections of these lines of a sync, and perhaps of others with the same numbers."""
        return self.filter(sync_request=sync_request.origin_id, line__in={line for _, _, line in lines})

    def ready(self) -> Self:
        """Corrected and not being loaded; lines of a cancelled or failed replay are ready again."""
        return self.filter(Q(replay=None) | Q(replay__finished__isnull=False), state=Correction.State.CORRECTED)

    def cured(self) -> Self:
        return self.filter(state=Correction.State.CURED)


class Correction(models.Model):
    """A rejected line as somebody has corrected it, and whether it has been loaded since."""

    class State(models.TextChoices):
        OPEN = "open"  # some problems are left
        CORRECTED = "mended"  # without a problem of its own; it may be loaded again
        CURED = "cured"  # `replay` has loaded it

    # The sync that first rejected the line, never a replay. The index of `one_mended_line` begins with it.
    sync_request = models.ForeignKey(
        "syncs.SyncRequest", on_delete=models.CASCADE, related_name="corrections", db_index=False
    )
    group_key = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, db_column="group_key", related_name="+")
    entity = models.CharField(max_length=255)
    file = models.CharField(max_length=255)
    line = models.BigIntegerField()
    # Pairs of a column's name and its text, in the line's order; other columns are absent from the line.
    cells = models.JSONField()
    # The remaining problems: column, code and message of each.
    problems = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=State.choices)
    corrected_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", db_column="mended_by_id"
    )
    corrected_at = models.DateTimeField(db_column="mended_at")
    # The last replay that included the line.
    replay = models.ForeignKey("syncs.SyncRequest", on_delete=models.PROTECT, null=True, related_name="+")

    objects = CorrectionQuerySet.as_manager()

    class Meta:
        # Tables keep the names they were made with.
        db_table = "syncs_mendedline"
        constraints = [
            models.UniqueConstraint("sync_request", "line", "entity", "file", name="one_mended_line"),
            models.CheckConstraint(condition=Q(state__in=("open", "mended", "cured")), name="mended_state_known"),
            models.CheckConstraint(condition=~Q(state="cured") | Q(replay__isnull=False), name="cured_by_a_sync"),
            models.CheckConstraint(condition=Q(state="open") | Q(problems=[]), name="mended_has_no_problems"),
        ]

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.state}"

    @property
    def values(self) -> dict[str, str]:
        return dict(self.cells)

    @property
    def place(self) -> Place:
        return Place(self.entity, self.file, self.line)

    @property
    def version(self) -> str:
        """A text that is another one after each saving."""
        return self.corrected_at.isoformat()

    @property
    def is_being_loaded(self) -> bool:
        return self.state == self.State.CORRECTED and self.replay is not None and not self.replay.is_finished
