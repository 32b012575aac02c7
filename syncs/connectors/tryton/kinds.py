"""What the kinds of record have in common: how their records are found, and how changes are."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from syncs.connectors.tryton.record import Record, Row
from syncs.connectors.tryton.server import KEY_PAGE, Context, Domain, Server, pages

STAMPS = ("create_date", "write_date")


@dataclass(frozen=True, slots=True)
class Books:
    """The books of one company: where they are, its id, its own party, and its currency."""

    server: Server
    company: int
    party: int
    currency: str


@dataclass(frozen=True, slots=True)
class Part:
    """The records of one model that become rows of a kind.

    `touched` are paths to the records whose stamps say that it has changed: "" for its own. Without any, its records
    are read in each sync. `key` comes before the id in the ERP key; it is None where a record becomes several rows.
    """

    model: str
    fields: tuple[str, ...]
    domain: Callable[[Books], Domain]
    rows: Callable[[Books, list[Record]], list[Row]]
    touched: tuple[str, ...] = ("",)
    key: str | None = ""


class Kind:
    """A kind of record: our name of it and of a list of them, its name for people, and where it comes from.

    `most` are the characters that a column holds, of columns that may be empty.
    """

    def __init__(self, kind: str, name: str, label: str, *parts: Part, most: dict[str, int] | None = None) -> None:
        self.kind, self.name, self.label, self.parts, self.most = kind, name, label, parts, most or {}

    @property
    def is_incremental(self) -> bool:
        return any(part.touched for part in self.parts)

    @property
    def has_keys(self) -> bool:
        """Whether its records have ERP keys."""
        return True

    def rows(self, books: Books, since: datetime | None) -> Iterator[list[Row]]:
        """The rows of all records, or of those that have changed since then, in pages."""
        for part in self.parts:
            domain = (
                [*part.domain(books), changed(part.touched, since)] if since and part.touched else part.domain(books)
            )
            for page in pages(books.server, part.model, domain, part.fields):
                yield part.rows(books, page)

    def keys(self, books: Books) -> Iterator[list[str]]:
        """The ERP keys of all records, in pages."""
        for part in self.parts:
            if part.key is None:
                for page in pages(books.server, part.model, part.domain(books), part.fields):
                    yield [str(row["erpKey"]) for row in part.rows(books, page)]
            else:
                for page in pages(books.server, part.model, part.domain(books), ["id"], KEY_PAGE):
                    yield [f"{part.key}{record.id}" for record in page]

    def has_lost(self, books: Books, since: datetime) -> bool:
        """Whether rows of this kind may be gone which no list of ids would show."""
        return False


def changed(touched: Sequence[str], since: datetime) -> Domain:
    """The condition that a record was made or written since then, or one to which one of the paths leads."""
    return ["OR", *([f"{path}{stamp}", ">=", typed(since)] for path in touched for stamp in STAMPS)]


def typed(moment: datetime) -> dict[str, object]:
    """A time as Tryton takes it, in UTC."""
    names = ("year", "month", "day", "hour", "minute", "second", "microsecond")
    return {"__class__": "datetime", **{name: getattr(moment, name) for name in names}}


def typed_date(day: str) -> Context:
    """A day as Tryton takes it."""
    year, month, of_month = map(int, day.split("-"))
    return {"__class__": "date", "year": year, "month": month, "day": of_month}
