"""Streams of records of a vendor, and how they become rows, deletes and bookmarks of a sync."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from syncs.connectors.cloud_ledger.answers import Entry, Row
from syncs.connectors.long_texts import shorten
from syncs.connectors.protocol import (
    BLOCK_ROWS,
    AllKeys,
    Bookmark,
    Deleted,
    JsonValue,
    KindOffered,
    Rows,
    Source,
    SourceItem,
    SourceItems,
)

Books = TypeVar("Books")
# What was stored shortly before the last sync may have become visible after it.
OVERLAP = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of record, the vendor's word for it, and how many characters its columns hold (`cut`: if required).

    A `child` has no key at the vendor: it is known by that of its record and its place there (`K1-1`, `K1-2` …), so
    that what is no longer there can be deleted.
    """

    kind: str
    label: str
    is_incremental: bool = True
    is_child: bool = False
    has_keys: bool = True
    deletes: str = "as the source says"
    most: Mapping[str, int] = field(default_factory=dict)
    cut: tuple[str, ...] = ()

    @property
    def offered(self) -> KindOffered:
        return KindOffered(self.kind, self.label, self.is_incremental, self.deletes if self.has_keys else "")


@dataclass(frozen=True, slots=True)
class Stream(Generic[Books]):
    """The records of one entity of a vendor, each of which becomes rows of one or several kinds.

    `pages` reads them all, or those that changed since then. `rows` has the rows of one, by kind; a record that is not
    in the books (deleted, a draft) has none. `key` is its ERP key. `gone` has the keys of what was deleted since then;
    None if that is not known any more, so that everything has to be read.
    """

    kinds: tuple[str, ...]
    pages: Callable[[Books, datetime | None], Iterator[list[Entry]]]
    rows: Callable[[Books, Entry], Mapping[str, list[Row]]]
    key: Callable[[Entry], str]
    is_incremental: bool = True
    gone: Callable[[Books, datetime], Sequence[str] | None] | None = None


class Reading(Generic[Books]):
    """What one sync reads from the streams of a vendor."""

    def __init__(self, source: Source, file: str, kinds: Sequence[Kind], books: Books) -> None:
        self.source, self.file, self.books = source, file, books
        self.kinds = {kind.kind: kind for kind in kinds if source.wants(kind.kind)}
        self._lines = dict.fromkeys(self.kinds, 0)
        self._since = {name: self._stored_time(kind) for name, kind in self.kinds.items()}
        # Of each kind of child, the most that a record ever had: so many keys there may be in the books.
        self._most = {name: self._stored_most(kind) for name, kind in self.kinds.items() if kind.is_child}

    def items(self, streams: Sequence[Stream[Books]], begun: Callable[[], datetime]) -> SourceItems:
        """Everything that is to be loaded; `begun` is the vendor's clock at the first answer."""
        streams = [stream for stream in streams if self._chosen(stream)]
        gone = self._find_gone(streams)
        # Of these everything is read, so what is not found has been deleted.
        whole = {name for name, kind in self.kinds.items() if kind.has_keys and self._since[name] is None}
        for position, stream in enumerate(streams):
            since = self._since_of(stream)
            for page in stream.pages(self.books, since):
                yield from self._page(stream, page, whole)
            yield from self._deleted(stream, gone.get(position, ()))
        if not self.source.full:
            for name in sorted(whole):
                yield AllKeys(name, self.file, [], is_last=True)
        for name, kind in self.kinds.items():
            if kind.is_incremental:
                yield self._bookmark(name, begun())

    def _chosen(self, stream: Stream[Books]) -> list[str]:
        return [name for name in stream.kinds if name in self.kinds]

    def _find_gone(self, streams: Sequence[Stream[Books]]) -> dict[int, Sequence[str]]:
        """What was deleted, by the position of the stream; kinds of which that is not known are to be read again."""
        found: dict[int, Sequence[str]] = {}
        lost: set[str] = set()
        for position, stream in enumerate(streams):
            since = self._since_of(stream)
            if stream.gone is None or since is None:
                continue
            keys = stream.gone(self.books, since)
            if keys is None:
                lost.update(self._chosen(stream))
            else:
                found[position] = keys
        for name in lost:
            self._since[name] = None
        return found

    def _since_of(self, stream: Stream[Books]) -> datetime | None:
        """From when on the stream is read; None for all of it."""
        times = [self._since[name] for name in self._chosen(stream) if self.kinds[name].is_incremental]
        known = [time for time in times if time is not None]
        return min(known) if stream.is_incremental and known and len(known) == len(times) else None

    def _page(self, stream: Stream[Books], page: list[Entry], whole: set[str]) -> SourceItems:
        rows: dict[str, list[Row]] = {name: [] for name in self._chosen(stream)}
        missing: dict[str, list[str]] = {name: [] for name in rows}
        for entry in page:
            found, key = stream.rows(self.books, entry), stream.key(entry)
            for name, loaded in rows.items():
                of_kind = found.get(name, [])
                loaded += of_kind
                if self.kinds[name].is_child:
                    self._most[name] = max(self._most[name], len(of_kind))
                    missing[name] += self._child_keys(name, key, len(of_kind))
                elif not of_kind:
                    missing[name].append(key)
        for name, loaded in rows.items():
            yield from self._block(name, loaded)
            if not self.source.full and self.kinds[name].has_keys:
                if name in whole:
                    yield AllKeys(name, self.file, [str(row["erpKey"]) for row in loaded], is_last=False)
                else:
                    yield from self._named(name, missing[name])

    def _block(self, name: str, rows: list[Row]) -> SourceItems:
        kind, problems = self.kinds[name], []
        for start in range(0, len(rows), BLOCK_ROWS):
            some = rows[start : start + BLOCK_ROWS]
            first = self._lines[name] + 1
            self._lines[name] += len(some)
            lines = list(range(first, self._lines[name] + 1))
            problems = [
                problem
                for line, row in zip(lines, some, strict=True)
                for problem in shorten(name, self.file, line, row, kind.most, cut=kind.cut)
            ]
            yield Rows(
                name,
                self.file,
                list(some[0]),
                [list(row.values()) for row in some],
                lines,
                [json.dumps(row, ensure_ascii=False) for row in some],
            )
            yield from problems

    def _deleted(self, stream: Stream[Books], keys: Sequence[str]) -> Iterator[SourceItem]:
        if self.source.full:
            return
        for name in self._chosen(stream):
            if self.kinds[name].is_child:
                yield from self._named(name, [child for key in keys for child in self._child_keys(name, key, 0)])
            else:
                yield from self._named(name, keys)

    def _named(self, name: str, keys: Sequence[str]) -> Iterator[SourceItem]:
        for start in range(0, len(keys), BLOCK_ROWS):
            yield Deleted(name, self.file, keys[start : start + BLOCK_ROWS])

    def _child_keys(self, name: str, key: str, present: int) -> list[str]:
        """The keys that children of the record may have had beyond those which it has."""
        return [child_key(key, place) for place in range(present + 1, self._most[name] + 1)]

    def _bookmark(self, name: str, begun: datetime) -> Bookmark:
        since, stored = begun - OVERLAP, self._stored_time(self.kinds[name])
        state: dict[str, JsonValue] = {"since": (max(since, stored) if stored else since).isoformat()}
        if name in self._most:
            state["most"] = self._most[name]
        return Bookmark(name, state)

    def _stored(self, kind: Kind) -> Mapping[str, JsonValue]:
        state = self.source.state.get(kind.kind)
        return state if isinstance(state, dict) else {}

    def _stored_time(self, kind: Kind) -> datetime | None:
        since = self._stored(kind).get("since")
        return datetime.fromisoformat(since) if isinstance(since, str) and kind.is_incremental else None

    def _stored_most(self, kind: Kind) -> int:
        most = self._stored(kind).get("most")
        return most if isinstance(most, int) else 0


def child_key(key: str, place: int) -> str:
    """The ERP key of what has none at the vendor: that of its record, and its place there, from 1."""
    return f"{key}-{place}"
