"""Scheduled syncs: one entry for each run that a schedule named and the scheduler started."""

from django.db import models
from django.db.models import Q

from adsplatform.accounts.models import TenantQuerySet


class ScheduledRun(models.Model):
    """A time that a schedule named, the sync that was requested then, and the runs missed before it."""

    group_key = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, db_column="group_key", related_name="+")
    # The index of `one_run_per_slot` begins with it.
    app_enrollment = models.ForeignKey(
        "enrollments.AppEnrollment", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    slot = models.DateTimeField()
    # The sync of an earlier run, if that was still waiting: one sync then serves both.
    sync_request = models.ForeignKey("syncs.SyncRequest", on_delete=models.CASCADE, related_name="scheduled_runs")
    missed_runs = models.PositiveIntegerField(default=0)
    missed_from = models.DateTimeField(null=True)
    missed_until = models.DateTimeField(null=True)

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint("app_enrollment", "slot", name="one_run_per_slot"),
            models.CheckConstraint(
                condition=Q(missed_runs=0, missed_from__isnull=True, missed_until__isnull=True)
                | Q(missed_runs__gte=1, missed_from__isnull=False, missed_until__isnull=False),
                name="missed_runs_have_their_times",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.app_enrollment} at {self.slot:%Y-%m-%d %H:%M} UTC"
