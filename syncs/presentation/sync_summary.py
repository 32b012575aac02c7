"""How a sync stands or went, in words for people: its tone, a headline and a sentence."""

from dataclasses import dataclass, fields

from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import Count, Exists, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce, JSONObject
from django.utils import timezone

from adsplatform.wording import counted, plural
from adsplatform.zones import format_in_zone
from syncs.models import SyncEntityResult, SyncRequest, SyncResultDetail
from syncs.models.corrections import Correction
from syncs.models.scheduled_runs import ScheduledRun
from syncs.problem_codes import CODES

Status = SyncRequest.Status


@dataclass(frozen=True, slots=True)
class Totals:
    """What became of all lines of a sync, over every kind of record."""

    lines_read: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    deleted_by_match: int = 0
    deleted_as_missing: int = 0
    skipped: int = 0
    rejected: int = 0
    warnings: int = 0

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


def told(syncs):
    """The syncs with all that `outcome_of` needs, in the same query."""
    names = [field.name for field in fields(Totals)]
    sums = (
        SyncEntityResult.objects.filter(sync_request=OuterRef("pk"))
        .order_by()
        .values("sync_request")
        .annotate(sums=JSONObject(**{name: Sum(name) for name in names}))
        .values("sums")
    )
    cured = Correction.objects.cured().filter(sync_request=OuterRef("pk")).order_by().values("sync_request")
    cured = cured.annotate(count=Count("*")).values("count")
    return syncs.select_related("app_enrollment__app", "upload", "modified_user", "same_content_as").annotate(
        sums=Subquery(sums),
        first_error=_first_error(),
        cured=Coalesce(Subquery(cured), 0),
        is_scheduled=Exists(ScheduledRun.objects.filter(sync_request=OuterRef("pk"))),
    )


def with_problems(syncs):
    """Those of the told syncs that left a line out, or have an error to show."""
    return syncs.filter(Q(first_error__isnull=False) | Q(sums__rejected__gt=0))


def without_problems(syncs):
    return syncs.filter(Q(sums__isnull=True) | Q(sums__rejected=0), first_error__isnull=True)


def totals_of(sync_request) -> Totals:
    return Totals(**(sync_request.sums or {}))


def outcome_of(sync_request) -> Outcome:
    """A sync that came out of `told`, in words."""
    totals = totals_of(sync_request)
    match sync_request.status_code:
        case Status.READY:
            return Outcome("idle", "Ready", "Asked for; it joins the queue next.")
        case Status.CONNECTOR if sync_request.next_try:
            tries = sync_request.failure_count + sync_request.crash_count
            before = counted(tries, "try has failed", "tries have failed")
            sentence = f"{sync_request.process_result_message} {will_try_again(sync_request)}"
            return Outcome("warn", "Waiting to try again", f"{sentence} {before} so far." if tries else sentence)
        case Status.CONNECTOR:
            return Outcome("idle", "Connector", "In the queue, waiting for its turn.")
        case Status.IN_PROGRESS:
            so_far = counted(sync_request.lines_read, "line")
            doing = "Preview" if sync_request.dry_run else "Loading"
            return Outcome("busy", "In Progress", f"{doing}: {so_far} read so far.")
        case Status.FAILED:
            reason = sync_request.process_result_message or "No reason was recorded."
            since = f" {counted(sync_request.cured, 'line')} cured since." if sync_request.cured else ""
            return Outcome("bad", "Failed", reason + since)
        case Status.CANCELLED:
            return Outcome("idle", "Cancelled", sync_request.process_result_message or "Nothing was changed.")
    if sync_request.dry_run:
        tone = "warn" if totals.rejected or sync_request.first_error else "good"
        return Outcome(tone, "Preview", sync_request.process_result_message)
    if totals.rejected:
        accepted = totals.lines_read - totals.rejected
        return Outcome(
            "warn",
            "Finished with problems",
            f"{intcomma(accepted)} of {counted(totals.lines_read, 'line')} loaded, "
            f"{intcomma(totals.rejected)} not loaded{_cured(sync_request, totals)}. {_changes(totals)}",
        )
    if sync_request.first_error:
        return Outcome("warn", "Finished with problems", f"Something in it could not be used. {_changes(totals)}")
    if not totals.lines_read and not totals.changes:
        return Outcome("good", "Nothing new", "There was nothing to load.")
    if not totals.changes:
        return Outcome("good", "Nothing new", f"{counted(totals.lines_read, 'line')} looked at, none had changed.")
    return Outcome("good", "Success", f"{counted(totals.lines_read, 'line')} read. {_changes(totals)}")


def will_try_again(sync_request) -> str:
    """Will try again at 14:30 UTC; with the day, unless that is today."""
    at, now = timezone.localtime(sync_request.next_try), timezone.localtime()
    if at <= now:
        return "Will try again in a moment."
    day = "" if at.date() == now.date() else f"{at:%-d %b %Y}, "
    return f"Will try again at {day}{at:%H:%M %Z}."


def who_acts(sync_request) -> str:
    """Whose turn it is after a failure; "" where there is nothing to do."""
    if sync_request.status_code != Status.FAILED or sync_request.failure_code not in CODES:
        return ""
    return CODES[sync_request.failure_code].who.value


def steps_of(sync_request) -> list[dict]:
    """The way of a sync: the steps behind it, the one it is at, those to come, with their times."""
    now = sync_request.status_code
    way = [
        (Status.READY, sync_request.created),
        (Status.CONNECTOR, None),
        (Status.IN_PROGRESS, sync_request.started),
    ]
    if sync_request.is_finished:
        # A sync that was cancelled in the queue never was in progress.
        steps = [_step(name, at, "done") for name, at in way if at or name != Status.IN_PROGRESS]
        return [*steps, _step(now, sync_request.finished, "now")]
    position = [name for name, _ in way].index(now)
    states = ["done"] * position + ["now"] + ["open"] * len(way)
    steps = [_step(name, at, state) for (name, at), state in zip(way, states, strict=False)]
    return [*steps, _step("Outcome", None, "open")]


def _step(name, at, state) -> dict:
    return {"name": name, "at": at, "state": state}


def schedule_told(sync_request) -> list[str]:
    """For which times of its schedule a sync runs, and which had been missed; nothing where none asked for it."""
    runs = list(sync_request.scheduled_runs.select_related("group_key").order_by("slot"))
    if not runs:
        return []
    zone = runs[0].group_key.time_zone
    sentences = [f"Asked for by the schedule, for {format_in_zone(runs[0].slot, zone)}."]
    if others := runs[1:]:
        sentences.append(
            f"{counted(len(others), 'more run')} came round while it waited, the last for "
            f"{format_in_zone(others[-1].slot, zone)}; one sync does for all."
        )
    for run in runs:
        if run.missed_runs == 1:
            sentences.append(f"The run of {format_in_zone(run.missed_from, zone)} was missed; this one catches up.")
        elif run.missed_runs:
            sentences.append(
                f"{run.missed_runs:,} runs were missed between {format_in_zone(run.missed_from, zone)} and "
                f"{format_in_zone(run.missed_until, zone)}; this one catches up."
            )
    return sentences


def _cured(sync_request, totals: Totals) -> str:
    """What has become of the lines that were not loaded; the counts themselves stay as they were."""
    if not sync_request.cured:
        return ""
    if sync_request.cured == totals.rejected:
        return plural(totals.rejected, ", cured since", ", all of them cured since")
    return f", {intcomma(sync_request.cured)} of them cured since"


def _first_error():
    """The code of one of a sync's errors, or null.

    Not an EXISTS, and in an index's order: else PostgreSQL may read every detail there is to answer for
    a page of syncs.
    """
    errors = SyncResultDetail.objects.filter(sync_request=OuterRef("pk"), kind=SyncResultDetail.Kind.ERROR)
    return Subquery(errors.order_by("code").values("code")[:1])


def _changes(totals: Totals) -> str:
    """No record changed. / 12 records added, 3 changed."""
    parts = [
        (totals.inserted, "added"),
        (totals.updated, "changed"),
        (totals.deleted, "deleted"),
        (totals.unchanged, "already the same"),
    ]
    said = [(number, word) for number, word in parts if number]
    if not totals.changes:
        return "No record changed."
    (first, word), *rest = said
    return ", ".join([f"{counted(first, 'record')} {word}"] + [f"{intcomma(n)} {w}" for n, w in rest]) + "."
