"""The policy for outcomes: the reject limit, nothing loaded, and which kinds of record were complete."""

from adsplatform.records.specification import entities
from adsplatform.wording import plural
from syncs.loading.context import MergeContext
from syncs.loading.staging.stage import Stage
from syncs.loading.verdict import Stopped
from syncs.models import SyncEntityResult, SyncRequest, SyncResultDetail


def complete_entities(context: MergeContext) -> list[str]:
    """The kinds whose records the input contains completely, so that records which it lacks are to be deleted."""
    sync_request, stage = context.sync_request, context.stage
    if sync_request.replay_of_id:
        return []
    seen = {name for name, staged in stage.staged.items() if staged.lines_read}
    incomplete = {name for name, staged in stage.staged.items() if staged.rejected} | stage.files.unread
    if parent := context.parent:
        if sync_request.current_batch < sync_request.total_batches:
            return []
        earlier = SyncRequest.objects.filter(pk=parent) | SyncRequest.objects.filter(parent_sync_request=parent)
        # Excludes the last part's own first request, which the delete guard stopped.
        earlier = earlier.filter(current_batch__lt=sync_request.current_batch)
        if earlier.exclude(status_code=SyncRequest.Status.SUCCESS).exists():
            return []
        if earlier.count() != sync_request.total_batches - 1:
            return []
        in_earlier = SyncEntityResult.objects.filter(sync_request__in=earlier, lines_read__gt=0)
        seen |= set(in_earlier.values_list("entity", flat=True))
        incomplete |= set(in_earlier.filter(rejected__gt=0).values_list("entity", flat=True))
        unread = SyncResultDetail.objects.filter(sync_request__in=earlier, kind="error", line=None)
        incomplete |= set(unread.values_list("entity", flat=True).distinct())
    if incomplete - entities().keys():
        # A file that could not be read or assigned to a kind may have contained records of any kind.
        return []
    return sorted(name for name in seen - incomplete if is_to_be_complete(sync_request, name))


def is_to_be_complete(sync_request: SyncRequest, name: str) -> bool:
    """Whether the input is meant to contain every record of the kind."""
    return sync_request.run_full_sync or entities()[name].model.ALWAYS_COMPLETE


def reason_not_to_merge(context: MergeContext) -> Stopped | None:
    """The reason why too little of the input is left to be loaded, if so."""
    stage = context.stage
    if stage.problem_log.errors and stage.rejected >= stage.lines_read:
        return Stopped(_nothing_loaded(stage), code="nothing_loaded")
    return _reject_limit_passed(context)


def _reject_limit_passed(context: MergeContext) -> Stopped | None:
    if context.sync_request.replay_of_id:
        return None  # The limit is there to detect broken files; the lines of a replay were chosen one by one.
    stage, limit = context.stage, context.enrollment.reject_limit_percent
    if stage.rejected * 100 <= limit * stage.lines_read:
        return None
    were = plural(stage.rejected, "was", "were")
    return Stopped(
        f"Stopped: {stage.rejected:,} of {stage.lines_read:,} lines {were} rejected, more than the {limit} % that "
        f"{context.enrollment} allows. Nothing was changed.",
        code="reject_limit",
    )


def _nothing_loaded(stage: Stage) -> str:
    if not stage.lines_read:
        return "Nothing could be loaded: no file held a line that can be read. The problems say why."
    if stage.lines_read == 1:
        return "Nothing could be loaded: the only line was rejected. The problems say why."
    return f"Nothing could be loaded: all {stage.lines_read:,} lines were rejected. The problems say why."
