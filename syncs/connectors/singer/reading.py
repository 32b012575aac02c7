"""One reading of a tap: what it says becomes blocks of rows, problems and bookmarks."""

import contextlib
import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from syncs.connectors.protocol import (
    BLOCK_BYTES,
    AllKeys,
    Bookmark,
    ConnectorError,
    JsonValue,
    RowProblem,
    Source,
    SourceItem,
)
from syncs.connectors.singer.catalog import Offered, by_message_name, names_of, reader_of, wanted
from syncs.connectors.singer.form import SECRETS, Plan, merged, object_in
from syncs.connectors.singer.messages import Message
from syncs.connectors.singer.run import TapRun
from syncs.connectors.singer.streams import Stream

# The state of a tap is one for the whole source.
WHOLE = ""


class Reading:
    """Reads a source by its tap."""

    def __init__(self, source: Source, plan: Plan) -> None:
        self.source, self.plan = source, plan
        self.streams: dict[str, Stream] = {}
        # By their names in messages.
        self._by_message: dict[str, Stream] = {}
        self._state: JsonValue = None
        self._has_state = False
        self._last = _Last(source, plan)
        self._secrets = source.credentials.get(SECRETS.name, "")

    def items(self) -> Iterator[SourceItem]:
        """What the tap finds; raises ConnectorError."""
        with TapRun(self.plan, self.source.limits.line_bytes) as run:
            try:
                offered = wanted(run.discover(), self.plan)
                yield from self._choose(offered)
                state = self._last.state_for(self.streams)
                with contextlib.closing(run.messages(self.streams.keys(), state)) as coming:
                    waiting = 0
                    for messages, size in coming:
                        for message in messages:
                            yield from self._take(message)
                        self._keep_secrets(run)
                        waiting += size
                        if waiting > BLOCK_BYTES:
                            yield from self._flush()
                            waiting = 0
            finally:
                self._keep_secrets(run)
        yield from self._flush()
        yield from self._complete()
        yield self._bookmark()

    def _flush(self) -> Iterator[SourceItem]:
        """The records that wait for more of their stream."""
        for stream in self.streams.values():
            yield from stream.flush()

    def _choose(self, offered: Sequence[Offered]) -> Iterator[RowProblem]:
        """Find out what says what each stream is; those of which nothing does are not read."""
        unknown: list[Offered] = []
        for stream in offered:
            reader = reader_of(stream, self.source.layouts, self.source.vocabulary)
            if reader is None:
                unknown.append(stream)
                continue
            if reader.has_our_names and not self.source.wants(reader.kind):
                continue
            self.streams[stream.id] = reader
        meant = by_message_name(stream for stream in offered if stream.id in self.streams)
        self._by_message = {name: self.streams[id] for name, id in meant.items()}
        if not self.streams and not unknown:
            raise ConnectorError(f"The tap “{self.plan.tap.name}” offers no stream that is to be read.")
        if not self.streams or (unknown and self.plan.streams):
            raise ConnectorError(
                f"Nothing says what is in {names_of(unknown)} of the tap “{self.plan.tap.name}”, so nothing was "
                "loaded. On the page of the enrollment, choose “Say what the streams are”, or name in its "
                "settings the streams that are to be read.",
                code="profile_needed",
            )
        if unknown:
            yield RowProblem(
                self.plan.tap.name,
                self.plan.tap.name,
                None,
                "stream_not_read",
                f"Nothing says what is in {names_of(unknown)}, so that was not read. On the page of the enrollment, "
                "choose “Say what the streams are”, or name in its settings the streams that are to be read.",
                kind="warning",
            )

    def _take(self, message: Message) -> Iterator[SourceItem]:
        # Some taps send the parents of a stream too, which nobody has asked for.
        stream = self._by_message.get(message.stream)
        match message.type:
            case "RECORD" if stream and isinstance(message.record, dict):
                yield from stream.add(message.record)
            case "SCHEMA" if stream:
                yield from stream.begin(message.schema_object)
            case "ACTIVATE_VERSION" if stream:
                stream.version = message.version
            case "STATE":
                self._state, self._has_state = message.state, True
            case "BATCH":
                raise ConnectorError(
                    f"The tap “{self.plan.tap.name}” writes its records into files (BATCH), which are not read. Switch "
                    "that off in its configuration: leave out “batch_config”."
                )

    def _complete(self) -> Iterator[AllKeys]:
        """Say of which streams all records were sent, so that others of their kinds are gone.

        A stream whose records have another version than the last time has sent all that there are. One without any
        says nothing: that a whole kind of record is gone is for a full sync to find.
        """
        by_our_names = Counter(stream.kind for stream in self.streams.values() if stream.has_our_names)
        for name, stream in self.streams.items():
            before = self._last.versions.get(name)
            if stream.has_our_names and by_our_names[stream.kind] > 1:
                continue
            if stream.version is not None and before is not None and before != stream.version and stream.count:
                yield AllKeys(stream.kind, stream.name, [], is_last=True, are_in_rows=True)

    def _bookmark(self) -> Bookmark:
        """What the tap said last of how far it read; it is known only now that it has ended well."""
        versions = {name: stream.version for name, stream in self.streams.items() if stream.version is not None}
        return Bookmark(
            WHOLE,
            {
                "of": self._last.fingerprint,
                "tap": self._state if self._has_state else self._last.state,
                "versions": {**self._last.versions, **versions},
                "readBy": {name: _reader_name(stream) for name, stream in self.streams.items()},
            },
        )

    def _keep_secrets(self, run: TapRun) -> None:
        """Store what the tap has changed of its secrets: it may be lost with the next line."""
        if changed := run.changed_secrets():

            def renewed(present: Mapping[str, str]) -> Mapping[str, str]:
                if present.get(SECRETS.name, "") != self._secrets:
                    # Somebody has entered others meanwhile.
                    return present
                self._secrets = json.dumps(merged(object_in(SECRETS, present), changed))
                return {**present, SECRETS.name: self._secrets}

            self.source.renew_credentials(renewed)


class _Last:
    """What the last bookmark says, as far as it is about the same tap and configuration."""

    def __init__(self, source: Source, plan: Plan) -> None:
        text = json.dumps([plan.tap.name, plan.settings], sort_keys=True)
        self.fingerprint = hashlib.sha256(text.encode()).hexdigest()[:16]
        found = source.state.get(WHOLE)
        is_same = isinstance(found, dict) and found.get("of") == self.fingerprint
        last: Mapping[str, JsonValue] = found if isinstance(found, dict) and is_same else {}
        self.state = last.get("tap")
        self.versions, self.read_by = _members(last.get("versions")), _members(last.get("readBy"))

    def state_for(self, streams: Mapping[str, Stream]) -> JsonValue:
        """The tap's state without what it says of streams that are read in another way now; None for none."""
        others = [
            name
            for name, stream in streams.items()
            if name in self.read_by and self.read_by[name] != _reader_name(stream)
        ]
        if not others or not isinstance(self.state, dict):
            return self.state
        bookmarks = self.state.get("bookmarks")
        if not isinstance(bookmarks, dict):
            # Nobody but the tap knows what its state means.
            return None
        return {**self.state, "bookmarks": {name: of for name, of in bookmarks.items() if name not in others}}


def _members(value: object) -> dict[str, JsonValue]:
    return value if isinstance(value, dict) else {}


def _reader_name(stream: Stream) -> str:
    """By what a stream is read, as a bookmark says it."""
    return stream.layout.profile if stream.layout else stream.kind
