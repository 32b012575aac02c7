"""The connector for SQL databases: people write a SELECT for each kind of record."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from syncs.connectors import register
from syncs.connectors.protocol import (
    AllKeys,
    ApplicationEntry,
    Bookmark,
    Connector,
    ConnectorError,
    KindOffered,
    Source,
    SourceItem,
    SourceItems,
    Vocabulary,
)
from syncs.connectors.record_kinds import KINDS
from syncs.connectors.sql_database.form import CREDENTIALS, SERVERS, SETTINGS, Plan, login_in, plan_in, server_in
from syncs.connectors.sql_database.snapshot import Snapshot
from syncs.connectors.sql_database.statements import BEGINNING, WITHOUT_KEY, Select

# A person waits for the answer of a check.
CHECK_SECONDS = 20


@register
class SqlDatabase(Connector):
    """Reads the rows of SELECTs, all in one read-only snapshot."""

    application = ApplicationEntry(
        app_id=UUID("6d0f7a52-3c0e-4d6b-9a53-1f1d6a4be004"),
        connector="sql-database",
        name="SQL Database",
        description="Reads a PostgreSQL, MariaDB or MySQL database by one SELECT for each kind of record.",
        app_type="Database",
        group="Databases",
        settings=SETTINGS,
        credentials=CREDENTIALS,
    )

    def kinds(self) -> Sequence[KindOffered]:
        return [
            KindOffered(kind, kind, is_incremental=True, deletes="" if kind in WITHOUT_KEY else "by comparing all keys")
            for kind in KINDS
        ]

    def check(self, settings: Mapping[str, str], credentials: Mapping[str, str]) -> str:
        login = login_in(settings, credentials)
        selects = plan_in(settings).selects
        _, open_snapshot, _ = SERVERS[server_in(settings)]
        with open_snapshot(replace(login, seconds=min(login.seconds, CHECK_SECONDS))) as snapshot:
            found = snapshot.found()
            for select in selects:
                for _ in snapshot.blocks(select, BEGINNING, _no_types, limit=1):
                    pass
        if not selects:
            return f"{found} There is no SELECT yet."
        return f"{found} {'The SELECT works' if len(selects) == 1 else f'The {len(selects)} SELECTs work'}."

    def sample(
        self, settings: Mapping[str, str], credentials: Mapping[str, str], vocabulary: Vocabulary, rows: int
    ) -> SourceItems:
        login = login_in(settings, credentials)
        _, open_snapshot, _ = SERVERS[server_in(settings)]
        with open_snapshot(replace(login, seconds=min(login.seconds, CHECK_SECONDS))) as snapshot:
            for select in plan_in(settings).selects:
                types = partial(vocabulary.known_columns, select.kind)
                yield from snapshot.blocks(select, BEGINNING, types, limit=rows)

    def rows(self, source: Source) -> SourceItems:
        plan = plan_in(source.settings)
        selects = [select for select in plan.selects if source.wants(select.kind)]
        if not selects:
            raise ConnectorError(
                "There is no SELECT to read by. Write one in the settings, for at least one kind of record.",
                code="bad_setting",
            )
        _, open_snapshot, _ = SERVERS[server_in(source.settings)]
        with open_snapshot(login_in(source.settings, source.credentials)) as snapshot:
            for select in selects:
                yield from _Reading(source, plan, snapshot, select).items()


class _Reading:
    """The reading of one kind."""

    def __init__(self, source: Source, plan: Plan, snapshot: Snapshot, select: Select) -> None:
        self.source, self.plan, self.snapshot, self.select = source, plan, snapshot, select
        last = source.state.get(select.kind)
        self.fingerprint = hashlib.sha256(select.text.encode()).hexdigest()[:16]
        # By another SELECT, other rows may have been read.
        is_same = isinstance(last, dict) and last.get("select") == self.fingerprint
        self.last: dict[str, Any] = last if isinstance(last, dict) and is_same else {}

    def items(self) -> Iterator[SourceItem]:
        """What is read of the kind, and the bookmark for the next time."""
        since = self._since()
        types = partial(self.source.vocabulary.known_columns, self.select.kind)
        yield from self.snapshot.blocks(self.select, since, types)
        compared = self.last.get("keysCompared")
        # At the first time there is nothing to delete, and in a full sync what is missing among the rows is deleted.
        is_known = not self.source.full and self.select.kind in self.source.state
        if not is_known or self._is_comparison_due(since):
            compared = self.snapshot.clock.isoformat()
            if is_known and self.select.has_keys:
                yield from self._all_keys()
        yield Bookmark(
            self.select.kind,
            {"read": self.snapshot.clock.isoformat(), "keysCompared": compared, "select": self.fingerprint},
        )

    def _since(self) -> datetime:
        """From when on changes are read: some time before the last reading began, by the database's own clock."""
        if self.source.full or not self.select.is_delta or not self.last:
            return BEGINNING
        return datetime.fromisoformat(self.last["read"]) - self.plan.overlap

    def _is_comparison_due(self, since: datetime) -> bool:
        """Whether to look for deleted records: whenever all rows are read, and as often as the settings say."""
        if since == BEGINNING:
            return True
        compared = self.last.get("keysCompared")
        return not compared or self.snapshot.clock - datetime.fromisoformat(compared) >= self.plan.deletes_every

    def _all_keys(self) -> Iterator[AllKeys]:
        """The keys of all rows."""
        kind, file = self.select.kind, self.select.title
        for keys in self.snapshot.keys(self.select):
            yield AllKeys(kind, file, keys, is_last=False)
        yield AllKeys(kind, file, [], is_last=True)


def _no_types(names: Sequence[str]) -> list[str]:
    return [""] * len(names)
