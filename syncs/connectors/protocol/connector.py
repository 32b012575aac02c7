"""The base of all connectors."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace

from syncs.connectors.protocol.declarations import ApplicationEntry, Choice, Field, Form, KindOffered, Programs
from syncs.connectors.protocol.items import SourceItems, SyncEnd
from syncs.connectors.protocol.source import Source, Vocabulary


class Connector(ABC):
    """Reads one kind of source. One object serves all enrollments, so it keeps nothing between two calls."""

    application: ApplicationEntry
    # Whether it reads files: by import profiles, and with keys that a spreadsheet may have changed; a record's key in a
    # database is what it is.
    reads_files = False
    # Whether `put_away` is to be called after each of its syncs.
    puts_files_away = False

    @abstractmethod
    def rows(self, source: Source) -> SourceItems:
        """Yield everything that is in the source; raise ConnectorError if it cannot be read to its end."""

    def put_away(self, source: Source, end: SyncEnd) -> None:
        """Do with the files that a sync has read what is to be done once it has ended, such as moving them.

        Its outcome is committed by then, so this cannot change it, and it may never be called, if the process dies.
        `source.state` is what the sync's bookmarks said, stored only if `end.is_loaded`. Raises ConnectorError.
        """
        return

    def check(self, settings: Mapping[str, str], credentials: Mapping[str, str]) -> str:
        """Try whether the source can be reached; returns a sentence that says what was found there.

        A person waits for the answer, so it asks for little. Raises ConnectorError.
        """
        return ""

    def sample(
        self, settings: Mapping[str, str], credentials: Mapping[str, str], vocabulary: Vocabulary, rows: int
    ) -> SourceItems:
        """At most so many rows of each kind, by which a person sees what would load; nothing if that costs much.

        A person waits for them. Raises ConnectorError.
        """
        return iter(())

    def programs(self, settings: Mapping[str, str]) -> Programs:
        """The programs that it starts with these settings; no others can be started. Raises ConnectorError."""
        return Programs()

    def kinds(self) -> Sequence[KindOffered]:
        """The kinds of record that can be read, in the order in which they should be loaded.

        A full sync that finds none of a kind of which there were records keeps these, and says so.
        """
        return ()

    def choices(self, field: Field, settings: Mapping[str, str], credentials: Mapping[str, str]) -> Sequence[Choice]:
        """What the source offers for a field of the type `choice` that has no choices of its own.

        It is asked with what has been entered so far; raises ConnectorError if the source cannot be reached with that.
        """
        return ()

    def describe(self, settings: Mapping[str, str] | None = None, credentials: Mapping[str, str] | None = None) -> Form:
        """The form by which people enrol; with values that have been entered, the source is asked for choices.

        Raises ConnectorError if it cannot be reached with them.
        """
        is_asked = settings is not None or credentials is not None

        def filled(field: Field) -> Field:
            if field.type == "kinds" and not field.choices:
                return replace(field, choices=tuple(Choice(kind.kind, kind.label) for kind in self.kinds()))
            if field.type == "choice" and not field.choices and is_asked:
                return replace(field, choices=tuple(self.choices(field, settings or {}, credentials or {})))
            return field

        declared = self.application
        asked_for = [field for field in declared.credentials if not field.is_granted]
        return Form(tuple(map(filled, declared.settings)), tuple(map(filled, asked_for)))
