"""How many records match a query: exact up to a bound, estimated beyond it, so that counting never takes long."""

import json
from typing import Any

from django.db.models import QuerySet

# Up to here, records are counted.
COUNTED = 100_000


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
