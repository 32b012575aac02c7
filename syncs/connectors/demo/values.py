"""Common to all demo records: the base currency, rates, and the format of values."""

from datetime import date, timedelta
from decimal import Decimal
from typing import TypeAlias

from syncs.connectors.protocol import JsonValue

# A record by the names of the published sync models.
Record: TypeAlias = dict[str, JsonValue]

BASE_CURRENCY = "USD"
RATES = {"USD": Decimal(1), "EUR": Decimal("1.08"), "GBP": Decimal("1.27"), "CAD": Decimal("0.74")}
CENT = Decimal("0.01")
# The number of days that the books cover.
DAYS = 540


def stamps(made: date, changed: date | None = None) -> Record:
    """The members `created` and `modified` of a record: nine in the morning of these days."""
    return {"created": f"{made}T09:00:00Z", "modified": f"{changed or made}T09:00:00Z"}


def text(amount: Decimal) -> str:
    """An amount as text, never with an exponent."""
    return format(amount, "f")


def number_in(key: str) -> int:
    """The number that a key ends in."""
    return int("".join(filter(str.isdigit, key)) or 0)


def month_end(first: date) -> date:
    """The last day of the month that begins on that day."""
    return (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def months_until(today: date, count: int) -> list[date]:
    """The first days of this many months, up to the current one."""
    last = today.year * 12 + today.month - 1
    return [date(month // 12, month % 12 + 1, 1) for month in range(last - count + 1, last + 1)]
