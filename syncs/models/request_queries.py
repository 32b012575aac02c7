"""Queries for syncs by their status and place in the queue."""

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce, Now

from adsplatform.accounts.models import TenantQuerySet
from enrollments.models import AppEnrollment

if TYPE_CHECKING:
    from syncs.models.requests import SyncRequest  # noqa: F401 - named as text below


class SyncRequestQuerySet(TenantQuerySet["SyncRequest"]):
    def unfinished(self) -> Self:
        return self.filter(status_code__in=list(self.model.MOVES))

    def waiting(self) -> Self:
        return self.filter(status_code=self.model.Status.CONNECTOR)

    def running(self) -> Self:
        return self.filter(status_code=self.model.Status.IN_PROGRESS)

    def succeeded(self) -> Self:
        return self.filter(status_code=self.model.Status.SUCCESS)

    def expired(self) -> Self:
        """Syncs in progress whose lease has expired: their worker is lost."""
        return self.running().filter(lease_expires__lt=Now())

    def real(self) -> Self:
        """Syncs that are not previews."""
        return self.filter(dry_run=False)

    def loads(self) -> Self:
        """Syncs that load the source's data: neither previews nor replays of corrected lines."""
        return self.real().filter(replay_of__isnull=True)

    def newest_first(self) -> Self:
        return self.order_by("-created", "-sync_request_id")

    def last_of(self, enrollment: AppEnrollment | OuterRef) -> Self:
        """The last requested one of the enrollment, among these syncs."""
        return self.filter(app_enrollment=enrollment).newest_first()[:1]

    def may_run(self) -> Self:
        """Syncs that wait and are due, with no other sync of the enrollment running, and all earlier parts finished.

        A preview changes nothing, so it neither waits for other syncs nor makes them wait.
        """
        running = self.model.objects.real().running().filter(app_enrollment=OuterRef("app_enrollment"))
        earlier_parts = self.model.objects.filter(
            Q(pk=OuterRef("parent_sync_request")) | Q(parent_sync_request=OuterRef("parent_sync_request")),
            current_batch__lt=OuterRef("current_batch"),
            finished__isnull=False,
            # A part that runs again after its deletes were allowed counts once.
            repeat_of__isnull=True,
        )
        count = earlier_parts.order_by().values(one=Value(1)).annotate(n=Count("*")).values("n")
        return self.waiting().filter(
            Q(not_before=None) | Q(not_before__lte=Now()),
            ~Exists(running) | Q(dry_run=True),
            Q(current_batch=1) | Q(current_batch=Coalesce(Subquery(count), 0) + 1),
        )

    def within_caps(self, machine: str = "") -> Self:
        """Leave out accounts and connectors that have as many syncs running as they may.

        With the name of a `machine`, leave out accounts too that have all its workers but one; the last one is for the
        others.
        """
        running = self.model.objects.running().order_by()
        chosen = self.exclude(group_key__in=_with_many(running, "group_key", settings.SYNC_RUNNING_PER_ACCOUNT))
        if machine and settings.SYNC_WORKERS > 1:
            here = running.filter(lease_owner__startswith=f"{machine},")
            chosen = chosen.exclude(group_key__in=_with_many(here, "group_key", settings.SYNC_WORKERS - 1))
        for connector, cap in settings.SYNC_RUNNING_PER_CONNECTOR.items():
            of_connector = running.filter(connector=connector)
            chosen = chosen.exclude(connector__in=_with_many(of_connector, "connector", cap))
        return chosen


def _with_many(syncs: SyncRequestQuerySet, field: str, count: int) -> SyncRequestQuerySet:
    """The values of the field that so many of the syncs have."""
    chosen: SyncRequestQuerySet = syncs.values(field).annotate(n=Count("pk")).filter(n__gte=count).values(field)
    return chosen
