"""Lines of an enrollment's earlier syncs that are still not in the books, so that no later success hides them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from django.db.models import Exists, OuterRef
from django.utils import timezone

from adsplatform.accounts.models import Account
from adsplatform.records.display import displayed_kinds
from syncs.models import Correction, SyncEntityResult, SyncRequest, SyncResultDetail

# For so long a sync's lines are missed; of so many syncs, and so many lines of all of them, the newest ones.
DAYS, SYNCS, LINES = 30, 10, 2_000


@dataclass(frozen=True)
class OpenLines:
    """A sync of which so many lines are not in the books; `is_more` where there may be further ones."""

    sync: SyncRequest
    count: int
    is_more: bool


class _Line(NamedTuple):
    """Where a rejected line is, of which sync."""

    sync: UUID
    entity: str
    file: str
    line: int | None


def open_lines(
    account: Account, enrollments: Iterable[UUID], *, but: Iterable[UUID] = ()
) -> dict[UUID, list[OpenLines]]:
    """The syncs with open lines of each enrollment, the newest first; `but` are syncs that are left out.

    A line is open until a replay has loaded it, or a later sync has written a record with its key.
    """
    rejected = SyncEntityResult.objects.filter(sync_request=OuterRef("pk"), rejected__gt=0)
    wanted = SyncRequest.objects.of(account).loads().filter(app_enrollment__in=list(enrollments), details_removed=None)
    wanted = wanted.filter(Exists(rejected), finished__gte=timezone.now() - timedelta(days=DAYS))
    syncs = {sync.pk: sync for sync in wanted.exclude(pk__in=list(but)).newest_first()[:SYNCS]}
    lines = _lines_with_keys(syncs) if syncs else {}
    is_more = len(lines) >= LINES
    counts: dict[UUID, int] = defaultdict(int)
    for line in lines.keys() - set(_settled(account, syncs, lines)):
        counts[line.sync] += 1
    found: dict[UUID, list[OpenLines]] = defaultdict(list)
    for id, sync in syncs.items():
        if counts[id] and sync.app_enrollment_id:
            found[sync.app_enrollment_id].append(OpenLines(sync, counts[id], is_more))
    return found


def _lines_with_keys(syncs: Iterable[UUID]) -> dict[_Line, str]:
    """The rejected lines of syncs, each with the key of its record."""
    rejected = SyncResultDetail.objects.filter(
        sync_request__in=list(syncs), kind=SyncResultDetail.Kind.ERROR, line__isnull=False
    )
    columns = ("sync_request_id", "entity", "file", "line", "erp_key")
    return {_Line(*where): key or "" for *where, key in rejected.order_by("-id").values_list(*columns)[:LINES]}


def _settled(account: Account, syncs: dict[UUID, SyncRequest], lines: dict[_Line, str]) -> Iterator[_Line]:
    """The lines that a replay or a later sync has loaded; a query for each kind of record."""
    if not lines:
        return
    cured = Correction.objects.cured().filter(sync_request__in=list(syncs))
    yield from (_Line(*where) for where in cured.values_list("sync_request_id", "entity", "file", "line"))
    by_entity: dict[str, dict[_Line, str]] = defaultdict(dict)
    for line, key in lines.items():
        if key:
            by_entity[line.entity][line] = key
    for entity, keys in by_entity.items():
        last_written = _last_written(account, entity, keys.values(), syncs.values())
        for line, key in keys.items():
            sync = syncs[line.sync]
            # Ids of syncs begin with the time at which they were asked for.
            if (written := last_written.get((sync.app_enrollment_id, key))) and written > sync.pk:
                yield line


def _last_written(
    account: Account, entity: str, keys: Iterable[str], syncs: Iterable[SyncRequest]
) -> dict[tuple[UUID | None, str], UUID | None]:
    """The sync that last wrote each of the records with these keys, by enrollment and key."""
    kind = displayed_kinds().get(entity)
    if kind is None or kind.model.KEY != ("erp_key",):
        return {}
    (key,) = kind.model.KEY
    enrollments = {sync.app_enrollment_id for sync in syncs}
    records = kind.model.objects.of(account.pk).filter(**{"app_enrollment__in": enrollments, f"{key}__in": set(keys)})
    return {
        (enrollment, of_record): sync
        for enrollment, of_record, sync in records.values_list("app_enrollment_id", key, "modified_sync_id")
    }
