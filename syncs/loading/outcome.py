"""The policy of an outcome: the reject limit, nothing loaded, which kinds of record were complete."""

from adsplatform.records.specification import entities
from adsplatform.wording import plural
from syncs.loading.context import SyncStopped
from syncs.models import SyncEntityResult, SyncRequest, SyncResultDetail


def _complete_entities(sync_request, stage, parent) -> list[str]:
    """The kinds of record of which the input held all there are, so that others are to be deleted."""
    if sync_request.replay_of_id:
        return []
    seen = {name for name, staged in stage.staged.items() if staged.lines_read}
    faulty = {name for name, staged in stage.staged.items() if staged.rejected} | stage.unread
    if sync_request.total_batches > 1:
        if sync_request.current_batch < sync_request.total_batches:
            return []
        earlier = SyncRequest.objects.filter(pk=parent) | SyncRequest.objects.filter(parent_sync_request=parent)
        # Not the last part's own first try, which the guard stopped.
        earlier = earlier.filter(current_batch__lt=sync_request.current_batch)
        if earlier.exclude(status_code=SyncRequest.Status.SUCCESS).exists():
            return []
        if earlier.count() != sync_request.total_batches - 1:
            return []
        in_earlier = SyncEntityResult.objects.filter(sync_request__in=earlier, lines_read__gt=0)
        seen |= set(in_earlier.values_list("entity", flat=True))
        faulty |= set(in_earlier.filter(rejected__gt=0).values_list("entity", flat=True))
        unread = SyncResultDetail.objects.filter(sync_request__in=earlier, kind="error", line=None)
        faulty |= set(unread.values_list("entity", flat=True).distinct())
    if faulty - entities().keys():
        # What could not be told or read may have held any kind of record.
        return []
    return sorted(name for name in seen - faulty if _is_to_be_complete(sync_request, name))


def _is_to_be_complete(sync_request, name: str) -> bool:
    return sync_request.run_full_sync or entities()[name].model.ALWAYS_COMPLETE


def _check_worth_merging(sync_request, stage):
    if stage.problem_log.errors and stage.rejected >= stage.lines_read:
        raise SyncStopped(_nothing_loaded(stage), code="nothing_loaded")
    _check_reject_limit(sync_request, stage)


def _check_reject_limit(sync_request, stage):
    if sync_request.replay_of_id:
        return  # The limit looks for broken files; these lines were chosen one by one.
    limit = sync_request.app_enrollment.reject_limit_percent
    if stage.rejected * 100 > limit * stage.lines_read:
        were = plural(stage.rejected, "was", "were")
        raise SyncStopped(
            f"Stopped: {stage.rejected:,} of {stage.lines_read:,} lines {were} rejected, more than the {limit} % that "
            f"{sync_request.app_enrollment} allows. Nothing was changed.",
            code="reject_limit",
        )


def _nothing_loaded(stage) -> str:
    if not stage.lines_read:
        return "Nothing could be loaded: no file held a line that can be read. The problems say why."
    if stage.lines_read == 1:
        return "Nothing could be loaded: the only line was rejected. The problems say why."
    return f"Nothing could be loaded: all {stage.lines_read:,} lines were rejected. The problems say why."
