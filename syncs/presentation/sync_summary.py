"""The state or outcome of a sync in words: for the interfaces, and for `processResultMessage`."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Self, TypeAlias, TypedDict

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, JSONObject
from django.db.models.lookups import IsNull
from django.utils import timezone

from adsplatform.accounts.models import with_people
from adsplatform.records.specification import entities
from adsplatform.wording import counted, plural
from syncs.models import Correction, ScheduledRun, SyncEntityResult, SyncRequest, SyncResultDetail
from syncs.problem_codes import CODES

Status = SyncRequest.Status


class SummaryColumns(TypedDict):
    """The columns that `with_summary_columns` adds to a sync."""

    sums: dict[str, int] | None
    has_problems: bool
    cured_count: int
    is_scheduled: bool


if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    SummarizedSync: TypeAlias = WithAnnotations[SyncRequest, SummaryColumns]


@dataclass(frozen=True, slots=True)
class Totals:
    """The counts of a sync's lines, over every kind of record."""

    lines_read: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    deleted_by_match: int = 0
    deleted_as_missing: int = 0
    skipped: int = 0
    rejected: int = 0
    warnings: int = 0

    @classmethod
    def of(cls, results: Iterable[SyncEntityResult]) -> Self:
        """The sums over the results of one sync."""
        results = list(results)
        return cls(**{field.name: sum(getattr(result, field.name) for result in results) for field in fields(cls)})

    @property
    def deleted(self) -> int:
        return self.deleted_by_match + self.deleted_as_missing

    @property
    def changes(self) -> int:
        return self.inserted + self.updated + self.deleted


@dataclass(frozen=True, slots=True)
class Outcome:
    """`tone` is idle, busy, good, warn or bad; `label` a badge's text; `sentence` says the rest."""

    tone: str
    label: str
    sentence: str


@dataclass(frozen=True, slots=True)
class SyncSummary:
    """A sync with the counts of its lines, and the outcome in words."""

    sync: SyncRequest
    totals: Totals
    has_problems: bool
    cured_count: int
    is_scheduled: bool

    @classmethod
    def of(cls, sync: "SummarizedSync") -> Self:
        """The summary of a sync that was read with `with_summary_columns`."""
        return cls(sync, Totals(**(sync.sums or {})), sync.has_problems, sync.cured_count, sync.is_scheduled)

    @property
    def outcome(self) -> Outcome:
        return outcome_of(self)


def with_summary_columns(syncs: QuerySet[SyncRequest]) -> "QuerySet[SummarizedSync]":
    """The syncs with all that a SyncSummary needs, in the same query."""
    sums = (
        SyncEntityResult.objects.filter(sync_request=OuterRef("pk"))
        .order_by()
        .values("sync_request")
        .annotate(sums=JSONObject(**{field.name: Sum(field.name) for field in fields(Totals)}))
        .values("sums")
    )
    cured = Correction.objects.cured().filter(sync_request=OuterRef("pk")).order_by().values("sync_request")
    rows = with_people(syncs.select_related("app_enrollment__app", "upload", "same_content_as"), "modified_user")
    return rows.annotate(
        sums=Subquery(sums),
        has_problems=has_problems(),
        cured_count=Coalesce(Subquery(cured.annotate(count=Count("*")).values("count")), 0),
        is_scheduled=Exists(ScheduledRun.objects.filter(sync_request=OuterRef("pk"))),
    )


def has_problems() -> Q:
    """Whether a sync left a line out or has another error, such as a file that could not be read.

    A sync that succeeded with problems is “finished with problems” in every interface.
    """
    with_rejected_lines = SyncEntityResult.objects.filter(sync_request=OuterRef("pk"), rejected__gt=0)
    errors = SyncResultDetail.objects.filter(sync_request=OuterRef("pk"), kind=SyncResultDetail.Kind.ERROR)
    # Not an EXISTS, and in the order of an index: otherwise PostgreSQL may read all details to answer for a page of
    # syncs.
    first_error = Subquery(errors.order_by("code").values("code")[:1])
    return Q(Exists(with_rejected_lines)) | Q(IsNull(first_error, False))


def outcome_of(summary: SyncSummary) -> Outcome:
    """The state of a sync, or its outcome."""
    sync = summary.sync
    match sync.status_code:
        case Status.READY:
            return Outcome("idle", "Ready", "Asked for; it joins the queue next.")
        case Status.CONNECTOR if sync.next_try:
            return Outcome("warn", "Waiting to try again", _waiting_to_try_again(sync))
        case Status.CONNECTOR:
            return Outcome("idle", "Connector", "In the queue, waiting for its turn.")
        case Status.IN_PROGRESS:
            doing = "Preview" if sync.dry_run else "Loading"
            return Outcome("busy", "In Progress", f"{doing}: {counted(sync.lines_read, 'line')} read so far.")
        case Status.FAILED:
            reason = sync.process_result_message or "No reason was recorded."
            cured = f" {counted(summary.cured_count, 'line')} cured since." if summary.cured_count else ""
            return Outcome("bad", "Failed", reason + cured)
        case Status.CANCELLED:
            return Outcome("idle", "Cancelled", sync.process_result_message or "Nothing was changed.")
    return _outcome_of_success(summary)


def whole_reason(sync: SyncRequest) -> str:
    """Why a sync failed, in full, where its message had to be cut; else empty."""
    start = sync.process_result_message.removesuffix("…")
    if sync.status_code != Status.FAILED or start == sync.process_result_message:
        return ""
    same = sync.details.filter(code=sync.failure_code, message__startswith=start)
    return same.order_by("id").values_list("message", flat=True).first() or ""


def will_try_again(sync: SyncRequest) -> str:
    """Will try again at 14:30 UTC; with the day, unless that is today."""
    if sync.next_try is None:
        return ""
    at, now = timezone.localtime(sync.next_try), timezone.localtime()
    if at <= now:
        return "Will try again in a moment."
    day = "" if at.date() == now.date() else f"{at:%-d %b %Y}, "
    return f"Will try again at {day}{at:%H:%M %Z}."


def who_acts(sync: SyncRequest) -> str:
    """Who has to act after a failure; "" if there is nothing to do."""
    if sync.status_code != Status.FAILED or sync.failure_code not in CODES:
        return ""
    return CODES[sync.failure_code].who.value


def result_message(results: list[SyncEntityResult], *, has_unread: bool = False) -> str:
    """What a sync did, in one sentence of at most 200 characters, and another if a file could not be read."""
    totals = Totals.of(results)
    read, rejected = totals.lines_read, totals.rejected
    unread = _UNREAD if has_unread and not rejected else ""
    if not read and not totals.deleted:
        return f"Nothing new: the source had no lines.{unread}"
    if not rejected and totals.unchanged == read and not totals.deleted:
        return f"Nothing new: {counted(read, 'line')} looked at, none had changed.{unread}"
    counts = [
        (totals.inserted, "added"),
        (totals.updated, "changed"),
        (totals.deleted, "deleted"),
        (totals.unchanged, "unchanged"),
        (totals.skipped, "skipped"),
    ]
    done = ", ".join(f"{count:,} {word}" for count, word in counts if count)
    noun = _noun([result.entity for result in results if result.lines_read], read)
    if rejected:
        return f"{read - rejected:,} of {read:,} {noun} loaded, {counted(rejected, 'line')} rejected ({done})."
    return f"{read:,} {noun} loaded: {done}.{unread}"


def preview_message(results: list[SyncEntityResult], *, has_unread: bool = False) -> str:
    """What a sync would do, in one sentence of at most 200 characters."""
    totals = Totals.of(results)
    counts = [(totals.inserted, "added"), (totals.updated, "changed"), (totals.deleted, "deleted")]
    changes = [(count, word) for count, word in counts if count]
    would = [f"{count:,} {word}" for count, word in changes[1:]]
    would.insert(0, f"{changes[0][0]:,} would be {changes[0][1]}" if changes else "no record would change")
    if totals.rejected:
        would.append(f"{counted(totals.rejected, 'line')} would not be loaded")
    return f"Preview: {', '.join(would)}. Nothing was changed.{_UNREAD if has_unread else ''}"


_UNREAD = " Not every file could be read; the problems say why."


def _noun(kinds: list[str], count: int) -> str:
    """The word for lines of these kinds of record."""
    entity = entities().get(kinds[0]) if len(kinds) == 1 else None
    return plural(count, entity.singular, entity.plural) if entity else plural(count, "line")


def _waiting_to_try_again(sync: SyncRequest) -> str:
    sentence = f"{sync.process_result_message} {will_try_again(sync)}"
    tries = sync.failure_count + sync.crash_count
    return f"{sentence} {counted(tries, 'try has failed', 'tries have failed')} so far." if tries else sentence


def _outcome_of_success(summary: SyncSummary) -> Outcome:
    sync, totals = summary.sync, summary.totals
    if sync.dry_run:
        return Outcome("warn" if summary.has_problems else "good", "Preview", sync.process_result_message)
    if totals.rejected:
        accepted = totals.lines_read - totals.rejected
        return Outcome(
            "warn",
            "Finished with problems",
            f"{accepted:,} of {counted(totals.lines_read, 'line')} loaded, "
            f"{totals.rejected:,} not loaded{_cured(summary)}. {_changes(totals)}",
        )
    if summary.has_problems:
        return Outcome("warn", "Finished with problems", f"Something in it could not be used. {_changes(totals)}")
    if not totals.lines_read and not totals.changes:
        return Outcome("good", "Nothing new", "There was nothing to load.")
    if not totals.changes:
        return Outcome("good", "Nothing new", f"{counted(totals.lines_read, 'line')} looked at, none had changed.")
    return Outcome("good", "Success", f"{counted(totals.lines_read, 'line')} read. {_changes(totals)}")


def _cured(summary: SyncSummary) -> str:
    """How many of the lines that were not loaded are cured; the counts themselves stay as they were."""
    if not summary.cured_count:
        return ""
    if summary.cured_count == summary.totals.rejected:
        return plural(summary.totals.rejected, ", cured since", ", all of them cured since")
    return f", {summary.cured_count:,} of them cured since"


def _changes(totals: Totals) -> str:
    """No record changed. / 12 records added, 3 changed."""
    if not totals.changes:
        return "No record changed."
    counts = [
        (totals.inserted, "added"),
        (totals.updated, "changed"),
        (totals.deleted, "deleted"),
        (totals.unchanged, "already the same"),
    ]
    (first, word), *others = [(count, word) for count, word in counts if count]
    return ", ".join([f"{counted(first, 'record')} {word}", *(f"{count:,} {word}" for count, word in others)]) + "."
