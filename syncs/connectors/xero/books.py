"""How Xero is asked, and what is known of the books that are read."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

from syncs.connectors.cloud_ledger.answers import Entry, json_of
from syncs.connectors.cloud_ledger.api import Api
from syncs.connectors.protocol import TENANT

# How many records a page may have; without it Xero sends 100.
PAGE = 500
MS_DATE = re.compile(r"/Date\((-?\d+)(?:[+-]\d{4})?\)/")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Books:
    """An organisation in Xero, which is the own company of the books."""

    api: Api
    organisation: Entry

    @cached_property
    def accounts(self) -> list[Entry]:
        """All accounts, of which there are some hundreds at most; Xero has no pages of them."""
        return ask(self.api, "Accounts").many("Accounts")

    @cached_property
    def accounts_by_name(self) -> dict[str, Entry]:
        """The accounts by their codes and ids."""
        return {name: each for each in self.accounts for name in (each.text("Code"), each.text("AccountID")) if name}

    @property
    def own_key(self) -> str:
        return self.organisation.text("OrganisationID") or "organisation"

    @property
    def currency(self) -> str:
        return self.organisation.text("BaseCurrency") or ""


def ask(api: Api, endpoint: str, parameters: Sequence[tuple[str, str]] = (), since: datetime | None = None) -> Entry:
    """The answer of an endpoint about the organisation that is chosen."""
    headers = {"xero-tenant-id": api.credentials.get(TENANT, "")}
    if since:
        headers["If-Modified-Since"] = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    answer = api.get(f"{api.vendor.api}/api.xro/2.0/{endpoint}", parameters, headers)
    # 304: nothing has changed.
    return json_of(answer.content, api.vendor.name) if answer.content else Entry({})


def paged(endpoint: str, id_: str, *more: tuple[str, str]) -> Callable[[Books, datetime | None], Iterator[list[Entry]]]:
    """The pages of an endpoint. In the order of its ids none is missed if records are written meanwhile."""

    def pages(books: Books, since: datetime | None) -> Iterator[list[Entry]]:
        page = 1
        while True:
            asked = [("page", str(page)), ("pageSize", str(PAGE)), ("order", f"{id_} ASC"), *more]
            answer = ask(books.api, endpoint, asked, since)
            if found := answer.many(endpoint):
                yield found
            of = answer.part("pagination")
            if not found or (of and page >= int(of.amount("pageCount"))):
                return
            page += 1

    return pages


def day(entry: Entry, name: str) -> str | None:
    """A date as YYYY-MM-DD; Xero writes it as milliseconds, and beside that as text."""
    moment = _moment(entry.text(name))
    return moment.date().isoformat() if moment else (entry.text(f"{name}String") or "")[:10] or None


def stamp(entry: Entry) -> str | None:
    """When the record was changed."""
    moment = _moment(entry.text("UpdatedDateUTC"))
    return moment.isoformat().replace("+00:00", "Z") if moment else None


def _moment(text: str | None) -> datetime | None:
    """A time written as `/Date(1552326816230+0000)/`, which is in UTC whatever the offset says, or in ISO 8601."""
    if found := MS_DATE.fullmatch(text or ""):
        return EPOCH + timedelta(milliseconds=int(found[1]))
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
