"""Exact checks of cells, one column of a block at a time.

A cell comes as text; what comes out is the text that PostgreSQL's COPY reads (`\\N` for null), or a `Fault`. Amounts
never pass through a float. Results are cached by cell, because most dates, rates and flags in accounting data repeat.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from adsplatform.records.keys import clean_key
from adsplatform.records.number_advice import number_advice
from adsplatform.records.number_styles import AMBIGUOUS_COMMA, readings_of_number
from adsplatform.records.specification import Column
from adsplatform.visible_text import first_invisible, numbered, visible

NULL = "\\N"
# Part of every row hash. Increase it when a change gives the same cells another meaning, so that stored hashes no
# longer match.
RULES = 3
# These bound the memory of a cache: it is cleared when it has more values, and longer values are not cached.
CACHED_VALUES, CACHED_LENGTH = 50_000, 100
# Unicode's white space, which stands around a text without being part of it. Python's `str.strip` would also remove
# separators of data (U+001C to U+001F), but polars does not.
WHITE_SPACE = "\t\n\v\f\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
QUOTED_LENGTH = 100


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a cell cannot be loaded: a stable code and a full sentence."""

    code: str
    message: str


def quoted(value: str) -> str:
    """A value for a sentence: in curly quotes, shortened if it is long, with invisible characters as their numbers."""
    text = value if len(value) <= QUOTED_LENGTH else value[:QUOTED_LENGTH] + "…"
    return f"“{printable(visible(text))}”"


def printable(text: str) -> str:
    """The text with what PostgreSQL cannot store (NUL, undecodable bytes) replaced by visible characters."""
    if "\0" in text:
        text = text.replace("\0", "␀")
    try:
        stored = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        # Half of a surrogate pair, from JSON's `\ud800` or a broken UTF-16 file, is not an undecodable byte.
        stored = text.encode("utf-8", "backslashreplace")
    return stored.decode("utf-8", "backslashreplace")


def escape_for_copy(text: str) -> str:
    """The text as COPY's text format writes it."""
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def as_text(value: object) -> str:
    """A JSON value as the text that a CSV cell would hold; null is an empty cell."""
    if value.__class__ is str:
        return value
    if value is None:
        return ""
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def default_text(column: Column) -> str | None:
    """The COPY text that an empty cell of the column stands for; None for a null."""
    if column.default is None:
        return None
    return str(column.default).lower() if isinstance(column.default, bool) else str(column.default)


def kind_of(column: Column) -> str:
    """The kind of check that the column's cells get: its type, or "key" or "currency" for some texts."""
    if column.is_key:
        return "key"
    return "currency" if column.is_currency else column.type


class ColumnCheck:
    """Checks the cells of one column."""

    def __init__(self, column: Column):
        self.column = column
        self._parse = PARSERS.get(kind_of(column))
        self.cache = _ParsedCells(self.parse)

    def check(self, cells: Sequence[str]) -> tuple[Sequence[str | Fault], dict[int, Fault]]:
        """The cells' COPY texts (a Fault for each faulty cell), and the faults by position."""
        if self.column.type == "text":
            checked = [self.parse(cell) for cell in cells]
            return checked, _faults_in(checked)
        cache = self.cache
        if len(cache) > CACHED_VALUES:
            cache.clear()
            cache.has_faults = False
        checked = [cache[cell] for cell in cells]
        return checked, _faults_in(checked) if cache.has_faults else {}

    def parse(self, cell: str) -> str | Fault:
        """One cell's COPY text, or its Fault.

        Except for escapes, parsing a COPY text again gives the same text. Row hashes, which are made of COPY texts,
        rely on that.
        """
        column = self.column
        text = cell.strip() if self._parse else cell.strip(WHITE_SPACE)
        if not text.strip() and (not text or column.required):
            if column.required and column.assumed is None:
                return Fault(
                    "required_empty",
                    f"{column.wire} is empty, but every {column.of} needs it. Fill it in.",
                )
            return default_text(column) or NULL
        if "\0" in text:
            return Fault(
                "nul_character",
                f"{column.wire}: {quoted(text)} contains a NUL character. Remove it; it is not part of any text.",
            )
        if _undecodable(text):
            return Fault("bad_encoding", f"{column.wire}: {quoted(text)} {_what_byte(text)}")
        return (self._parse or _text)(column, text)


class _ParsedCells(dict[str, str | Fault]):
    """Results by cell; a cell that is not in it yet is parsed."""

    def __init__(self, parse: Callable[[str], str | Fault]):
        super().__init__()
        self.parse = parse
        self.has_faults = False

    def __missing__(self, cell: str) -> str | Fault:
        parsed = self.parse(cell)
        if len(cell) <= CACHED_LENGTH:
            self[cell] = parsed
        if parsed.__class__ is Fault:
            self.has_faults = True
        return parsed


def _faults_in(checked: Sequence[str | Fault]) -> dict[int, Fault]:
    return {at: text for at, text in enumerate(checked) if type(text) is Fault}


def _undecodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _what_byte(text: str) -> str:
    for place, character in enumerate(text, 1):
        if "\udc80" <= character <= "\udcff":
            return (
                f"holds the byte 0x{ord(character) - 0xDC00:02X} at character {place:,}, which is not UTF-8 text. "
                "Save the file as UTF-8, then send it again."
            )
    return "holds half a character, as where an emoji was cut in two. Remove it, or export the text again."


def _text(column: Column, text: str) -> str | Fault:
    limit = column.max_length
    if limit and len(text) > limit:
        return Fault(
            "too_long", f"{column.wire}: {quoted(text)} has {len(text)} characters; at most {limit} fit. Shorten it."
        )
    return escape_for_copy(text)


def _key(column: Column, text: str) -> str | Fault:
    key = clean_key(text)
    at = first_invisible(key)
    if at is None:
        return _text(column, key)
    where = f"after {quoted(key[:at])}" if at else f"before {quoted(key[1:])}"
    return Fault(
        "invisible_character",
        f"{column.wire}: {quoted(key)} contains a character that cannot be seen, {numbered(key[at])} {where}. "
        "Remove it; with it, the key is another one than it seems.",
    )


def _currency(column: Column, text: str) -> str | Fault:
    code = text.upper() if text.isascii() else text
    if column.max_length and len(code) > column.max_length:
        return Fault(
            "too_long",
            f"{column.wire}: {quoted(text)} has {len(text)} characters, but a currency has {column.max_length}. Write "
            "its code, such as EUR.",
        )
    return escape_for_copy(code)


DECIMAL_NUMBER = re.compile(r"[+-]?(?:\d++(?:\.\d*+)?|\.\d++)", re.ASCII)


def _amount(column: Column, text: str) -> str | Fault:
    if not DECIMAL_NUMBER.fullmatch(text):
        return _bad_number(column, text)
    whole, _, fraction = text.lstrip("+-").partition(".")
    if len(whole.lstrip("0")) > 20:
        return Fault(
            "number_too_large",
            f"{column.wire}: {quoted(text)} has more than 20 digits before the decimal point. Check the amount.",
        )
    fraction = fraction.rstrip("0") if len(fraction) > 8 else fraction
    if len(fraction) > 8:
        return Fault(
            "too_many_decimals",
            f"{column.wire}: {quoted(text)} has more than 8 decimal places. Round it to 8 or fewer.",
        )
    minus = "-" if text.startswith("-") else ""
    return f"{minus}{whole or '0'}.{fraction}" if fraction else f"{minus}{whole or '0'}"


def _bad_number(column: Column, text: str) -> Fault:
    if AMBIGUOUS_COMMA.fullmatch(text):
        thousands, decimals = readings_of_number(text)
        return Fault(
            "ambiguous_number",
            f"{column.wire}: {quoted(text)} can be read two ways, as {thousands} or as {decimals}. Write {thousands} "
            f"or {decimals}, whichever is meant; or say in an import profile what a comma means in this file.",
        )
    return Fault("bad_number", f"{column.wire}: {quoted(text)} is not a number. {number_advice(text)}")


def _integer(column: Column, text: str) -> str | Fault:
    if not re.fullmatch(r"[+-]?\d+", text, re.ASCII):
        return Fault("bad_integer", f"{column.wire}: {quoted(text)} is not a whole number. Write digits only, like 12.")
    low, high = column.choices_range or (-(2**31), 2**31 - 1)
    if len(text) > 12 or not low <= int(text) <= high:
        return Fault(
            "out_of_range", f"{column.wire}: {quoted(text)} is out of range; use a number from {low} to {high}."
        )
    return str(int(text))


def _double(column: Column, text: str) -> str | Fault:
    if not re.fullmatch(r"[+-]?(\d++(\.\d*+)?|\.\d++)([eE][+-]?\d{1,3})?", text, re.ASCII):
        return _bad_number(column, text)
    number = float(text)
    if abs(number) > 1e300:
        return Fault("out_of_range", f"{column.wire}: {quoted(text)} is out of range. Check the number.")
    return repr(number)


TRUE, FALSE = frozenset({"true", "1"}), frozenset({"false", "0"})


def _boolean(column: Column, text: str) -> str | Fault:
    lowered = text.lower()
    if lowered in TRUE:
        return "true"
    if lowered in FALSE:
        return "false"
    return Fault("bad_boolean", f"{column.wire}: {quoted(text)} is neither true nor false. Write true or false.")


def _uuid(column: Column, text: str) -> str | Fault:
    if re.fullmatch(r"\{?[0-9a-fA-F]{8}(-?)[0-9a-fA-F]{4}\1[0-9a-fA-F]{4}\1[0-9a-fA-F]{4}\1[0-9a-fA-F]{12}\}?", text):
        return str(UUID(text))
    return Fault(
        "bad_uuid",
        f"{column.wire}: {quoted(text)} is not a platform id. "
        "Such an id looks like 0f8fad5b-d9cb-469f-a165-70867728950e.",
    )


STAMP = re.compile(
    r"(\d{4}-\d\d-\d\d)"
    r"(?:[T ](\d\d:\d\d)(?::(\d\d)(?:[.,](\d{1,12}))?)?\s?(Z|z|[+-]\d\d(?::?\d\d)?)?)?",
    re.ASCII,
)

# A date and time followed by what is meant as a zone: a name or a malformed offset, but not AM or PM.
ZONED = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?\s?"
    r"(?![AaPp][Mm]$)(?:[+-][\d:]+|\[?[A-Za-z][A-Za-z0-9_/+ -]*\]?)",
    re.ASCII,
)


def _date(column: Column, text: str) -> str | Fault:
    """A calendar date without a zone. A time of day may follow; it must be valid, and is dropped."""
    moment = _moment(column, text, "a date", "Write it as YYYY-MM-DD, like 2024-02-29.")
    return moment if isinstance(moment, Fault) else text[:10]


def _stamp(column: Column, text: str) -> str | Fault:
    moment = _moment(
        column, text, "a date and time", "Write it as YYYY-MM-DDTHH:MM:SS, with Z or an offset if it is not UTC."
    )
    return moment if isinstance(moment, Fault) else moment.isoformat(sep=" ")


def _moment(column: Column, text: str, what: str, advice: str) -> datetime | Fault:
    found = STAMP.fullmatch(text)
    if not found:
        if ZONED.fullmatch(text):
            return _bad_time_zone(column, text)
        return Fault("bad_date", f"{column.wire}: {quoted(text)} is not {what}. {advice}")
    day, minutes, seconds, fraction, zone = found.groups()
    try:
        moment = datetime.combine(date.fromisoformat(day), datetime.min.time())
    except ValueError:
        return Fault("impossible_date", f"{column.wire}: {quoted(text)} names a day that does not exist. {advice}")
    if zone and zone not in "Zz" and (int(zone[1:3]) > 15 or int(zone[3:].lstrip(":") or 0) > 59):
        return _bad_time_zone(column, text)
    try:
        if minutes:
            zone = "+00:00" if zone in (None, "Z", "z") else zone
            moment = datetime.fromisoformat(f"{day}T{minutes}:{seconds or '00'}.{(fraction or '0')[:6]:0<6}{zone}")
            return moment.astimezone(UTC)
        return moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return Fault("impossible_time", f"{column.wire}: {quoted(text)} names a time that does not exist. {advice}")


def _bad_time_zone(column: Column, text: str) -> Fault:
    return Fault(
        "bad_time_zone",
        f"{column.wire}: {quoted(text)} does not end in a time zone that is known. "
        "Write Z for UTC, or the hours from UTC, like +02:00.",
    )


def _json(column: Column, text: str) -> str | Fault:
    """JSON that PostgreSQL can store; Python also reads NaN, numbers of any size, NUL and lone surrogates."""
    try:
        value = json.loads(text, parse_float=_storable_number, parse_constant=_storable_number)
        read = json.dumps(value, ensure_ascii=False)
    except (ValueError, RecursionError):
        return Fault(
            "bad_json", f"{column.wire}: {quoted(text)} is not JSON. Send an object, or leave the column empty."
        )
    if not isinstance(value, (dict, list)):
        return Fault("bad_json", f"{column.wire}: {quoted(text)} is not a JSON object. Send an object.")
    if "\\u0000" in read:
        return Fault("nul_character", f"{column.wire}: {quoted(text)} contains a NUL character. Remove it.")
    if _undecodable(read):
        half = "contains half a character (like \\ud800). Remove it."
        return Fault("bad_encoding", f"{column.wire}: {quoted(text)} {half}")
    return escape_for_copy(text)


def _storable_number(text: str) -> str:
    mantissa, _, exponent = text.lower().partition("e")
    if len(mantissa) > 1_000 or len(exponent) > 4 or not mantissa.strip("+-")[:1].isdigit():
        raise ValueError(text)
    return text


PARSERS: dict[str, Callable[[Column, str], str | Fault]] = {
    "key": _key,
    "currency": _currency,
    "amount": _amount,
    "integer": _integer,
    "double": _double,
    "boolean": _boolean,
    "uuid": _uuid,
    "date": _date,
    "stamp": _stamp,
    "json": _json,
}
