"""What this connector needs of a database server: a read-only view of one moment, for all SELECTs of a sync."""

import ssl
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from zoneinfo import ZoneInfo

from syncs.connectors.protocol import Columns, ConnectorError, FileHeader
from syncs.connectors.sql_database.statements import KEY, Select

# How long a server may take to answer when it is connected to.
CONNECT_SECONDS = 10
PROGRAM = "ADS Platform"
# How many tables a user has is counted no further than this.
MOST_TABLES = 10_000


@dataclass(frozen=True, slots=True)
class Login:
    """Where the database is, who signs in, and how its values are meant.

    `encryption` is “offered”, “always” or “verified”. `zone` is that of stamps without one. `seconds` is how long one
    SELECT may take.
    """

    host: str
    port: int
    database: str
    user: str
    password: str
    encryption: str
    zone: ZoneInfo
    seconds: int


# The types of the fields with these names, as `Vocabulary.known_columns` has them.
FieldTypes: TypeAlias = Callable[[Sequence[str]], Sequence[str]]


def trusted_certificates() -> str | None:
    """The file with the certificates of the authorities that this system trusts."""
    return ssl.get_default_verify_paths().cafile


class Snapshot(ABC):
    """The database as it was at one moment; `clock` is what its own clock showed then."""

    clock: datetime

    @abstractmethod
    def found(self) -> str:
        """A sentence that says which server this is, and what its user may do."""

    @abstractmethod
    def blocks(
        self, select: Select, since: datetime, types: FieldTypes, limit: int | None = None
    ) -> Iterator[FileHeader | Columns]:
        """The rows that have changed since then, at most `limit` of them, numbered from 1; raises ConnectorError.

        A stamp is the day on the clocks of the login's zone in a field of the type date, and in UTC in one of the type
        stamp.
        """

    @abstractmethod
    def keys(self, select: Select) -> Iterator[list[str]]:
        """The ERP keys of all rows, in blocks; raises ConnectorError."""


def check_names(select: Select, names: list[str]) -> None:
    """Raise ConnectorError unless each column of the result has a name of its own."""
    seen: set[str] = set()
    for number, name in enumerate(names, 1):
        # PostgreSQL's name of a column without one.
        if name in ("", "?column?"):
            raise unusable(select, f"its column {number} has no name. Put AS and the name of a field behind it.")
        if name.lower() in seen:
            raise unusable(select, f"two of its columns are called “{name}”. Give one of them another name.")
        seen.add(name.lower())


def key_among(select: Select, names: list[str]) -> str:
    """The name under which the result has the ERP key; raises ConnectorError."""
    for name in names:
        if name.lower() == KEY.lower():
            return name
    raise unusable(select, f"it has no column for the key of the record. Put AS {KEY} behind the column that has it.")


def bytes_in(select: Select, name: str, type_name: str, advice: str) -> ConnectorError:
    """The error of a column that holds bytes."""
    return unusable(select, f"its column “{name}” is of the type {type_name}, which holds bytes and no text. {advice}")


def unusable(select: Select, why: str, *, transient: bool = False) -> ConnectorError:
    """The error of a SELECT that cannot be read."""
    return ConnectorError(
        f"The SELECT for {select.kind} cannot be used: {why}",
        code="source_unreadable" if transient else "bad_setting",
        file=select.title,
        transient=transient,
    )


def too_slow(select: Select, seconds: int) -> ConnectorError:
    """The error of a SELECT that was stopped by its time limit."""
    return ConnectorError(
        f"The SELECT for {select.kind} was stopped, because it took longer than {seconds:,} seconds. Make it faster, "
        "for example with an index on the column that it compares with :since, or allow more seconds in the settings.",
        file=select.title,
    )


def failed(select: Select, server: str, words: str, *, where: str = "", advice: str = "") -> ConnectorError:
    """The error of a SELECT that the server refuses, in its own words."""
    place = f" at {where}" if where else ""
    return ConnectorError(
        f"The SELECT for {select.kind} fails{place}. {server} says: “{words}” {advice}".rstrip(),
        code="bad_setting",
        file=select.title,
    )


def found_sentence(server: str, readable: int, writable: int, user: str) -> str:
    """What was found at a server, for the person who enrols."""
    count = f"{readable:,}{' or more' if readable == MOST_TABLES else ''} table{'' if readable == 1 else 's'}"
    sentence = f"{server}, {count} readable as {user}."
    if writable:
        sentence += " This user may also write; one who may only read is safer."
    return sentence
