"""The cells of a workbook as the texts that a CSV file would have.

A workbook stores a date as a number of days, and only the cell's format says that it is a date. It stores numbers as
text, which is copied digit by digit and never converted to a float.
"""

import re
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from syncs.connectors.formats.xlsx_dates import moment_of
from syncs.connectors.formats.xlsx_formats import GENERAL, NumberFormat

# Spreadsheets calculate with this many digits; further ones are noise of binary fractions.
SIGNIFICANT_DIGITS = 15
# A binary fraction has at most this many digits; a longer number was not calculated by a spreadsheet.
NOISE_DIGITS = 17
COLUMN_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
MAX_COLUMNS = 16_384
MAX_ROWS = 2**24  # as many as LibreOffice can have
# The most cells that a remark names.
CELLS_NAMED = 3

# A number without an exponent that is exact as it is, except for zeros at its end.
_SHORT_NUMBER = re.compile(r"-?[1-9][0-9]*(?:\.[0-9]+)?|0\.[0-9]*[1-9]")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_ADDRESS = re.compile(r"([A-Z]{1,3})([0-9]{1,8})", re.IGNORECASE)


@dataclass(slots=True)
class CellRemark:
    """Cells of one column about which there is something to say: how many, and the first of them with their texts."""

    count: int = 0
    first: list[tuple[int, str]] = field(default_factory=list)

    def add(self, row: int, text: str) -> None:
        self.count += 1
        if len(self.first) < CELLS_NAMED:
            self.first.append((row, text))


class CellTexts:
    """Makes texts of numbers, by the formats of a workbook's styles.

    The columns at the positions `texts` get what the sheet shows, where that is certain, and the others the exact
    number. `shown_otherwise` and `digits_lost` have remarks by the position of the column, for the columns `loaded`.
    """

    def __init__(self, formats: list[NumberFormat], since_1904: bool) -> None:
        self.since_1904 = since_1904
        self.by_style = {str(style): format for style, format in enumerate(formats)}
        self.by_style[""] = formats[0] if formats else GENERAL
        self.changes_texts = any(format.changes_texts for format in set(formats))
        self.texts: frozenset[int] = frozenset()
        self.loaded: frozenset[int] = frozenset()
        self.shown_otherwise: dict[int, CellRemark] = {}
        self.digits_lost: dict[int, CellRemark] = {}

    def number(self, text: str, style: str, place: int, row: int) -> str:
        """The text of a number in a cell."""
        format = self.by_style.get(style, GENERAL)
        exact = number_text(text, format, since_1904=self.since_1904)
        if len(exact) > SIGNIFICANT_DIGITS and place in self.loaded and has_lost_digits(exact):
            self.digits_lost.setdefault(place, CellRemark()).add(row, exact)
        if place not in self.texts or format.is_plain:
            return exact
        try:
            shown = format.shown(Decimal(_exact(text.strip())), since_1904=self.since_1904)
        except InvalidOperation:
            return exact
        if shown is None:
            self.shown_otherwise.setdefault(place, CellRemark()).add(row, exact)
            return exact
        return shown.strip()

    def text(self, text: str, style: str, place: int, row: int) -> str:
        """The text of a text in a cell."""
        format = self.by_style.get(style, GENERAL)
        if place not in self.texts or not format.changes_texts:
            return text
        shown = format.shown_text(text)
        if shown is None and text.strip():
            self.shown_otherwise.setdefault(place, CellRemark()).add(row, text)
        return text if shown is None else shown

    def boolean(self, text: str, place: int) -> str:
        """The text of a boolean in a cell."""
        word = {"1": "true", "0": "false"}.get(text.strip(), text)
        return word.upper() if place in self.texts else word


def number_text(text: str, format: NumberFormat = GENERAL, *, since_1904: bool = False) -> str:
    """A number of the workbook as exact text, or as the date or time that its format makes it."""
    if format.kind:
        return _moment(text.strip(), format.kind, since_1904) or _exact(text.strip())
    if len(text) <= SIGNIFICANT_DIGITS and _SHORT_NUMBER.fullmatch(text):
        exact = text.rstrip("0").rstrip(".") if "." in text else text
    else:
        exact = _exact(text.strip())
    return exact.zfill(format.zeros) if format.zeros and exact.isdigit() else exact


def has_lost_digits(exact: str) -> bool:
    """Whether the number has more digits before its decimal point than a spreadsheet keeps."""
    whole = exact.lstrip("-").partition(".")[0].lstrip("0")
    return whole.isdigit() and len(whole) > SIGNIFICANT_DIGITS


def _exact(text: str) -> str:
    if text.isdigit():
        return text
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    if not number.is_finite() or abs(number.adjusted()) > 400:
        return text
    digits = len(number.as_tuple().digits)
    if SIGNIFICANT_DIGITS < digits <= NOISE_DIGITS and number != number.to_integral_value():
        number = Decimal(f"{number:.{SIGNIFICANT_DIGITS - 1}e}")
    exact = f"{number:f}"
    if "." in exact:
        exact = exact.rstrip("0").rstrip(".")
    return "0" if exact == "-0" else exact


@lru_cache(10_000)
def _moment(text: str, kind: str, since_1904: bool) -> str:
    """The date and time that a number of days stands for; empty if it stands for none."""
    try:
        serial = Decimal(text)
    except InvalidOperation:
        return ""
    moment = moment_of(serial, since_1904=since_1904, has_fraction=kind.endswith("."))
    if moment is None:
        return ""
    if kind.startswith("time") and not moment.days:
        return moment.time_text
    if kind == "date" and not moment.milliseconds:
        return moment.date_text
    return f"{moment.date_text}T{moment.time_text}"


def unescaped(text: str) -> str:
    """The text with the characters that XML cannot contain, which workbooks write like `_x000D_`."""
    return _ESCAPED.sub(_character, text) if "_x" in text else text


def _character(found: re.Match[str]) -> str:
    code = int(found[1], 16)
    return found[0] if 0xD800 <= code <= 0xDFFF else chr(code)


def address_of(address: str) -> tuple[int, int]:
    """The position of the column in an address like `C7`, counted from 0, and the row; -1 where it is no address."""
    found = _ADDRESS.fullmatch(address.replace("$", ""))
    if not found:
        return -1, -1
    place = 0
    for letter in found[1].upper():
        place = place * 26 + ord(letter) - 64
    return (place - 1 if place <= MAX_COLUMNS else -1), int(found[2])


def letters_of(column: int) -> str:
    """The letters of a column, counted from 0."""
    letters, column = "", column + 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = COLUMN_LETTERS[rest] + letters
    return letters
