"""The policy for outcomes: the reject limit, nothing loaded, and which kinds of record were complete."""

from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from adsplatform.records.specification import entities
from adsplatform.wording import plural
from syncs.loading.context import MergeContext
from syncs.loading.source import finds_files
from syncs.loading.staging.stage import Stage
from syncs.loading.verdict import Stopped
from syncs.models import SyncEntityResult, SyncRequest, Upload

# The problems of files whose columns have other names than ours, and the files that have no header.
NO_KEY = "key_column_missing"
UNKNOWN_COLUMNS = ("unknown_file", "header_missing", "header_blank", "header_duplicated", NO_KEY)
WITHOUT_HEADER = r"\.(json|jsonl|ndjson)$"


@dataclass
class Completeness:
    """Of which kinds the input contains every record, and why it does not of others that it should contain wholly."""

    complete: list[str] = field(default_factory=list)
    # By kind, the rest of a sentence that begins with “because”.
    incomplete: dict[str, str] = field(default_factory=dict)


def completeness(context: MergeContext) -> Completeness:
    """The kinds whose records the input contains completely, so that records which it lacks are to be deleted.

    That is a kind of which a line was read, no line was rejected, and no part was left unread that may hold lines of
    it: no file, sheet, list or entry of a ZIP that could not be read to its end or assigned to a kind. A part of
    unknown kind may hold lines of every kind. The same must hold for all earlier parts of an input in parts, and each
    of them must have succeeded. Whatever reads an input only in part must report it as a `RowProblem` that is an error
    or `leaves_unread`.
    """
    sync_request, stage = context.sync_request, context.stage
    if sync_request.replay_of_id or sync_request.current_batch < sync_request.total_batches:
        return Completeness()
    seen = {name for name, staged in stage.staged.items() if staged.lines_read}
    reasons = {name: _rejected(staged.rejected) for name, staged in stage.staged.items() if staged.rejected}
    reasons |= {name: f"“{file}” was not read to its end" for name, file in stage.files.unread.items()}
    if parent := context.parent:
        earlier = _earlier_parts(sync_request, parent)
        seen |= set(earlier.seen)
        reasons |= earlier.reasons
    for_all = next((reason for name, reason in reasons.items() if name not in entities()), "")
    found = Completeness()
    # Where all keys are known, a line that was rejected is not taken for a record that is gone.
    unread = stage.files.unread.keys()
    listed = {name for name in stage.gone.complete if stage.gone.listed[name]}
    found.complete = sorted(name for name in listed if not unread & {name, ""})
    for name in sorted(seen - {*found.complete}):
        if is_to_be_complete(sync_request, name) or name in stage.gone.in_rows:
            if reason := reasons.get(name) or for_all:
                found.incomplete[name] = reason
            else:
                found.complete.append(name)
    return found


class _EarlierParts(NamedTuple):
    seen: list[str]
    reasons: dict[str, str]


def _earlier_parts(sync_request: SyncRequest, parent: UUID) -> _EarlierParts:
    """The kinds that earlier parts of the input contained, and why they were not read completely."""
    earlier = SyncRequest.objects.filter(pk=parent) | SyncRequest.objects.filter(parent_sync_request=parent)
    # Without what the delete guard stopped and was then allowed: the last part's own first request, and earlier parts.
    earlier = earlier.filter(current_batch__lt=sync_request.current_batch)
    earlier = earlier.exclude(repeats__status_code=SyncRequest.Status.SUCCESS)
    in_earlier = SyncEntityResult.objects.filter(sync_request__in=earlier, lines_read__gt=0)
    seen = [*in_earlier.values_list("entity", flat=True)]
    succeeded = earlier.succeeded().count()
    if succeeded < earlier.count() or succeeded != sync_request.total_batches - 1:
        return _EarlierParts(seen, {"": "an earlier part of it did not succeed"})
    with_rejected = in_earlier.filter(rejected__gt=0).values_list("entity", flat=True)
    reasons = dict.fromkeys(with_rejected, "a line of it was rejected in an earlier part")
    for unread in earlier.values_list("unread_kinds", flat=True):
        reasons |= dict.fromkeys(unread, "an earlier part of it was not read to its end")
    return _EarlierParts(seen, reasons)


def _rejected(count: int) -> str:
    return f"{count:,} of its lines {plural(count, 'was', 'were')} rejected"


def is_to_be_complete(sync_request: SyncRequest, name: str) -> bool:
    """Whether the input is meant to contain every record of the kind."""
    return sync_request.run_full_sync or entities()[name].model.ALWAYS_COMPLETE


def reason_not_to_merge(context: MergeContext) -> Stopped | None:
    """The reason why too little of the input is left to be loaded, if so."""
    stage = context.stage
    if stage.problem_log.errors and stage.rejected >= stage.lines_read:
        if reason := _reason_not_understood(context):
            how = "in the Inbox at this sync or by an import profile, then load it again"
            if context.sync_request.upload is None:
                how = "in the Inbox by uploading it there or by an import profile, then put it into the folder again"
            return Stopped(f"Nothing could be loaded: {reason}. Say how it is written, {how}.", code="profile_needed")
        return Stopped(_nothing_loaded(stage), code="nothing_loaded")
    return _reject_limit_passed(context)


def _reason_not_understood(context: MergeContext) -> str:
    """What is not known of the first file that an import profile could explain; empty if there is none."""
    upload = context.sync_request.upload
    if upload is None and not finds_files(context.sync_request.connector):
        return ""
    if upload is not None and upload.format not in (Upload.Format.CSV, Upload.Format.ZIP):
        return ""
    # A single line may be a row without a header as well.
    codes = [code for code in UNKNOWN_COLUMNS if code != "header_missing" or context.stage.lines_read > 1]
    found = context.rows(
        """
        SELECT file, code FROM staged_problem
        WHERE kind = 'error' AND line IS NULL AND code = ANY(%(codes)s) AND file !~* %(without_header)s
        ORDER BY id LIMIT 1
        """,
        {"codes": codes, "without_header": WITHOUT_HEADER},
    )
    if not found:
        return ""
    file, code = found[0]
    return f"no column of “{file}” is known as the key" if code == NO_KEY else f"the columns of “{file}” are not known"


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
