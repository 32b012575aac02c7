"""What goes with an enrollment, and the removal of its data in steps."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Model, Q, QuerySet, Sum
from django.utils import timezone

from adsplatform.accounts.audit import signed_by
from adsplatform.accounts.models import AuditEntry
from adsplatform.records.models.counts import RecordCount
from adsplatform.records.specification import Entity, entities
from adsplatform.wording import counted
from enrollments.models import AppEnrollment
from syncs.models import (
    BookTotal,
    Correction,
    ImportProfileVersion,
    SeenKey,
    SourceState,
    SyncDifference,
    SyncEntityResult,
    SyncFile,
    SyncRequest,
    SyncResultDetail,
    UnansweredUpload,
    Upload,
)

# The most rows and files of one step.
ROWS_AT_ONCE, FILES_AT_ONCE = 10_000, 20


@dataclass(frozen=True)
class WhatGoes:
    """What an enrollment has: how many records of each kind, and what else its removal removes or ends.

    The records, files, rejected rows and profiles go only if that is asked for; the counts of its syncs stay.
    """

    records: list[tuple[Entity, int]]
    uploaded_files: int
    rejected_rows: int
    import_profiles: int
    waiting_syncs: int
    credentials: int
    source_states: int
    syncs_kept: int

    @property
    def record_count(self) -> int:
        return sum(count for _, count in self.records)


def what_goes(enrollment: AppEnrollment) -> WhatGoes:
    """Count what the removal of an enrollment would remove."""
    syncs = SyncRequest.objects.filter(app_enrollment=enrollment)
    kept = RecordCount.objects.filter(group_key=enrollment.group_key_id, app_enrollment=enrollment, count__gt=0)
    of_kind = dict(kept.values_list("entity", "count"))
    results = SyncEntityResult.objects.filter(sync_request__in=syncs.filter(details_removed=None))
    return WhatGoes(
        records=[(entity, of_kind[name]) for name, entity in entities().items() if name in of_kind],
        uploaded_files=_uploads_of(enrollment).count(),
        rejected_rows=results.aggregate(all=Sum("rejected"))["all"] or 0,
        import_profiles=ImportProfileVersion.objects.of_enrollment(enrollment).current().count(),
        waiting_syncs=syncs.unfinished().count(),
        credentials=len(enrollment.credentials),
        source_states=SourceState.objects.filter(app_enrollment=enrollment).count(),
        syncs_kept=syncs.count(),
    )


def in_sentences(goes: WhatGoes) -> list[str]:
    """What a removal would do, in sentences."""
    kinds = ", ".join(f"{entity.name}: {count:,}" for entity, count in goes.records)
    sent = [(goes.uploaded_files, "uploaded file"), (goes.rejected_rows, "rejected row")]
    access = [(goes.credentials, "credential"), (goes.source_states, "state")]
    return [
        f"With the data: {counted(goes.record_count, 'record')} would be removed{f' ({kinds})' if kinds else ''}",
        f"With the data: {_listed([*sent, (goes.import_profiles, 'import profile')])} would be removed",
        f"In any case: {counted(goes.waiting_syncs, 'waiting sync')} would be cancelled",
        f"In any case: {_listed(access)} of the source would be removed",
        f"The counts of {counted(goes.syncs_kept, 'sync')} would be kept",
    ]


def _listed(counts: list[tuple[int, str]]) -> str:
    *others, last = [counted(count, name) for count, name in counts]
    return f"{', '.join(others)} and {last}"


@transaction.atomic
def remove_some_data_of(app_enrollment_id: UUID) -> dict[str, int] | None:
    """Remove some of the records of a deleted enrollment and of what was sent for them, in a transaction of its own.

    Returns None while there may be more, else how much of each there was; raises DoesNotExist if nobody asked for it.
    Of its syncs the counts, the control totals and the problems of whole files stay.
    """
    found = AppEnrollment.objects.select_for_update(of=("self",)).select_related("app", "modified_user")
    enrollment = found.filter(removal_asked__isnull=False).get(pk=app_enrollment_id)
    removed = enrollment.removed_so_far or {
        "records": 0, "rejected_rows": _rejected_rows_of(enrollment), "uploaded_files": 0,
    }  # fmt: skip
    left = ROWS_AT_ONCE
    # The counts go first: while the rest goes, nobody is to wonder which of them are true.
    RecordCount.objects.filter(app_enrollment=enrollment)._raw_delete("default")
    for name, rows in _rows_of(enrollment):
        count = _delete_some(rows, left)
        left -= count
        if name:
            removed[name] += count
        if not left:
            break
    files = _remove_files(enrollment) if left else 0
    removed["uploaded_files"] += files
    if not left or files == FILES_AT_ONCE:
        AppEnrollment.objects.filter(pk=enrollment.pk).update(removed_so_far=removed)
        return None
    _finish(enrollment, removed)
    return removed


def _rows_of(enrollment: AppEnrollment) -> Iterator[tuple[str, QuerySet[Any]]]:
    """All rows that go, and as what they are counted."""
    for entity in entities().values():
        yield "records", entity.model.objects.filter(app_enrollment=enrollment)
    syncs = SyncRequest.objects.filter(app_enrollment=enrollment)
    yield "", _details_of(enrollment)
    yield "", SyncDifference.objects.filter(sync_request__in=syncs)
    yield "", Correction.objects.filter(sync_request__in=syncs)
    yield "", SyncFile.objects.filter(sync_request__in=syncs)
    yield "", SeenKey.objects.filter(parent_sync_request__in=syncs)
    # They may quote the files.
    yield "", ImportProfileVersion.objects.filter(app_enrollment=enrollment)
    # Those of the books, which are empty now.
    yield "", BookTotal.objects.filter(app_enrollment=enrollment)


def _details_of(enrollment: AppEnrollment) -> QuerySet[SyncResultDetail]:
    # Problems of whole files are few, say why a sync ended as it did, and hold no row.
    details = SyncResultDetail.objects.exclude(kind=SyncResultDetail.Kind.ERROR, line__isnull=True)
    return details.filter(sync_request__app_enrollment=enrollment)


def _rejected_rows_of(enrollment: AppEnrollment) -> int:
    rejected = _details_of(enrollment).filter(kind=SyncResultDetail.Kind.ERROR)
    return rejected.values("sync_request", "entity", "file", "line").distinct().count()


def _delete_some(rows: QuerySet[Model], most: int) -> int:
    some = rows.order_by().values("pk")[:most]
    return rows.model._default_manager.filter(pk__in=some)._raw_delete("default")


def _uploads_of(enrollment: AppEnrollment) -> QuerySet[Upload]:
    of_syncs = SyncRequest.objects.filter(app_enrollment=enrollment).exclude(upload=None)
    waiting = UnansweredUpload.objects.filter(app_enrollment=enrollment)
    return Upload.objects.filter(Q(pk__in=of_syncs.values("upload")) | Q(pk__in=waiting.values("pk")), removed=None)


def _remove_files(enrollment: AppEnrollment) -> int:
    some = list(_uploads_of(enrollment)[:FILES_AT_ONCE])
    for upload in some:
        # The content first: after a crash in between, the next step repeats it.
        upload.content.delete(save=False)
    return Upload.objects.filter(pk__in=[upload.pk for upload in some]).update(removed=timezone.now())


def _finish(enrollment: AppEnrollment, removed: dict[str, int]) -> None:
    UnansweredUpload.objects.filter(app_enrollment=enrollment).delete()
    syncs = SyncRequest.objects.filter(app_enrollment=enrollment, details_removed__isnull=True)
    syncs.update(details_removed=timezone.now())
    AuditEntry.objects.create(
        at=timezone.now(),
        group_key=enrollment.group_key_id,
        action=AuditEntry.Action.REMOVED,
        subject="data of enrollment",
        subject_id=str(enrollment.pk),
        subject_name=str(enrollment),
        before=removed,
        after={},
        **signed_by(enrollment.modified_user),
    )
    AppEnrollment.objects.filter(pk=enrollment.pk).update(removal_asked=None, removed_so_far=None)
