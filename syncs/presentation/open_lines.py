"""Lines of an enrollment's earlier syncs that are still not in the books, so that no later success hides them."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef
from django.utils import timezone

from adsplatform.accounts.models import Account
from adsplatform.records.display import displayed_kinds
from syncs.models import Correction, SyncEntityResult, SyncRequest, SyncResultDetail

# For so long a sync's lines are missed; of so many syncs, and so many lines of each, the newest ones.
DAYS, SYNCS, LINES = 30, 10, 500


@dataclass(frozen=True)
class OpenLines:
    """A sync of which some lines are not in the books; of very many, `count` is a part."""

    sync: SyncRequest
    count: int

    @property
    def is_more(self) -> bool:
        return self.count >= LINES


def open_lines(
    account: Account, enrollments: Iterable[UUID], *, but: Iterable[UUID] = ()
) -> dict[UUID, list[OpenLines]]:
    """The syncs with open lines of each enrollment, the newest first; `but` are syncs that are left out.

    A line is open until a replay has loaded it, or a later sync has written a record with its key.
    """
    rejected = SyncEntityResult.objects.filter(sync_request=OuterRef("pk"), rejected__gt=0)
    syncs = (
        SyncRequest.objects.of(account)
        .loads()
        .filter(
            app_enrollment__in=list(enrollments),
            finished__gte=timezone.now() - timedelta(days=DAYS),
            details_removed=None,
        )
        .exclude(pk__in=list(but))
        .filter(Exists(rejected))
    )
    found: dict[UUID, list[OpenLines]] = defaultdict(list)
    for sync in syncs.newest_first()[:SYNCS]:
        if sync.app_enrollment_id and (count := _open_count(sync)):
            found[sync.app_enrollment_id].append(OpenLines(sync, count))
    return found


def _open_count(sync: SyncRequest) -> int:
    """How many lines of a sync are open."""
    rejected = SyncResultDetail.objects.filter(
        sync_request=sync, kind=SyncResultDetail.Kind.ERROR, line__isnull=False
    ).order_by("id")
    places: dict[tuple[str, str, int | None], str] = {}
    for entity, file, line, key in rejected.values_list("entity", "file", "line", "erp_key")[:LINES]:
        places[entity, file, line] = key or ""
    cured = set(Correction.objects.cured().filter(sync_request=sync).values_list("entity", "file", "line"))
    keys: dict[str, set[str]] = defaultdict(set)
    for place, key in places.items():
        if key and place not in cured:
            keys[place[0]].add(key)
    loaded = {(entity, key) for entity, wanted in keys.items() for key in _loaded_since(sync, entity, wanted)}
    return sum(place not in cured and (place[0], key) not in loaded for place, key in places.items())


def _loaded_since(sync: SyncRequest, entity: str, keys: set[str]) -> Iterable[str]:
    """Which of these keys have a record that was written after the sync."""
    kind = displayed_kinds().get(entity)
    if kind is None or kind.model.KEY != ("erp_key",):
        return ()
    (key,) = kind.model.KEY
    records = kind.model.objects.of(sync.group_key_id).filter(app_enrollment=sync.app_enrollment_id)
    # Ids of syncs begin with the time at which they were asked for.
    return records.filter(**{f"{key}__in": keys, "modified_sync_id__gt": sync.pk}).values_list(key, flat=True)
