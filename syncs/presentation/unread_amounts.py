"""Rejected lines that are missing from a sync's control totals, because no amount of theirs could be read."""

from typing import NamedTuple

from django.db.models import Sum

from adsplatform.records.specification import entities
from syncs.models import SyncRequest


class WithoutAmounts(NamedTuple):
    """How many of a kind's rejected lines have no amount in the control totals."""

    kind: str
    rejected: int
    without: int


def lines_without_amounts(sync_request: SyncRequest) -> list[WithoutAmounts]:
    """The kinds of record with amounts of which some rejected lines have none in the control totals."""
    counts: dict[str, int] = {}
    rows = sync_request.control_totals.values_list("entity", "column").annotate(count=Sum("rejected_count"))
    for entity, _, count in rows.order_by("entity"):
        counts[entity] = max(counts.get(entity, 0), count)
    found = []
    for result in sync_request.results.filter(rejected__gt=0).order_by("entity"):
        entity = entities().get(result.entity)
        without = result.rejected - counts.get(result.entity, 0)
        if entity and entity.amounts and without > 0:
            found.append(WithoutAmounts(entity.plural, result.rejected, without))
    return found
