"""The same input again, for books that have not changed since it was loaded: the sync ends at once.

Only what is certain to change nothing counts as the same: an upload with the same bytes, read by the same import
profiles and judged by the same rules, all of whose lines were loaded without a problem of their own, and whose records
are told apart by their keys alone. What was inserted or updated the first time is unchanged the second time.
"""

import hashlib
import json
from datetime import timedelta

from django.db import transaction
from django.db.models import Q

from adsplatform import __version__
from adsplatform.records.checks import RULES
from adsplatform.wording import counted, plural
from syncs.loading.context import MergeContext
from syncs.loading.source import profiles_of
from syncs.loading.staging.row_hashes import identifies_by_key_only
from syncs.models import ControlTotal, SyncEntityResult, SyncRequest, SyncResultDetail
from syncs.models.corrections import SyncFile

# By how much the clocks of two workers may differ: of the two syncs that they end, the later may seem the earlier one.
CLOCKS_DIFFER = timedelta(minutes=10)


def settled_by(context: MergeContext) -> str:
    """By what the input was read and judged; empty if loading it again might change something."""
    stage, sync_request = context.stage, context.sync_request
    if not _is_ordinary(sync_request) or stage.problem_log.has_others_than_remarks or stage.files.unread:
        return ""
    are_told_apart = (identifies_by_key_only(staged.entity, staged.ever) for staged in context.staged)
    return _judged_by(sync_request) if all(are_told_apart) else ""


def end_if_repeated(sync_request: SyncRequest) -> bool:
    """End the sync with the counts of the last load if it would change nothing; returns whether it has ended."""
    if not sync_request.same_content_as_id or not _is_ordinary(sync_request):
        return False
    with transaction.atomic():
        sync_request.enrollment.lock_books()
        settled = SyncRequest.objects.succeeded().filter(details_removed=None).exclude(settled_by="")
        load = settled.filter(pk=sync_request.same_content_as_id).first()
        if load is None or load.settled_by != _judged_by(sync_request) or _has_changed_since(load):
            return False
        lines = _copy_results(sync_request, load)
        sync_request.succeed(_message(load, lines), settled_by=load.settled_by, lines_read=lines)
    return True


def _is_ordinary(sync_request: SyncRequest) -> bool:
    """Whether it is a whole upload, sent to be loaded: not a preview, a part or a repetition."""
    is_repetition = sync_request.replay_of_id or sync_request.repeat_of_id
    is_whole = sync_request.total_batches == 1 and not sync_request.dry_run
    return sync_request.upload_id is not None and is_whole and not is_repetition


def _judged_by(sync_request: SyncRequest) -> str:
    profiles = sorted(profiles_of(sync_request, sync_request.enrollment))
    return hashlib.sha256(json.dumps([__version__, RULES, profiles]).encode()).hexdigest()


def _has_changed_since(load: SyncRequest) -> bool:
    if load.finished is None:
        return True
    later = SyncRequest.objects.real().succeeded().exclude(pk=load.pk)
    later = later.filter(app_enrollment=load.app_enrollment_id, finished__gt=load.finished - CLOCKS_DIFFER)
    changed = Q(inserted__gt=0) | Q(updated__gt=0) | Q(deleted_by_match__gt=0) | Q(deleted_as_missing__gt=0)
    return SyncEntityResult.objects.filter(changed, sync_request__in=later).exists()


def _copy_results(sync_request: SyncRequest, load: SyncRequest) -> int:
    """Write what the sync would have come to; returns how many lines its upload has."""
    results = list(load.results.all())
    SyncEntityResult.objects.bulk_create(
        SyncEntityResult(
            sync_request=sync_request,
            group_key_id=sync_request.group_key_id,
            entity=result.entity,
            lines_read=result.lines_read,
            unchanged=result.lines_read,
            warnings=result.warnings,
        )
        for result in results
        if result.lines_read or result.warnings
    )
    totals = list(ControlTotal.objects.filter(sync_request=load).order_by("pk"))
    files = list(SyncFile.objects.filter(sync_request=load).order_by("pk"))
    remarks = list(SyncResultDetail.objects.filter(sync_request=load).order_by("pk"))
    copied: list[ControlTotal | SyncFile | SyncResultDetail] = [*totals, *files, *remarks]
    for row in copied:
        row.pk, row.sync_request = None, sync_request
    ControlTotal.objects.bulk_create(totals)
    SyncFile.objects.bulk_create(files)
    SyncResultDetail.objects.bulk_create(remarks)
    return sum(result.lines_read for result in results)


def _message(load: SyncRequest, lines: int) -> str:
    return (
        f"Nothing new: the same file was loaded on {load.finished:%Y-%m-%d at %H:%M} UTC, and no record has changed "
        f"since. Its {counted(lines, 'line')} {plural(lines, 'was', 'were')} not read again."
    )
