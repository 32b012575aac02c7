"""The steps of a sync with their times, and the times of the schedule that it runs for."""

from dataclasses import dataclass
from datetime import datetime

from adsplatform.wording import counted
from adsplatform.zones import format_in_zone
from syncs.models import SyncRequest

Status = SyncRequest.Status


@dataclass(frozen=True, slots=True)
class Step:
    """`state` is done, now or open."""

    name: str
    at: datetime | None
    state: str


def steps_of(sync: SyncRequest) -> list[Step]:
    """The finished steps of a sync, the present one, and those to come."""
    now = sync.status_code
    course: list[tuple[str, datetime | None]] = [
        (Status.READY, sync.created),
        (Status.CONNECTOR, None),
        (Status.IN_PROGRESS, sync.started),
    ]
    if sync.is_finished:
        # A sync that was cancelled in the queue was never in progress.
        steps = [Step(name, at, "done") for name, at in course if at or name != Status.IN_PROGRESS]
        return [*steps, Step(now, sync.finished, "now")]
    position = [name for name, _ in course].index(now)
    states = ["done"] * position + ["now"] + ["open"] * len(course)
    steps = [Step(name, at, state) for (name, at), state in zip(course, states, strict=False)]
    return [*steps, Step("Outcome", None, "open")]


def schedule_sentences(sync: SyncRequest) -> list[str]:
    """The times of its schedule for which a sync runs, and those missed; nothing without a schedule."""
    runs = list(sync.scheduled_runs.select_related("group_key").order_by("slot"))
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
        if run.missed_from is None or run.missed_until is None:
            continue
        missed_from, missed_until = format_in_zone(run.missed_from, zone), format_in_zone(run.missed_until, zone)
        if run.missed_runs == 1:
            sentences.append(f"The run of {missed_from} was missed; this one catches up.")
        else:
            sentences.append(
                f"{run.missed_runs:,} runs were missed between {missed_from} and {missed_until}; this one catches up."
            )
    return sentences
