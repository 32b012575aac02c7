"""/metrics for Prometheus: figures about the syncs, without any name, id or value of an account.

All figures are computed from the database on request, so all web processes give the same ones. Each query
reads an index and is bounded: figures of ended syncs are those of the last hour.
"""

import ipaddress
import logging
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import redis
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import Count, Min, Sum
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.utils.crypto import constant_time_compare
from django_q.brokers import get_broker
from django_q.status import Stat
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.registry import Collector

from enrollments.models import SyncPlan
from syncs.models import ScheduledRun, SyncEntityResult, SyncRequest

logger = logging.getLogger(__name__)

WINDOW = timedelta(hours=1)
# The most syncs and problems of the last hour that are read, the newest first.
SYNCS_AT_MOST, DETAILS_AT_MOST = 10_000, 100_000
SECONDS_AT_MOST = 5
ROWS = (
    "lines_read",
    "inserted",
    "updated",
    "unchanged",
    "deleted_by_match",
    "deleted_as_missing",
    "skipped",
    "rejected",
)
# Behind a proxy on this machine, every caller would seem to be on this machine.
PROXIED = ("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-IP", "Forwarded", "Via")

NOT_FOR_YOU = (
    "Metrics are told to whoever sends METRICS_TOKEN as a bearer token. Without such a token in the environment they "
    "are told to this machine alone, and through no proxy."
)
_PROBLEMS = """
    SELECT code, count(*)
      FROM (SELECT code FROM syncs_syncresultdetail
             WHERE sync_request_id = ANY(%s) AND kind = 'error' LIMIT %s) AS found
     GROUP BY code ORDER BY code
"""


def metrics(request: HttpRequest) -> HttpResponse:
    """The figures, for callers who may read them."""
    if not _may_read(request):
        return JsonResponse({"detail": NOT_FOR_YOU}, status=403)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Figures())
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return HttpResponse(encode(registry), content_type=content_type)


def _may_read(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "")
        return constant_time_compare(given, f"Bearer {settings.METRICS_TOKEN}")
    if settings.REST_FRAMEWORK["NUM_PROXIES"] or any(name in request.headers for name in PROXIED):
        return False
    try:
        address = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


class _EndedSync(NamedTuple):
    id: UUID
    status_code: str
    created: datetime
    started: datetime | None
    finished: datetime | None


class Figures(Collector):
    """All figures at one moment of the database's clock."""

    def collect(self) -> list[GaugeMetricFamily]:
        """All figures; raises a DatabaseError if a query takes longer than SECONDS_AT_MOST."""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
            cursor.execute(f"SET LOCAL statement_timeout = '{SECONDS_AT_MOST}s'")
            cursor.execute("SELECT clock_timestamp()")
            (self.now,) = cursor.fetchone()
            figures = [*self._unfinished(), *self._leases(), *self._schedules(), *self._last_hour(cursor)]
        return [*figures, *self._queue()]

    def _queue(self) -> Iterator[GaugeMetricFamily]:
        try:
            messages, clusters = get_broker().queue_size(), Stat.get_all()
        except (DatabaseError, redis.RedisError):
            # Monitoring notices that these figures are missing; the others must still be there.
            logger.exception("The queue did not answer; its figures are missing from the metrics.")
            return
        yield gauge("ads_queue_messages", "Wake-ups in the queue that no worker has taken.", messages or 0)
        yield gauge("ads_clusters", "Running clusters of workers.", len(clusters))

    def _unfinished(self) -> Iterator[GaugeMetricFamily]:
        found = SyncRequest.objects.filter(finished__isnull=True, details_removed__isnull=True)
        counts = dict(found.order_by().values_list("status_code").annotate(Count("pk")))
        waiting = counts.get(SyncRequest.Status.READY, 0) + counts.get(SyncRequest.Status.CONNECTOR, 0)
        yield gauge("ads_syncs_waiting", "Syncs that wait for a worker or for their turn.", waiting)
        yield gauge("ads_syncs_running", "Syncs in progress.", counts.get(SyncRequest.Status.IN_PROGRESS, 0))
        oldest = SyncRequest.objects.may_run().order_by("created").first()
        since = max(oldest.created, oldest.not_before or oldest.created) if oldest else None
        yield gauge(
            "ads_oldest_waiting_sync_seconds",
            "Seconds that the oldest sync which could run now has been waiting.",
            self._age(since),
        )
        first_start = found.running().aggregate(Min("started"))["started__min"]
        yield gauge(
            "ads_longest_running_sync_seconds",
            "Seconds that the longest running sync has been running.",
            self._age(first_start),
        )

    def _leases(self) -> Iterator[GaugeMetricFamily]:
        running = SyncRequest.objects.running().filter(finished__isnull=True, details_removed__isnull=True)
        first = running.aggregate(Min("lease_expires"))["lease_expires__min"]
        renewed = first and first - timedelta(seconds=settings.SYNC_LEASE_SECONDS)
        yield gauge(
            "ads_oldest_lease_seconds",
            "Seconds since the last renewal of the lease that was not renewed for the longest time.",
            self._age(renewed),
        )
        yield gauge(
            "ads_leases_expired",
            "Syncs in progress whose lease has expired and that the reaper has not recovered yet.",
            running.filter(lease_expires__lt=self.now).count(),
        )

    def _schedules(self) -> Iterator[GaugeMetricFamily]:
        first = SyncPlan.objects.due(self.now).aggregate(Min("next_sync_at"))["next_sync_at__min"]
        yield gauge(
            "ads_schedule_late_seconds",
            "Seconds since the earliest scheduled sync was due that has not been started yet.",
            self._age(first),
        )
        recent = SyncRequest.objects.filter(created__gte=self.now - WINDOW).order_by("-created")[:SYNCS_AT_MOST]
        runs = ScheduledRun.objects.filter(sync_request__in=recent.values("pk"))
        yield gauge(
            "ads_schedule_runs_missed",
            "Scheduled runs that were missed, as found within the last hour.",
            runs.aggregate(Sum("missed_runs"))["missed_runs__sum"] or 0,
        )

    def _last_hour(self, cursor: CursorWrapper) -> Iterator[GaugeMetricFamily]:
        ended = SyncRequest.objects.filter(finished__gte=self.now - WINDOW, details_removed__isnull=True)
        ended = ended.order_by("-finished")[:SYNCS_AT_MOST]
        syncs = [_EndedSync(*row) for row in ended.values_list("pk", "status_code", "created", "started", "finished")]
        statuses = gauge("ads_syncs_ended", "Syncs that ended within the last hour.", labels=["status"])
        for status in (SyncRequest.Status.SUCCESS, SyncRequest.Status.FAILED, SyncRequest.Status.CANCELLED):
            statuses.add_metric([status.lower()], sum(sync.status_code == status for sync in syncs))
        yield statuses
        yield quantiles(
            "ads_sync_duration_seconds",
            "Seconds that the syncs of the last hour ran.",
            [(sync.finished - sync.started).total_seconds() for sync in syncs if sync.started and sync.finished],
        )
        yield quantiles(
            "ads_sync_wait_seconds",
            "Seconds that the syncs of the last hour waited before they started.",
            [(sync.started - sync.created).total_seconds() for sync in syncs if sync.started],
        )
        ids = [sync.id for sync in syncs]
        sums = SyncEntityResult.objects.filter(sync_request__in=ids).aggregate(**{name: Sum(name) for name in ROWS})
        lines = gauge("ads_rows", "Lines of the syncs of the last hour, by outcome.", labels=["outcome"])
        for name in ROWS:
            lines.add_metric([name], sums[name] or 0)
        yield lines
        description = f"Errors in the syncs of the last hour, by code; at most {DETAILS_AT_MOST:,} are counted."
        problems = gauge("ads_problems", description, labels=["code"])
        cursor.execute(_PROBLEMS, [ids, DETAILS_AT_MOST])
        for code, count in cursor.fetchall():
            problems.add_metric([code], count)
        yield problems

    def _age(self, since: datetime | None) -> float:
        return max((self.now - since).total_seconds(), 0) if since else 0


def gauge(
    name: str, description: str, value: float | None = None, labels: Sequence[str] | None = None
) -> GaugeMetricFamily:
    """A figure that may rise and fall."""
    return GaugeMetricFamily(name, description, value=value, labels=labels)


def quantiles(name: str, description: str, values: list[float]) -> GaugeMetricFamily:
    """The median, the 95th percentile and the maximum of the values; no figures if there are no values."""
    family = gauge(name, description, labels=["quantile"])
    values = sorted(values)
    for share in (0.5, 0.95, 1):
        if values:
            family.add_metric([str(share)], values[min(int(len(values) * share), len(values) - 1)])
    return family


urlpatterns = [path("", metrics)]
