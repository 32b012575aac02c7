"""What a tap can read, and which of it is read by what."""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any

from syncs.connectors.formats.layouts import best, is_strictly_readable
from syncs.connectors.protocol import ConnectorError, FileLayout, Vocabulary
from syncs.connectors.singer.form import INCREMENTAL, Plan
from syncs.connectors.singer.schemas import columns_of
from syncs.connectors.singer.streams import Stream

NAMED = 20
# What says in a catalogue how a stream is read.
METHODS = {"replication-method", "forced-replication-method", "replication-key", "valid-replication-keys"}


@dataclass(frozen=True, slots=True)
class Offered:
    """A stream of the catalogue: `id` is its name for people, `message_name` that in messages."""

    id: str
    message_name: str
    entry: dict[str, Any]

    @property
    def names(self) -> list[str]:
        """The names of its columns."""
        return [column.name for column in columns_of(self.entry.get("schema") or {})]


def catalog_in(text: bytes, tap: str) -> list[Offered]:
    """The streams of a catalogue; raises ConnectorError where the tap wrote none."""
    try:
        found = json.loads(text)
        entries = found["streams"]
        return [_offered(entry) for entry in entries]
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError):
        raise ConnectorError(
            f"The tap “{tap}” wrote no catalogue of streams when it was asked for one (--discover). Ask whoever runs "
            "the platform whether this program is a tap."
        ) from None


def _offered(entry: dict[str, Any]) -> Offered:
    name = str(entry.get("tap_stream_id") or entry["stream"])
    return Offered(name, str(entry.get("stream") or name), entry)


def wanted(offered: Sequence[Offered], plan: Plan) -> list[Offered]:
    """The streams that the settings name, or all; raises ConnectorError for a name that there is not."""
    known = {stream.id for stream in offered}
    for name in dict.fromkeys((*plan.streams, *plan.incremental)):
        if name not in known:
            raise ConnectorError(
                f"The tap “{plan.tap.name}” has no stream “{name}”. It has {names_of(offered)}.", code="bad_setting"
            )
    return [stream for stream in offered if not plan.streams or stream.id in plan.streams]


def by_message_name(chosen: Iterable[Offered]) -> dict[str, str]:
    """For each name that messages may have the stream that it means; raises ConnectorError where it means two."""
    found: dict[str, str] = {}
    for stream in chosen:
        for name in {stream.id, stream.message_name}:
            if found.setdefault(name, stream.id) != stream.id:
                raise ConnectorError(
                    f"In what the tap sends, the streams “{found[name]}” and “{stream.id}” are both called “{name}”. "
                    "Name one of them in the settings, and enrol once more for the other.",
                    code="bad_setting",
                )
    return found


def names_of(offered: Sequence[Offered]) -> str:
    """The names of streams as words: “a, b and 3 more”."""
    names = [stream.id for stream in offered[:NAMED]]
    if len(offered) > NAMED:
        return f"{', '.join(names)} and {len(offered) - NAMED:,} more"
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names) or "none"


def reader_of(stream: Offered, layouts: Sequence[FileLayout], vocabulary: Vocabulary) -> Stream | None:
    """How a stream is read: by a layout, or by our own names; None if nothing says what it is."""
    if layout := layout_for(stream.id, stream.names, layouts):
        return Stream(stream.id, layout=layout)
    if not vocabulary.kinds():
        # Where there are no kinds of record, every name is one.
        return Stream(stream.id)
    for name in (stream.id, stream.message_name):
        if is_strictly_readable(vocabulary, name, stream.names):
            return Stream(stream.id, vocabulary.kind_named(name))
    return None


def layout_for(name: str, columns: Sequence[str], layouts: Sequence[FileLayout]) -> FileLayout | None:
    """The layout of a stream: one that is for its name, else one for any; raises ConnectorError for several."""
    named = [layout for layout in layouts if layout.file and fnmatch(name.casefold(), layout.file.casefold())]
    others = [layout for layout in layouts if not layout.file]
    return best(named, columns, name) or best(others, columns, name)


def selected(offered: Sequence[Offered], chosen: Collection[str], plan: Plan) -> dict[str, Any]:
    """The catalogue by which only the chosen streams are read, each with all of its columns."""
    return {"streams": [_selected(stream, plan) for stream in offered if stream.id in chosen]}


def _selected(stream: Offered, plan: Plan) -> dict[str, Any]:
    entry = dict(stream.entry)
    metadata = {tuple(one["breadcrumb"]): dict(one.get("metadata") or {}) for one in entry.get("metadata") or ()}
    of_stream = metadata.setdefault((), {})
    of_stream["selected"] = True
    if column := plan.incremental.get(stream.id):
        if column not in stream.names:
            raise ConnectorError(
                f"“{INCREMENTAL.label}” names the column “{column}”, which the stream “{stream.id}” does not have.",
                code="bad_setting",
            )
        of_stream |= {"replication-method": "INCREMENTAL", "replication-key": column}
        entry |= {"replication_method": "INCREMENTAL", "replication_key": column}
    elif not METHODS & (of_stream.keys() | {name.replace("_", "-") for name, value in entry.items() if value}):
        # Some taps refuse a stream of which nobody says how it is to be read.
        of_stream["replication-method"] = "FULL_TABLE"
    for breadcrumb in _properties(entry, metadata):
        of_column = metadata.setdefault(breadcrumb, {})
        of_column["selected"] = of_column.get("inclusion") != "unsupported"
    entry["metadata"] = [{"breadcrumb": list(where), "metadata": what} for where, what in metadata.items()]
    return entry


def _properties(entry: dict[str, Any], metadata: dict[tuple[str, ...], Any]) -> Iterator[tuple[str, ...]]:
    """The places of all columns."""
    for name in (entry.get("schema") or {}).get("properties") or ():
        yield ("properties", name)
    # Those within objects have places of their own in some taps.
    yield from [where for where in metadata if len(where) > 2]
