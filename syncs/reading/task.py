"""What a reading process is to do, as the process of a sync tells it."""

import json
from dataclasses import fields
from datetime import date
from uuid import UUID

import msgspec

from syncs.connectors.protocol import FileLayout, Limits, Source, SyncEnd
from syncs.import_profiles.header_names import key_of
from syncs.reading.questions import Question


class _Layout(msgspec.Struct, array_like=True):
    """A `FileLayout` without its function."""

    profile: str
    title: str
    columns: tuple[str, ...]
    used: tuple[str, ...]
    header: tuple[int, ...]
    encoding: str
    delimiter: str
    sheet: str
    file: str
    has_other_lines: bool
    exact: tuple[str, ...]
    decimal_commas: tuple[str, ...]


class Task(msgspec.Struct, tag=True):
    """What is to be read: the connector, its source but for the upload's content, and the sync, for the log.

    With an `end`, nothing is read: the files are put away that the sync has read.
    """

    connector: str
    sync_id: str
    fetches_data: bool
    app_enrollment_id: UUID
    full: bool
    limits: tuple[int, int, int, int]
    credentials: dict[str, str]
    settings: dict[str, str]
    file_name: str
    format: str
    last_full_sync: date | None
    layouts: list[_Layout]
    # JSON by kind.
    state: dict[str, str]
    kinds: tuple[str, ...]
    end: SyncEnd | None = None

    def source(self) -> Source:
        """The source, still without its content and its vocabulary."""
        layouts = tuple(FileLayout(key_of=key_of, **msgspec.structs.asdict(layout)) for layout in self.layouts)
        return Source(
            app_enrollment_id=self.app_enrollment_id,
            full=self.full,
            limits=Limits(*self.limits),
            credentials=self.credentials,
            settings=self.settings,
            file_name=self.file_name,
            format=self.format,
            last_full_sync=self.last_full_sync,
            layouts=layouts,
            state={kind: json.loads(state) for kind, state in self.state.items()},
            kinds=self.kinds,
        )


def task_of(source: Source, *, connector: str, sync_id: str, fetches_data: bool, end: SyncEnd | None = None) -> Task:
    """The task to read a source, or to put away its files once the sync has had this end."""
    limits = source.limits
    return Task(
        connector=connector,
        sync_id=sync_id,
        fetches_data=fetches_data,
        app_enrollment_id=source.app_enrollment_id,
        full=source.full,
        limits=(limits.unpacked_bytes, limits.ratio, limits.entries, limits.line_bytes),
        credentials=dict(source.credentials),
        settings=dict(source.settings),
        file_name=source.file_name,
        format=source.format,
        last_full_sync=source.last_full_sync,
        layouts=[
            _Layout(*(getattr(layout, field.name) for field in fields(layout) if field.name != "key_of"))
            for layout in source.layouts
        ],
        state={kind: json.dumps(state) for kind, state in source.state.items()},
        kinds=source.kinds,
        end=end,
    )


def encode_task(task: Task | Question) -> bytes:
    return msgspec.msgpack.encode(task)


def decode_task(data: bytes) -> Task | Question:
    return _decoder.decode(data)


_decoder: msgspec.msgpack.Decoder[Task | Question] = msgspec.msgpack.Decoder(Task | Question)
