"""The first records of each stream, by which people say what it is."""

import contextlib
import time
from collections.abc import Generator, Iterator

from syncs.connectors.protocol import RowProblem, SourceItem
from syncs.connectors.singer.catalog import Offered, by_message_name, wanted
from syncs.connectors.singer.form import Plan
from syncs.connectors.singer.run import TapRun
from syncs.connectors.singer.streams import Stream

# How many streams are looked at, for how long, and after how many records too many of one the tap is started again
# without it, so that the others have their turn.
MOST_STREAMS, SECONDS, PASSED_OVER = 30, 30.0, 2_000


def excerpt(plan: Plan, rows: int) -> Iterator[SourceItem]:
    """The header and at most `rows` rows of each stream, under its own names; raises ConnectorError."""
    until = time.monotonic() + SECONDS
    with TapRun(plan) as run:
        offered = wanted(run.discover(), plan)
        left = {stream.id: stream for stream in offered[:MOST_STREAMS]}
        yield from (_not_looked_at(stream, f"only {MOST_STREAMS} are") for stream in offered[MOST_STREAMS:])
        while left and time.monotonic() < until:
            begun = yield from _look(run, left, rows, until)
            if not begun:
                break
            for name in begun:
                left.pop(name, None)
    yield from (_not_looked_at(stream, "it sent nothing in time") for stream in left.values())


def _look(run: TapRun, left: dict[str, Offered], rows: int, until: float) -> Generator[SourceItem, None, set[str]]:
    """One run of the tap, as long as no stream is far longer than what is wanted; returns those that have been seen."""
    streams = {name: Stream(name) for name in left}
    by_message = {name: streams[id] for name, id in by_message_name(left.values()).items()}
    taken = dict.fromkeys(streams, 0)
    seen: set[str] = set()
    with contextlib.closing(run.messages(left.keys(), None)) as coming:
        for messages, _ in coming:
            for message in messages:
                stream = by_message.get(message.stream)
                if stream and message.type == "SCHEMA":
                    yield from stream.begin(message.schema_object)
                elif stream and message.type == "RECORD" and isinstance(message.record, dict):
                    seen.add(stream.name)
                    taken[stream.name] += 1
                    if taken[stream.name] <= rows:
                        yield from stream.add(message.record)
            if max(taken.values()) > rows + PASSED_OVER or time.monotonic() > until:
                break
        else:
            # It has ended by itself, so there is no more of any.
            seen.update(streams)
    for stream in streams.values():
        if stream.name in seen:
            yield from stream.flush()
    return seen


def _not_looked_at(stream: Offered, why: str) -> RowProblem:
    return RowProblem(
        stream.id,
        stream.id,
        None,
        "stream_not_read",
        f"The stream “{stream.id}” was not looked at: {why}. Name in the settings the streams that are to be read.",
        kind="warning",
    )
