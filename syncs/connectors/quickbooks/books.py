"""How QuickBooks Online is asked, and what is known of the books that are read."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

from syncs.connectors.cloud_ledger.answers import Entry, json_of
from syncs.connectors.cloud_ledger.api import Api
from syncs.connectors.protocol import TENANT

PAGE = 500
# Without it, QuickBooks answers as of years ago.
MINOR_VERSION = ("minorversion", "75")
# How far back changes are known, with a day to spare, and how many of an entity are listed at once.
KNOWN_DAYS, MOST_CHANGES = 29, 1_000


@dataclass(frozen=True)
class Books:
    """A company in QuickBooks."""

    api: Api
    address: str
    company: Entry
    currency: str

    @property
    def own_key(self) -> str:
        return key_of("CompanyInfo", self.company)

    @cached_property
    def accounts(self) -> dict[str, Entry]:
        """All accounts by their ids, of which there are some hundreds at most."""
        return {
            each.text("Id") or "": each for page in paged("Account", has_inactive=True)(self, None) for each in page
        }

    @cached_property
    def terms(self) -> dict[str, str | None]:
        """The names of the terms of payment by their ids."""
        return {each.text("Id") or "": each.text("Name") for page in paged("Term")(self, None) for each in page}


def ask(api: Api, address: str, path: str, *parameters: tuple[str, str]) -> Entry:
    """The answer to a question about the company whose address it is."""
    answer = api.get(f"{address}/{path}", [*parameters, MINOR_VERSION])
    return json_of(answer.content, api.vendor.name)


def company_address(api: str, credentials: "dict[str, str]") -> str:
    """Where the company that is chosen is asked about."""
    return f"{api}/v3/company/{credentials.get(TENANT, '')}"


def query(books: Books, text: str, entity: str) -> list[Entry]:
    """The records that a query finds."""
    return ask(books.api, books.address, "query", ("query", text)).part("QueryResponse").many(entity)


def key_of(entity: str, record: Entry) -> str:
    """The ERP key: ids of QuickBooks are those of one entity only."""
    return f"{entity}|{record.text('Id')}"


def paged(entity: str, *, has_inactive: bool = False) -> Callable[[Books, datetime | None], Iterator[list[Entry]]]:
    """The pages of an entity, in the order of its ids.

    Each page begins with the last record of the one before. If that is another, some were deleted meanwhile and what
    follows has moved up, so the pages are read again from further in front.
    """

    def pages(books: Books, since: datetime | None) -> Iterator[list[Entry]]:
        conditions = ["Active IN (true, false)"] if has_inactive else []
        if since:
            conditions.append(f"MetaData.LastUpdatedTime >= '{moment(since)}'")
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        position, last = 1, ""
        while True:
            text = f"SELECT * FROM {entity}{where} ORDERBY Id ASC STARTPOSITION {position} MAXRESULTS {PAGE}"  # noqa: S608
            found = query(books, text, entity)
            if last and (not found or found[0].text("Id") != last) and position > 1:
                position, last = max(1, position - PAGE), ""
                continue
            if new := found[1:] if last else found:
                yield new
            if len(found) < PAGE:
                return
            position, last = position + len(found) - 1, found[-1].text("Id") or ""

    return pages


def moment(time: datetime) -> str:
    """A time as QuickBooks takes it."""
    return time.astimezone(UTC).isoformat(timespec="seconds")


class Changes:
    """What was deleted since some time, asked of all entities at once."""

    def __init__(self, entities: Sequence[str]) -> None:
        self._entities = entities
        self._known: dict[datetime, dict[str, list[str] | None]] = {}

    def gone(self, entity: str) -> Callable[[Books, datetime], list[str] | None]:
        """The ERP keys of the entity's records that were deleted since then; None if that is not known any more."""

        def keys(books: Books, since: datetime) -> list[str] | None:
            if since < books.api.now - timedelta(days=KNOWN_DAYS):
                return None
            if since not in self._known:
                self._known[since] = self._asked(books, since)
            return self._known[since].get(entity, [])

        return keys

    def _asked(self, books: Books, since: datetime) -> dict[str, list[str] | None]:
        found: dict[str, list[str] | None] = {}
        for entity, records in self._changes(books, since, self._entities).items():
            if len(records) >= MOST_CHANGES:
                # All entities together may have been cut off; one alone may not.
                records = self._changes(books, since, [entity]).get(entity, [])
            is_whole = len(records) < MOST_CHANGES
            deleted = [key_of(entity, each) for each in records if each.text("status") == "Deleted"]
            found[entity] = deleted if is_whole else None
        return found

    def _changes(self, books: Books, since: datetime, entities: Sequence[str]) -> dict[str, list[Entry]]:
        asked = (("entities", ",".join(entities)), ("changedSince", moment(since)))
        found: dict[str, list[Entry]] = {}
        for answer in ask(books.api, books.address, "cdc", *asked).many("CDCResponse"):
            for part in answer.many("QueryResponse"):
                for entity in entities:
                    found.setdefault(entity, []).extend(part.many(entity))
        return found


def stamps(record: Entry) -> "dict[str, str | int | bool | None]":
    """When the record was made and changed in QuickBooks."""
    return {"created": record.text("MetaData", "CreateTime"), "modified": record.text("MetaData", "LastUpdatedTime")}
