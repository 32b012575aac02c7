"""/metrics: how the syncs fare, for Prometheus. Of tenants it tells nothing: no name, no id, no value.

Everything is worked out from the database when it is asked for, so all web processes say the same and none has to
remember anything. Each query reads an index and is bounded: what is told of ended syncs is that of the last hour.
"""

import ipaddress
import logging
from datetime import timedelta

import redis
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import Count, Min, Sum
from django.http import HttpResponse, JsonResponse
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
# Of the last hour, the newest so many syncs and so many problems are looked at.
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
# A proxy on this machine makes every caller look as if they were on it.
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


def metrics(request):
    """The figures, for those who may read them."""
    if not _may_read(request):
        return JsonResponse({"detail": NOT_FOR_YOU}, status=403)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Figures())
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return HttpResponse(encode(registry), content_type=content_type)


def _may_read(request) -> bool:
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


class Figures(Collector):
    """What Prometheus asks for, as of one moment of the database's clock."""

    def collect(self) -> list:
        """All figures; raises when the database takes longer than it may."""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
            cursor.execute(f"SET LOCAL statement_timeout = '{SECONDS_AT_MOST}s'")
            cursor.execute("SELECT clock_timestamp()")
            (self.now,) = cursor.fetchone()
            figures = [*self._unfinished(), *self._leases(), *self._schedules(), *self._last_hour(cursor)]
        return [*figures, *self._queue()]

    def _queue(self):
        try:
            messages, clusters = get_broker().queue_size(), Stat.get_all()
        except (DatabaseError, redis.RedisError):
            # That the figures are missing says it; the others matter the more.
            logger.exception("The queue did not tell its figures.")
            return
        yield gauge("ads_queue_messages", "Bells that no worker has taken.", messages or 0)
        yield gauge("ads_clusters", "Clusters of workers that are running.", len(clusters))

    def _unfinished(self):
        found = SyncRequest.objects.filter(finished__isnull=True, details_removed__isnull=True)
        counts = dict(found.order_by().values_list("status_code").annotate(Count("pk")))
        waiting = counts.get(SyncRequest.Status.READY, 0) + counts.get(SyncRequest.Status.CONNECTOR, 0)
        yield gauge("ads_syncs_waiting", "Syncs that wait for a worker or for their turn.", waiting)
        yield gauge("ads_syncs_running", "Syncs in progress.", counts.get(SyncRequest.Status.IN_PROGRESS, 0))
        oldest = SyncRequest.objects.may_run().order_by("created").first()
        since = oldest and max(oldest.created, oldest.not_before or oldest.created)
        yield gauge(
            "ads_oldest_waiting_sync_seconds",
            "For how long the oldest sync has been waiting that could run now.",
            self._age(since),
        )
        began = found.filter(status_code=SyncRequest.Status.IN_PROGRESS).aggregate(Min("started"))["started__min"]
        yield gauge("ads_longest_running_sync_seconds", "How long the longest sync has been running.", self._age(began))

    def _leases(self):
        running = SyncRequest.objects.filter(
            finished__isnull=True, details_removed__isnull=True, status_code=SyncRequest.Status.IN_PROGRESS
        )
        first = running.aggregate(Min("lease_expires"))["lease_expires__min"]
        renewed = first and first - timedelta(seconds=settings.SYNC_LEASE_SECONDS)
        yield gauge(
            "ads_oldest_lease_seconds",
            "How long ago the lease was renewed that was not for longest.",
            self._age(renewed),
        )
        yield gauge(
            "ads_leases_expired",
            "Syncs in progress whose worker is lost and that nobody has taken up again.",
            running.filter(lease_expires__lt=self.now).count(),
        )

    def _schedules(self):
        first = SyncPlan.objects.due(self.now).aggregate(Min("next_sync_at"))["next_sync_at__min"]
        yield gauge(
            "ads_schedule_late_seconds",
            "How late the scheduled sync is that should have been asked for first.",
            self._age(first),
        )
        recent = SyncRequest.objects.filter(created__gte=self.now - WINDOW).order_by("-created")[:SYNCS_AT_MOST]
        runs = ScheduledRun.objects.filter(sync_request__in=recent.values("pk"))
        yield gauge(
            "ads_schedule_runs_missed",
            "Runs that schedules named and that were not made, as found out within the last hour.",
            runs.aggregate(Sum("missed_runs"))["missed_runs__sum"] or 0,
        )

    def _last_hour(self, cursor):
        ended = SyncRequest.objects.filter(finished__gte=self.now - WINDOW, details_removed__isnull=True)
        ended = ended.order_by("-finished")[:SYNCS_AT_MOST]
        syncs = list(ended.values_list("pk", "status_code", "created", "started", "finished", named=True))
        statuses = gauge("ads_syncs_ended", "Syncs that ended within the last hour.", labels=["status"])
        for status in (SyncRequest.Status.SUCCESS, SyncRequest.Status.FAILED, SyncRequest.Status.CANCELLED):
            statuses.add_metric([status.lower()], sum(sync.status_code == status for sync in syncs))
        yield statuses
        ran = [sync for sync in syncs if sync.started]
        yield quantiles(
            "ads_sync_duration_seconds",
            "How long the syncs ran that ended within the last hour.",
            [(sync.finished - sync.started).total_seconds() for sync in ran],
        )
        yield quantiles(
            "ads_sync_wait_seconds",
            "How long they had been waiting before they began.",
            [(sync.started - sync.created).total_seconds() for sync in ran],
        )
        ids = [sync.pk for sync in syncs]
        sums = SyncEntityResult.objects.filter(sync_request__in=ids).aggregate(**{name: Sum(name) for name in ROWS})
        lines = gauge("ads_rows", "Lines of those syncs, by what became of them.", labels=["outcome"])
        for name in ROWS:
            lines.add_metric([name], sums[name] or 0)
        yield lines
        told = f"Errors in those syncs by code; {DETAILS_AT_MOST:,} of them at most are counted."
        problems = gauge("ads_problems", told, labels=["code"])
        cursor.execute(_PROBLEMS, [ids, DETAILS_AT_MOST])
        for code, count in cursor.fetchall():
            problems.add_metric([code], count)
        yield problems

    def _age(self, since) -> float:
        return max((self.now - since).total_seconds(), 0) if since else 0


def gauge(name: str, told: str, value: float | None = None, labels=None) -> GaugeMetricFamily:
    """A figure that may rise and fall."""
    return GaugeMetricFamily(name, told, value=value, labels=labels)


def quantiles(name: str, told: str, values: list[float]) -> GaugeMetricFamily:
    """The median, the 95th percentile and the greatest of the values; nothing of none."""
    family = gauge(name, told, labels=["quantile"])
    values = sorted(values)
    for share in (0.5, 0.95, 1):
        if values:
            family.add_metric([str(share)], values[min(int(len(values) * share), len(values) - 1)])
    return family


urlpatterns = [path("", metrics)]
