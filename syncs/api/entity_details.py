"""The `details` of a sync on the wire: counts and problems of each kind of record."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import TypedDict
from uuid import UUID

from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber

from syncs.models import SyncEntityResult, SyncRequest, SyncResultDetail

# The most problems listed in `details`, of one entity and of a whole page; /Sync/{id}/details/query has them all.
LISTED_OF_AN_ENTITY = 1_000
LISTED_OF_A_PAGE = 20_000


class EntityDetails(TypedDict):
    """What the wire calls SyncEntityResultModel: the counts of one entity, and its problems by ERP key or line."""

    insertCount: int
    updateCount: int
    deleteCount: int
    skipCount: int
    errorCount: int
    errors: dict[str, list[str]]
    skips: dict[str, list[str]]


def details_of(sync_requests: Iterable[SyncRequest]) -> dict[UUID, dict[str, EntityDetails]]:
    """Each sync's counts and problems by entity; two queries for all syncs."""
    details: dict[UUID, dict[str, EntityDetails]] = {
        sync_request.pk: defaultdict(_no_details) for sync_request in sync_requests
    }
    for result in SyncEntityResult.objects.filter(sync_request__in=details).order_by("id"):
        of_entity = details[result.sync_request_id][result.entity]
        of_entity["insertCount"] = result.inserted
        of_entity["updateCount"] = result.updated
        of_entity["deleteCount"] = result.delete_count
        of_entity["skipCount"] = result.skip_count
        of_entity["errorCount"] = result.rejected
    for problem in _problems_of(details):
        of_entity = details[problem.sync_request_id][problem.entity]
        is_error = problem.kind == SyncResultDetail.Kind.ERROR
        by_key = of_entity["errors"] if is_error else of_entity["skips"]
        by_key.setdefault(_key_of(problem), []).append(str(problem))
        # The problem of a whole file, unless it describes lines, is not in the counts of lines.
        of_entity["errorCount"] += is_error and problem.line is None and problem.line_count is None
    return details


def _no_details() -> EntityDetails:
    return {
        "insertCount": 0,
        "updateCount": 0,
        "deleteCount": 0,
        "skipCount": 0,
        "errorCount": 0,
        "errors": {},
        "skips": {},
    }


def _key_of(problem: SyncResultDetail) -> str:
    return problem.erp_key or (f"line {problem.line}" if problem.line else problem.file or problem.entity)


def _problems_of(sync_request_ids: Collection[UUID]) -> QuerySet[SyncResultDetail]:
    """The first errors and skips of each entity of each sync, in the order they were found."""
    limit = min(LISTED_OF_AN_ENTITY, LISTED_OF_A_PAGE // max(1, len(sync_request_ids)))
    position = Window(RowNumber(), partition_by=[F("sync_request_id"), F("entity"), F("kind")], order_by="id")
    return (
        SyncResultDetail.objects.filter(
            sync_request__in=sync_request_ids, kind__in=(SyncResultDetail.Kind.ERROR, SyncResultDetail.Kind.SKIP)
        )
        .summarised()
        .annotate(position=position)
        .filter(position__lte=limit)
        .defer("value", "raw_line", "code", "column")
        .order_by("id")
    )
