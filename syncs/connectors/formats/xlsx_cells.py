"""The cells of a workbook as the texts that a CSV file would have.

A workbook stores a date as a number of days, and only the cell's format says that it is a date. It stores numbers as
text, which is copied digit by digit and never converted to a float.
"""

import re
from datetime import datetime, time, timedelta
from decimal import Decimal, InvalidOperation

# Spreadsheets calculate with this many digits; further ones are noise of binary fractions.
SIGNIFICANT_DIGITS = 15
# A binary fraction has at most this many digits; a longer number was not calculated by a spreadsheet.
NOISE_DIGITS = 17
LAST_DAY = 2_958_465  # 9999-12-31
BUILT_IN_DATES = {14, 15, 16, 17, *range(27, 32), 34, 35, 36, *range(50, 55), 57, 58}
BUILT_IN_TIMES = {18, 19, 20, 21, 32, 33, 45, 47, 55, 56}
BUILT_IN_STAMPS = {22}
COLUMN_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
MAX_COLUMNS = 16_384

# The literal parts of a format code: quoted or escaped text, fillings, colours and conditions.
_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
_ELAPSED = re.compile(r"\[(h+|m+|s+)\]", re.IGNORECASE)
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_ADDRESS = re.compile(r"([A-Z]{1,3})[0-9]+")


def format_of(number: int, code: str | None) -> str:
    """The meaning that a number format gives to a number: `date`, `time`, `stamp` (date and time), or nothing.

    `date`, `time` and `stamp` are followed by `.` if the format shows parts of a second. A format of zeros only, which
    a number is padded to, is returned as it is.
    """
    if code is None:
        known = (("date", BUILT_IN_DATES), ("time", BUILT_IN_TIMES), ("stamp", BUILT_IN_STAMPS))
        return next((kind for kind, numbers in known if number in numbers), "")
    if re.fullmatch("0{2,}", code):  # the leading zeros of a postal code are only in the format
        return code
    code = _LITERAL.sub("", code).split(";")[0].lower()
    if _ELAPSED.search(code) or "general" in code:
        return ""
    has_time = bool(re.search("[hs]", code))
    has_day = bool(re.search("[dy]", code)) or ("m" in code and not has_time)
    kind = ("stamp" if has_time else "date") if has_day else ("time" if has_time else "")
    return kind + "." if re.search(r"s[.,]0", code) else kind


def number_text(text: str, format: str = "", *, since_1904: bool = False) -> str:
    """A number of the workbook as exact text, or as the date or time that its format makes it."""
    text = text.strip()
    if format[:1] in ("d", "t", "s"):
        return _moment(text, format, since_1904) or _exact(text)
    exact = _exact(text)
    return exact.zfill(len(format)) if format and exact.isdigit() else exact


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


def _moment(text: str, format: str, since_1904: bool) -> str:
    """The date and time that a number of days stands for; empty if it stands for none."""
    try:
        serial = Decimal(text)
    except InvalidOperation:
        return ""
    if not serial.is_finite() or not 0 <= serial <= LAST_DAY:
        return ""
    days = int(serial)
    milliseconds = int(((serial - days) * 86_400_000).to_integral_value())
    if not format.endswith("."):
        # As the sheet displays it, and a CSV file saved from the sheet has it.
        milliseconds -= milliseconds % 1_000
    if format.startswith("time") and not days:
        return _trimmed((datetime.min + timedelta(milliseconds=milliseconds)).time())
    try:
        moment = _first_day(days, since_1904) + timedelta(days=days, milliseconds=milliseconds)
    except OverflowError:
        return ""
    if format == "date" and not milliseconds % 86_400_000:
        return moment.date().isoformat()
    return f"{moment.date().isoformat()}T{_trimmed(moment.time())}"


def _first_day(days: int, since_1904: bool) -> datetime:
    """The day from which a number of days is counted."""
    if since_1904:
        return datetime(1904, 1, 1)
    # Spreadsheets count 29 February 1900, which did not exist.
    return datetime(1899, 12, 30) if days >= 60 else datetime(1899, 12, 31)


def _trimmed(moment: time) -> str:
    return moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds")


def unescaped(text: str) -> str:
    """The text with the characters that XML cannot contain, which workbooks write like `_x000D_`."""
    return _ESCAPED.sub(_character, text) if "_x" in text else text


def _character(found: re.Match[str]) -> str:
    code = int(found[1], 16)
    return found[0] if 0xD800 <= code <= 0xDFFF else chr(code)


def column_of(address: str) -> int:
    """The position of the column in an address like `C7`, counted from 0; -1 where it is not an address."""
    found = _ADDRESS.fullmatch(address)
    if not found:
        return -1
    place = 0
    for letter in found[1]:
        place = place * 26 + ord(letter) - 64
    return place - 1 if place <= MAX_COLUMNS else -1


def letters_of(column: int) -> str:
    """The letters of a column, counted from 0."""
    letters, column = "", column + 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = COLUMN_LETTERS[rest] + letters
    return letters
