"""The sizes of the largest tables, and what retention removes next."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Sum
from django.utils import timezone

from adsplatform.wording import counted
from syncs.models import Upload
from syncs.periodic import retention

# Counting stops here.
COUNTED_AT_MOST = 10_000
TABLES_LISTED = 20

_TABLES = """
    SELECT c.relname, nullif(c.reltuples, -1)::bigint, pg_total_relation_size(c.oid)
      FROM pg_class c
     WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
     ORDER BY 3 DESC LIMIT %s
"""


@dataclass(frozen=True)
class Table:
    """A table: its rows as of the last ANALYZE, if any, and its bytes, with those of indexes and TOAST."""

    name: str
    rows: int | None
    bytes: int


@dataclass(frozen=True)
class RetentionForecast:
    """The rows that one rule of retention would remove; `before` is None if it removes nothing."""

    name: str
    days: float
    before: datetime | None
    count: int

    @property
    def retention_period(self) -> str:
        if not self.before:
            return "ever"
        count, unit = (self.days, "day") if self.days >= 1 else (self.days * 24, "hour")
        return counted(round(count), unit)

    @property
    def is_more(self) -> bool:
        return self.count >= COUNTED_AT_MOST


def tables() -> list[Table]:
    """The largest tables, the largest first."""
    with connection.cursor() as cursor:
        cursor.execute(_TABLES, [TABLES_LISTED])
        return [Table(*row) for row in cursor.fetchall()]


def database_bytes() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        ((size,),) = cursor.fetchall()
    return int(size)


def uploads_bytes() -> int:
    """The size of all uploaded files that have not been removed, in any storage."""
    return Upload.objects.filter(removed__isnull=True).aggregate(Sum("size"))["size__sum"] or 0


def retention_forecasts() -> list[RetentionForecast]:
    """The number of rows that each rule would remove now, counted up to a limit."""
    now = timezone.now()
    found = []
    for rule in retention.RULES:
        before = rule.expires_before(now)
        count = rule.expired(before).order_by()[:COUNTED_AT_MOST].count() if before else 0
        found.append(RetentionForecast(rule.name, rule.days(), before, count))
    return found
