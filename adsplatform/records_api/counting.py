"""How many records match a query: exact up to a bound, estimated beyond it, so that counting never takes long.

How many records of a kind an account has is known without counting, because merges keep it.
"""

import json
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import QuerySet

from adsplatform.records.models import Record
from adsplatform.records.models.counts import RecordCount

# Up to here, records are counted.
COUNTED = 100_000


def kept_count(account: UUID, model: type[models.Model]) -> int | None:
    """How many records of a kind an account has, exactly; None for views of records, of which nothing is kept."""
    return RecordCount.objects.of_kind(account, model.__name__) if issubclass(model, Record) else None


def count(rows: QuerySet[Any]) -> tuple[int, bool]:
    """How many rows there are, and whether that is exact; beyond COUNTED it is what PostgreSQL's planner expects."""
    counted = rows.order_by()[: COUNTED + 1].count()
    if counted <= COUNTED:
        return counted, True
    return max(counted, estimate(rows)), False


def estimate(rows: QuerySet[Any]) -> int:
    """How many rows PostgreSQL's planner expects; no row is read."""
    (explained,) = json.loads(rows.order_by().explain(format="json"))
    return int(explained["Plan"]["Plan Rows"])
