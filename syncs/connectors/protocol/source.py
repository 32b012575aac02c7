"""What a connector is given: its source, and what the process of the sync does for it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import IO, Protocol, TypeAlias
from uuid import UUID

from syncs.connectors.protocol.items import ConnectorError, FileLayout, JsonValue

# Given the present credentials, returns the new ones, or the same if another process has renewed them already.
Renewal: TypeAlias = Callable[[Mapping[str, str]], Mapping[str, str]]


class Vocabulary(Protocol):
    """The names of the kinds of record that can be loaded and of their columns, spelt as in files.

    A reader of files needs them to find the header, the sheet with the data, and the columns of texts.
    """

    def kind_named(self, name: str) -> str:
        """The kind that a file, a sheet or a list of that name holds; empty if there is none."""

    def known_columns(self, kind: str, names: Sequence[str]) -> Sequence[str]:
        """For each name the type of the kind's column (text, amount, double, integer, boolean, uuid, date, stamp or
        json), or an empty text where the kind has no such column."""

    def has_key(self, kind: str, names: Sequence[str]) -> bool:
        """Whether the names suffice to tell one record of the kind from another."""

    def kinds(self) -> Sequence[str]:
        """All kinds."""


class NoVocabulary:
    """The vocabulary of a source without kinds of record: it knows no name."""

    def kind_named(self, name: str) -> str:
        return ""

    def known_columns(self, kind: str, names: Sequence[str]) -> Sequence[str]:
        return [""] * len(names)

    def has_key(self, kind: str, names: Sequence[str]) -> bool:
        return False

    def kinds(self) -> Sequence[str]:
        return ()


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a source may be: bytes after unpacking and per line, times of its packed size, files in a ZIP."""

    unpacked_bytes: int
    ratio: int
    entries: int
    line_bytes: int


class Budgets(Protocol):
    """What is left of the connector's budgets."""

    def take(self, name: str, amount: int = 1) -> None:
        """Wait until that much of the budget is free, and take it.

        Raises a transient ConnectorError with `retry_after` if that takes longer than a sync should wait.
        """


class Helper(Budgets, Protocol):
    """What the process of the sync does for a connector, which has no database."""

    def renew_credentials(self, renewal: Renewal) -> Mapping[str, str]:
        """See `Source.renew_credentials`."""


@dataclass(frozen=True, slots=True)
class NoHelper:
    """The helper of a source that belongs to no enrollment: it stores nothing and limits nothing."""

    credentials: Mapping[str, str] = field(default_factory=dict)

    def renew_credentials(self, renewal: Renewal) -> Mapping[str, str]:
        return renewal(self.credentials)

    def take(self, name: str, amount: int = 1) -> None:
        """Does nothing."""


@dataclass(frozen=True, slots=True)
class Source:
    """The input of a connector: for which enrollment, how to reach the source, and which kind of sync.

    `content` is the upload as a seekable binary file, if there is one, and `format` its kind: zip, csv, jsonl, batch or
    mended (corrected rows). `last_full_sync` is the day of the last successful full sync, if there was one.
    `vocabulary` has the names of the kinds of record and their columns. `layouts` are those of the enrollment's import
    profiles.

    `state` is what the connector's bookmarks said last, by kind; it is empty in a full sync, at the first time, and
    after somebody asked to read everything again. `kinds` are those chosen in the settings, empty for all.
    """

    app_enrollment_id: UUID
    full: bool
    limits: Limits
    credentials: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    content: IO[bytes] | None = None
    file_name: str = ""
    format: str = ""
    last_full_sync: date | None = None
    vocabulary: Vocabulary = field(default_factory=NoVocabulary)
    layouts: tuple[FileLayout, ...] = ()
    state: Mapping[str, JsonValue] = field(default_factory=dict)
    kinds: tuple[str, ...] = ()
    helper: Helper = field(default_factory=NoHelper)

    @property
    def upload(self) -> IO[bytes]:
        """The content of a source that is an upload."""
        if self.content is None:
            raise ConnectorError("This connector reads uploads only, and there is none.", code="upload_missing")
        return self.content

    @property
    def budget(self) -> Budgets:
        """What is left of the budgets: `source.budget.take("requests")` before each request."""
        return self.helper

    def wants(self, kind: str) -> bool:
        """Whether records of the kind are to be read."""
        return not self.kinds or kind in self.kinds

    def renew_credentials(self, renewal: Renewal) -> Mapping[str, str]:
        """Replace credentials that the source changes while it is read, such as refresh tokens; returns the new ones.

        `renewal` is called with the enrollment's present credentials while no other process can renew them. If these
        are not those of `credentials` any more, another process has renewed them, and `renewal` should return them as
        they are. What it returns is stored at once, whatever becomes of the sync; what it raises is raised here, and
        nothing is stored.
        """
        return self.helper.renew_credentials(renewal)


class ByteStream(Protocol):
    """A file as the readers of file formats need it: read once, from beginning to end."""

    def read(self, size: int, /) -> bytes:
        """The next bytes, at most `size` of them; none at the end."""
