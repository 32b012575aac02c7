"""The constants of a filter: turns what callers write into values of their field's type."""

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from adsplatform.searchlight.fields import Field, Value

LARGEST_INTEGER = 2**63 - 1
MOST_DIGITS = 38

# ASCII digits only: \d would match the digits of every script.
INTEGER = re.compile(r"[+-]?[0-9]+")
DECIMAL = re.compile(r"[+-]?(?=\.?[0-9])([0-9]+|[0-9]{1,3}(,[0-9]{3})+)?(\.[0-9]*)?")
DOUBLE = re.compile(r"[+-]?(?=\.?[0-9])[0-9]*+(\.[0-9]*+)?(e[+-]?[0-9]+)?|nan|[+-]?infinity", re.IGNORECASE)
HEX = "[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
IDENTIFIER = re.compile(rf"({HEX})|\{{({HEX})\}}|\(({HEX})\)", re.IGNORECASE)
STAMP = re.compile(
    r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[Tt ](?P<time>[0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?P<fraction>(?<=:[0-9]{2}:[0-9]{2})\.[0-9]{1,9})?"
    r"\s*(?P<zone>[Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)?)?"
)

DATE_WORDS = {"NOW": None, "YESTERDAY": -1, "TODAY": 0, "TOMORROW": 1}
DATE_TYPES = ("date", "datetime")

# For sentences: what a field of each type is, and what it can be compared with.
NOUNS = {
    "text": "text",
    "integer": "a whole number",
    "decimal": "a number",
    "double": "a number",
    "boolean": "either true or false",
    "uuid": "an identifier",
    "date": "a date",
    "datetime": "a point in time",
    "enum": "one of a list",
}
EXAMPLES = {
    "integer": "a whole number, such as 12",
    "decimal": "a number, such as 1234.56",
    "double": "a number, such as 1234.56 or 1.5e3",
    "boolean": "true or false",
    "uuid": "an identifier, such as 0190b5f6-7f3e-7c43-8a0b-2d9f5a1c3e44",
    "date": "a date, such as 2024-12-31, TODAY or TODAY - 7",
    "datetime": "a date or a point in time, such as 2024-12-31, 2024-12-31T23:59:00Z, NOW or TODAY - 7",
}


class InvalidValue(ValueError):
    """The text is not a value of its field's type; the message names what the field takes."""


def read_value(field: Field, text: str, *, is_part: bool = False) -> Value:
    """Convert the text to a value of the field; raises InvalidValue.

    A key is read as it is stored. Blanks at the ends of a text that is looked for in it (`is_part`) have a meaning.
    """
    if field.type == "text":
        key = unicodedata.normalize("NFC", text) if field.is_key else text
        return key.strip() if field.is_key and not is_part else key
    if field.choices is not None:
        return _read_enum(field.choices, text.strip())
    try:
        return READERS[field.type](text.strip())
    except InvalidValue:
        raise
    except (ValueError, OverflowError):
        raise InvalidValue(EXAMPLES[field.type]) from None


def is_date_word(field: Field, text: str) -> bool:
    return field.type in DATE_TYPES and text.upper() in DATE_WORDS


def read_date_word(field: Field, text: str, days: int, now: datetime) -> date | datetime:
    """NOW, TODAY, TOMORROW or YESTERDAY and some days, in UTC; raises OverflowError outside the calendar."""
    offset = DATE_WORDS[text.upper()]
    moment = now.astimezone(UTC)
    if offset is not None:
        moment = moment.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=offset)
    moment += timedelta(days=days)
    return moment.date() if field.type == "date" else moment


def _whole(pattern: re.Pattern[str], text: str) -> re.Match[str]:
    if found := pattern.fullmatch(text):
        return found
    raise ValueError


def _read_integer(text: str) -> int:
    _whole(INTEGER, text)
    # Counted before the conversion, because Python refuses to convert thousands of digits.
    digits = text.lstrip("+-").lstrip("0")
    if len(digits) > len(str(LARGEST_INTEGER)) or not -LARGEST_INTEGER - 1 <= int(text) <= LARGEST_INTEGER:
        raise InvalidValue(f"a whole number between {-LARGEST_INTEGER - 1:,} and {LARGEST_INTEGER:,}")
    return int(text)


def _read_decimal(text: str) -> Decimal:
    _whole(DECIMAL, text)
    if sum(character.isdigit() for character in text) > MOST_DIGITS:
        raise InvalidValue(f"a number of at most {MOST_DIGITS} digits")
    return Decimal(text.replace(",", ""))


def _read_double(text: str) -> float:
    _whole(DOUBLE, text)
    number = float(text)
    if math.isinf(number) and "INF" not in text.upper():
        raise InvalidValue("a number between -1.79e308 and 1.79e308")
    return number


def _read_boolean(text: str) -> bool:
    if text.upper() not in ("TRUE", "FALSE"):
        raise ValueError
    return text.upper() == "TRUE"


def _read_uuid(text: str) -> UUID:
    _whole(IDENTIFIER, text)
    return UUID(text.strip("{}()"))


def _read_date(text: str) -> date:
    # The date as written, whatever the zone: a business date is a calendar date.
    _read_stamp(text)
    return date.fromisoformat(text[:10])


def _read_stamp(text: str) -> datetime:
    found = _whole(STAMP, text)
    # .NET writes seven digits of a second; Python and PostgreSQL keep six.
    fraction = (found["fraction"] or ".0")[:7]
    clock = found["time"] or "00:00"
    if len(clock) == len("00:00"):
        clock += ":00"
    zone = (found["zone"] or "Z").upper().replace("Z", "+00")
    return datetime.fromisoformat(f"{found['date']}T{clock}{fraction.ljust(7, '0')}{zone}").astimezone(UTC)


def _read_enum(choices: Mapping[str, int | str], text: str) -> int | str:
    stored = {str(value).upper(): value for value in choices.values()}
    stored |= {name.upper(): value for name, value in choices.items()}
    try:
        return stored[text.upper()]
    except KeyError:
        raise InvalidValue(f"one of {', '.join(choices)}") from None


READERS: dict[str, Callable[[str], Value]] = {
    "integer": _read_integer,
    "decimal": _read_decimal,
    "double": _read_double,
    "boolean": _read_boolean,
    "uuid": _read_uuid,
    "date": _read_date,
    "datetime": _read_stamp,
}
