"""Answers of a vendor: their bodies within bounds, and their values by type."""

import contextlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import TypeAlias

import httpx

from syncs.connectors.protocol import ConnectorError

# The largest answer that is read: a page is far smaller.
MOST_BYTES = 64 * 1024**2

# A row to load: the published names of the columns, and amounts as texts.
Row: TypeAlias = "dict[str, str | int | bool | None]"


class Entry:
    """An object of an answer. What is not there, or null, is empty."""

    __slots__ = ("values",)

    def __init__(self, values: Mapping[str, object]) -> None:
        self.values = values

    def __bool__(self) -> bool:
        return bool(self.values)

    def part(self, name: str) -> "Entry":
        """The object of that name; an empty one if there is none."""
        value = self.values.get(name)
        return Entry(value) if isinstance(value, dict) else Entry({})

    def many(self, name: str) -> "list[Entry]":
        """The objects of a list."""
        value = self.values.get(name)
        return [Entry(each) for each in value if isinstance(each, dict)] if isinstance(value, list) else []

    def text(self, *path: str) -> str | None:
        """A text or a number as text, reached through objects; None if it is empty."""
        *parts, name = path
        found = self
        for part in parts:
            found = found.part(part)
        value = found.values.get(name)
        if isinstance(value, Decimal):
            return digits(value)
        if isinstance(value, str | int) and not isinstance(value, bool):
            return str(value).strip() or None
        return None

    def amount(self, *path: str) -> Decimal:
        """A number; zero if it is empty."""
        try:
            found = Decimal(self.text(*path) or 0)
        except ArithmeticError:
            return Decimal(0)
        return found if found.is_finite() else Decimal(0)

    def flag(self, name: str, *, default: bool = False) -> bool:
        value = self.values.get(name)
        return value if isinstance(value, bool) else default


def json_of(content: bytes, vendor: str) -> Entry:
    """The object of an answer, with exact numbers; raises ConnectorError if it has none, as a web page does."""
    return Entry({"": _loaded(content, vendor, dict)}).part("")


def json_list(content: bytes, vendor: str) -> list[Entry]:
    """The objects of an answer that is a list."""
    return Entry({"": _loaded(content, vendor, list)}).many("")


def _loaded(content: bytes, vendor: str, kind: type) -> object:
    try:
        found: object = json.loads(content, parse_float=Decimal)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, kind):
        # Cut off, or a page about maintenance: it may be right the next time.
        raise ConnectorError(f"What {vendor} answered cannot be read.", transient=True)
    return found


def body_of(http: httpx.Client, request: httpx.Request, most: int, vendor: str) -> httpx.Response:
    """The answer with its body; raises ConnectorError if that is too large, and httpx's own errors."""
    answer = http.send(request, stream=True)
    parts, size = [], 0
    with contextlib.closing(answer):
        for part in answer.iter_bytes():
            size += len(part)
            if size > most:
                raise ConnectorError(f"{vendor} answered more than {most:,} bytes at once.")
            parts.append(part)
    # The body was unpacked already.
    plain = {
        name: value for name, value in answer.headers.items() if name not in ("content-encoding", "content-length")
    }
    return httpx.Response(answer.status_code, headers=plain, content=b"".join(parts), request=request)


def seconds_in(retry_after: str) -> float | None:
    """The pause that a header `Retry-After` asks for."""
    if retry_after.isdecimal():
        return float(retry_after)
    try:
        return max((parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds(), 0)
    except (TypeError, ValueError):
        return None


def clock_of(answer: httpx.Response) -> datetime:
    """The vendor's clock."""
    try:
        return parsedate_to_datetime(answer.headers.get("Date", "")).astimezone(UTC)
    except (TypeError, ValueError):
        return datetime.now(UTC)


def digits(amount: Decimal) -> str:
    """An amount as text, never with an exponent, and zero without a sign."""
    return format(amount or Decimal(0), "f")
