"""The connector: its form, and the order in which it reads the kinds of record."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TypeAlias
from uuid import UUID

from syncs.connectors import register
from syncs.connectors.long_texts import shorten
from syncs.connectors.protocol import (
    AllKeys,
    ApplicationEntry,
    Bookmark,
    Choice,
    Connector,
    ConnectorError,
    Field,
    JsonValue,
    KindOffered,
    Rows,
    Source,
    SourceItems,
    Vocabulary,
)
from syncs.connectors.tryton import invoices, ledger, parties, settlements
from syncs.connectors.tryton.json_rpc import JsonRpcServer
from syncs.connectors.tryton.kinds import Books, Kind
from syncs.connectors.tryton.record import Record, Row
from syncs.connectors.tryton.rest import RestServer
from syncs.connectors.tryton.server import Connection, Server, pages

FILE = "Tryton"
KINDS: tuple[Kind, ...] = (
    ledger.CURRENCY,
    ledger.YEAR,
    parties.COMPANIES,
    parties.CONTACTS,
    ledger.ACCOUNTS,
    ledger.BALANCES,
    invoices.INVOICES,
    invoices.LINES,
    settlements.PAYMENTS,
    settlements.PAYMENTS_APPLIED,
    settlements.CREDITS_APPLIED,
    ledger.ENTRIES,
    ledger.ENTRY_LINES,
)
Values: TypeAlias = Mapping[str, str]
OVERLAP = Field(
    name="overlap",
    label="Minutes read again",
    type="number",
    default="60",
    help_text="A long piece of work in Tryton appears under the time at which it began. So a sync of changes reads "
    "again what was written in so many minutes before the last one.",
)
COMPARED = Field(
    name="comparedHours",
    label="Hours between comparisons of keys",
    type="number",
    default="24",
    help_text="A sync of changes finds records that were deleted in Tryton by comparing all keys, at most so often; "
    "0 compares in each sync.",
)


@register
class Tryton(Connector):
    """Loads the books of one company from Tryton."""

    application = ApplicationEntry(
        app_id=UUID("3b9b1c52-7d7e-4a61-8a0b-5ce9c1d0b8f4"),
        connector="tryton",
        name="Tryton",
        description="Loads companies, invoices, payments and the ledger from the Tryton ERP, series 6.0 or later.",
        app_type="ERP",
        group="ERP",
        settings=(
            Field(
                name="company",
                label="Company",
                type="choice",
                help_text="Which company’s books are read; needed where the database has several.",
            ),
            Field(
                name="kinds",
                label="What is read",
                type="kinds",
                help_text="What is not chosen stays in the books as it is. Records that refer to others need these: "
                "invoices their companies, lines their invoices.",
            ),
            OVERLAP,
            COMPARED,
        ),
        credentials=(
            Field(
                name="serverName",
                label="Address of the server",
                type="address",
                is_required=True,
                help_text="Like https://tryton.example.com.",
            ),
            Field(name="tenant", label="Database", is_required=True),
            Field(
                name="authToken",
                label="Key",
                type="password",
                is_secret=True,
                help_text="For series 8.0 or later: a key of the application “REST API”, from the preferences of the "
                "user. Otherwise leave it empty, and enter user and password.",
            ),
            Field(name="username", label="User", help_text="For series before 8.0."),
            Field(name="password", label="Password", type="password", is_secret=True),
        ),
    )

    def kinds(self) -> Sequence[KindOffered]:
        return [
            KindOffered(kind.kind, kind.label, kind.is_incremental, "by comparing keys" if kind.has_keys else "")
            for kind in KINDS
        ]

    def choices(self, field: Field, settings: Values, credentials: Values) -> Sequence[Choice]:
        with _server(credentials) as server:
            return [Choice(str(each.id), each.text_of("party", "name") or str(each.id)) for each in _companies(server)]

    def check(self, settings: Values, credentials: Values) -> str:
        with _server(credentials) as server:
            books = _books(server, settings)
            name = next((each.text_of("party", "name") for each in _companies(server) if each.id == books.company), "")
            domain: list[object] = [invoices.STATES, ["company", "=", books.company]]
            found = len(server.search("account.invoice", domain, ["id"], MOST_COUNTED))
        count = f"more than {MOST_COUNTED - 1:,}" if found == MOST_COUNTED else f"{found:,}"
        return f"Found the books of “{name}” in {books.currency}, with {count} posted invoices."

    def sample(self, settings: Values, credentials: Values, vocabulary: Vocabulary, rows: int) -> SourceItems:
        chosen = self.describe().kinds_in(settings)
        with _server(credentials) as server:
            books = _books(server, settings)
            for kind in KINDS:
                if not chosen or kind.kind in chosen:
                    yield from _block(kind, next(kind.rows(books, None), [])[:rows], 1)

    def rows(self, source: Source) -> SourceItems:
        _whole_number(source.settings, OVERLAP)
        _whole_number(source.settings, COMPARED)
        with _server(source.credentials) as server:
            books = _books(server, source.settings)
            for kind in KINDS:
                if source.wants(kind.kind):
                    yield from _Reading(source, books, kind).items()


MOST_COUNTED = 1_001


class _Reading:
    """One kind that is read for a sync, completely or what has changed."""

    def __init__(self, source: Source, books: Books, kind: Kind) -> None:
        self.source, self.books, self.kind = source, books, kind
        self._line = 0
        state = source.state.get(kind.kind)
        self._state: dict[str, JsonValue] = dict(state) if isinstance(state, dict) else {}

    def items(self) -> SourceItems:
        # The time of the first answer, so that what is written meanwhile is read the next time.
        begun = self.books.server.now
        since = self._moment("since")
        is_lost = since is not None and self.kind.has_lost(self.books, since)
        if not self.kind.is_incremental or is_lost:
            since = None
        for rows in self.kind.rows(self.books, since):
            yield from _block(self.kind, rows, self._line + 1)
            self._line += len(rows)
        if not self.kind.has_keys:
            return
        if not self.source.full and (is_lost or self._is_due(begun)):
            yield from self._all_keys()
            self._state["compared"] = begun.isoformat()
        overlap = timedelta(minutes=_whole_number(self.source.settings, OVERLAP))
        if self.source.full:
            self._state["compared"] = begun.isoformat()
        self._state["since"] = (begun - overlap).isoformat()
        yield Bookmark(self.kind.kind, self._state)

    def _is_due(self, now: datetime) -> bool:
        """Whether the keys were last compared long enough ago."""
        compared = self._moment("compared")
        hours = _whole_number(self.source.settings, COMPARED)
        return compared is None or now - compared >= timedelta(hours=hours)

    def _moment(self, name: str) -> datetime | None:
        text = self._state.get(name)
        return datetime.fromisoformat(text) if isinstance(text, str) else None

    def _all_keys(self) -> Iterator[AllKeys]:
        waiting: list[str] = []
        for keys in self.kind.keys(self.books):
            if waiting:
                yield AllKeys(self.kind.name, FILE, waiting, is_last=False)
            waiting = keys
        yield AllKeys(self.kind.name, FILE, waiting, is_last=True)


def _block(kind: Kind, rows: list[Row], first: int) -> SourceItems:
    """Rows of one kind, the first of which has this number."""
    if not rows:
        return
    lines = range(first, first + len(rows))
    problems = [
        problem
        for line, row in zip(lines, rows, strict=True)
        for problem in shorten(kind.name, FILE, line, row, kind.most)
    ]
    raw = [json.dumps(row, ensure_ascii=False) for row in rows]
    yield Rows(kind.name, FILE, list(rows[0]), [list(row.values()) for row in rows], list(lines), raw)
    yield from problems


@contextmanager
def _server(credentials: Values) -> Iterator[Server]:
    connection = Connection(credentials.get("serverName", ""))
    try:
        database = credentials.get("tenant", "")
        if key := credentials.get("authToken", "").strip():
            if not (key.isascii() and key.isprintable()):
                raise ConnectorError(
                    "The key has a character that no key of Tryton has. Copy it again, without what stands around it.",
                    code="bad_setting",
                )
            yield RestServer(connection, database, key)
        elif (user := credentials.get("username")) and (password := credentials.get("password")):
            yield JsonRpcServer(connection, database, user, password)
        else:
            raise ConnectorError(
                "Enter a key of the REST interface, or for series before 8.0 a user and its password.",
                code="bad_setting",
            )
    finally:
        connection.close()


def _companies(server: Server) -> list[Record]:
    return [each for page in pages(server, "company.company", [], ["party.name", "currency.code"]) for each in page]


def _books(server: Server, settings: Values) -> Books:
    companies = _companies(server)
    chosen = settings.get("company", "")
    found = [each for each in companies if not chosen or str(each.id) == chosen]
    if len(found) != 1:
        known = ", ".join(f"{each.id} ({each.text_of('party', 'name')})" for each in companies)
        raise ConnectorError(
            f"The setting “Company” is “{chosen}”. Choose one of those in the database: {known or 'there is none'}.",
            code="bad_setting",
        )
    server.use_company(found[0].id)
    party = found[0].related("party")
    return Books(server, found[0].id, party.id if party else 0, found[0].text_of("currency", "code") or "")


def _whole_number(settings: Values, field: Field) -> int:
    text = settings.get(field.name) or field.default
    if text.isascii() and text.isdigit() and len(text) <= 6:
        return int(text)
    raise ConnectorError(
        f"The setting “{field.label}” is “{text}”. Write a whole number of 0 or more.", code="bad_setting"
    )


__all__ = ["Tryton"]
