"""How Tryton is asked: what both of its interfaces have in common."""

import contextlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import unescape
from typing import Protocol, TypeAlias

import httpx

from syncs.connectors.addresses import check_url
from syncs.connectors.addresses.http import client, said_by
from syncs.connectors.protocol import ConnectorError
from syncs.connectors.tryton.record import Record, decode

# Records of a page, and ids of a page of keys.
PAGE, KEY_PAGE = 500, 5_000
# Ids that a question names: it is part of an address, which web servers limit to 8,000 characters.
IDS = 200
# The largest answer that is read: a page is far smaller.
MOST_BYTES = 16 * 1024**2
# How long the server may be silent.
SECONDS = 60.0
# How often a request is sent whose connection breaks: one that was left open may have been closed meanwhile.
ATTEMPTS = 3

# Conditions of a search as Tryton writes them, and the values of a context.
Domain: TypeAlias = "list[object]"
Context: TypeAlias = Mapping[str, object]


class Server(Protocol):
    """A database of a Tryton server, asked as a user of it."""

    def search(
        self, model: str, domain: Domain, fields: Sequence[str], limit: int, context: Context | None = None
    ) -> list[Record]:
        """The first records in the order of their ids; raises ConnectorError.

        `fields` may lead into other records by points. `context` adds to that of the user.
        """

    def use_company(self, company: int) -> None:
        """Ask for the amounts of that company from now on."""

    @property
    def now(self) -> datetime:
        """The server's clock at its first answer."""


class Connection:
    """A connection to the server by HTTP that turns what goes wrong into sentences."""

    def __init__(self, address: str) -> None:
        self.address = check_url(address)
        self._client = client(seconds=SECONDS)
        self.now: datetime | None = None

    def close(self) -> None:
        self._client.close()

    def send(
        self,
        method: str,
        path: str,
        *,
        parameters: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> httpx.Response:
        """The answer, whatever its status; raises ConnectorError if there is none."""
        request = self._client.build_request(
            method, self.address + path, params=list(parameters), headers=dict(headers or {}), content=content
        )
        attempt = 1
        while True:
            try:
                answer = self._client.send(request, stream=True)
                with contextlib.closing(answer):
                    body = _body(answer)
                break
            except (httpx.DecodingError, httpx.InvalidURL) as error:
                raise ConnectorError("What answers is no Tryton server. Check the address.") from error
            except httpx.TransportError as error:
                is_cut = isinstance(error, httpx.RemoteProtocolError | httpx.ReadError | httpx.WriteError)
                if is_cut and attempt < ATTEMPTS:
                    attempt += 1
                    continue
                raise ConnectorError(
                    f"Tryton at {self.address} cannot be reached: {said_by(error)}.",
                    transient=True,
                ) from None
        if self.now is None:
            self.now = _clock(answer.headers.get("Date", ""))
        return httpx.Response(answer.status_code, headers=_plain(answer.headers), content=body, request=request)

    def refused(self, answer: httpx.Response, what: str) -> ConnectorError:
        """What an answer means that is neither a success nor about who asks."""
        status, said = answer.status_code, _said(answer)
        if answer.is_redirect:
            return ConnectorError(
                f"Tryton at {self.address} sends on to “{answer.headers.get('Location', '')}”. Enter that address."
            )
        if status == 404:
            return ConnectorError(f"There is no such Tryton database at {self.address}. Check address and database.")
        if status == 500 and (missing := re.fullmatch(r"'([\w.]+)'", said)):
            return ConnectorError(
                f"Tryton has no “{missing[1]}”, which is needed for {what}. Activate the module that brings it, "
                "or leave the kind out in the settings."
            )
        pause = _pause(answer.headers.get("Retry-After", ""))
        return ConnectorError(
            f"Tryton at {self.address} answered {status} when asked for {what}{': ' + said if said else ''}.",
            transient=status == 429 or status >= 500,
            retry_after=pause,
        )


def _body(answer: httpx.Response) -> bytes:
    parts, size = [], 0
    for part in answer.iter_bytes():
        size += len(part)
        if size > MOST_BYTES:
            raise ConnectorError(f"Tryton answered more than {MOST_BYTES:,} bytes at once. Check the address.")
        parts.append(part)
    return b"".join(parts)


def _plain(headers: httpx.Headers) -> dict[str, str]:
    """The headers without those that no longer are true of a body which was unpacked."""
    return {name: value for name, value in headers.items() if name not in ("content-encoding", "content-length")}


def _said(answer: httpx.Response) -> str:
    """The sentence of a page that reports an error, at most 300 characters."""
    # Not by the encoding that the answer names, which may be none.
    text = answer.content.decode(errors="replace")
    sentence, end, _ = text.partition("<p>")[2].partition("</p>")
    said = unescape(sentence) if end else text if "json" in answer.headers.get("Content-Type", "") else ""
    return " ".join(said.split())[:300].rstrip(".")


def _clock(date: str) -> datetime:
    try:
        return parsedate_to_datetime(date).astimezone(UTC)
    except (TypeError, ValueError):
        return datetime.now(UTC)


def _pause(retry_after: str) -> float | None:
    if retry_after.isdecimal():
        return float(retry_after)
    try:
        return (parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds()
    except (TypeError, ValueError):
        return None


def records_of(model: str, answer: httpx.Response | bytes) -> list[Record]:
    """The records of an answer; raises ConnectorError if it holds none, as a web page does."""
    content = answer if isinstance(answer, bytes) else answer.content
    return [Record(model, values) for values in dictionaries(read_json(content))]


def read_json(content: bytes) -> object:
    try:
        return decode(content)
    except (ValueError, KeyError, TypeError, ArithmeticError, RecursionError):
        raise ConnectorError("What answers is no Tryton server. Check address and database.") from None


def dictionaries(values: object) -> list[dict[str, object]]:
    """The values if they are a list of objects; raises ConnectorError."""
    if isinstance(values, list) and all(isinstance(each, dict) for each in values):
        return values
    raise ConnectorError("What answers is no Tryton server. Check address and database.")


def chunks(ids: Iterable[int]) -> list[list[int]]:
    """The ids in lists of as many as a question names."""
    ordered = sorted(ids)
    return [ordered[start : start + IDS] for start in range(0, len(ordered), IDS)]


def pages(
    server: Server,
    model: str,
    domain: Domain,
    fields: Sequence[str],
    size: int = PAGE,
    context: Context | None = None,
) -> Iterator[list[Record]]:
    """All records that fit, in pages; those that are made meanwhile come as well, and none comes twice."""
    last = 0
    while found := server.search(model, [["id", ">", last], domain], fields, size, context):
        yield found
        if len(found) < size:
            return
        last = found[-1].id
