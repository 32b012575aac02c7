"""What the cells of a spreadsheet hold, as the text a CSV file would have.

A workbook keeps dates as day counts and decides by a cell's format that they are dates; it keeps numbers as text,
which is taken over digit by digit and never passes through a float.
"""

import re
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation

# Spreadsheets reckon with so many digits; what stands behind them is noise of binary fractions.
SIGNIFICANT_DIGITS = 15
# The longest number that binary fractions are written with; a longer one was not made by a spreadsheet.
NOISE_DIGITS = 17
LAST_DAY = 2_958_465  # 9999-12-31
BUILT_IN_DATES = {14, 15, 16, 17, *range(27, 32), 34, 35, 36, *range(50, 55), 57, 58}
BUILT_IN_TIMES = {18, 19, 20, 21, 32, 33, 45, 47, 55, 56}
BUILT_IN_STAMPS = {22}
COLUMN_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
MAX_COLUMNS = 16_384

# Of a format code, what is written as it stands: quoted, escaped, a colour, a condition, a filling.
_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
_ELAPSED = re.compile(r"\[(h+|m+|s+)\]", re.IGNORECASE)
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_ADDRESS = re.compile(r"([A-Z]{1,3})[0-9]+")


def format_of(number: int, code: str | None) -> str:
    """What a number format makes of a number: `date`, `time`, `stamp`, zeros to be filled up to, or nothing.

    A format that shows parts of a second has a `.` behind the word.
    """
    if code is None:
        known = (("date", BUILT_IN_DATES), ("time", BUILT_IN_TIMES), ("stamp", BUILT_IN_STAMPS))
        return next((kind for kind, numbers in known if number in numbers), "")
    if re.fullmatch("0{2,}", code):  # a postal code's leading zeros are in its format alone
        return code
    code = _LITERAL.sub("", code).split(";")[0].lower()
    if _ELAPSED.search(code) or "general" in code:
        return ""
    has_time = bool(re.search("[hs]", code))
    has_day = bool(re.search("[dy]", code)) or ("m" in code and not has_time)
    kind = ("stamp" if has_time else "date") if has_day else ("time" if has_time else "")
    return kind + "." if re.search(r"s[.,]0", code) else kind


def number_text(text: str, format: str = "", *, since_1904: bool = False) -> str:
    """A number as it stands in the workbook: an exact number, or the date that its format makes of it."""
    text = text.strip()
    if format[:1] in ("d", "t", "s"):
        return _moment(text, format, since_1904) or _plain(text)
    plain = _plain(text)
    return plain.zfill(len(format)) if format and plain.isdigit() else plain


def _plain(text: str) -> str:
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
    plain = f"{number:f}"
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    return "0" if plain == "-0" else plain


def _moment(text: str, format: str, since_1904: bool) -> str:
    """The day a day count stands for, with the time of day where it has one; nothing where it is no day's."""
    try:
        serial = Decimal(text)
    except InvalidOperation:
        return ""
    if not serial.is_finite() or not 0 <= serial <= LAST_DAY:
        return ""
    days = int(serial)
    milliseconds = int(((serial - days) * 86_400_000).to_integral_value())
    if not format.endswith("."):
        # As the sheet shows it, and as a CSV file saved from it has it.
        milliseconds -= milliseconds % 1_000
    if format.startswith("time") and not days:
        return _trimmed((datetime.min + timedelta(milliseconds=milliseconds)).time())
    if since_1904:
        start = datetime(1904, 1, 1)
    else:
        # Spreadsheets count a 29 February 1900, which there was not.
        start = datetime(1899, 12, 30) if days >= 60 else datetime(1899, 12, 31)
    try:
        moment = start + timedelta(days=days, milliseconds=milliseconds)
    except OverflowError:
        return ""
    if format == "date" and not milliseconds % 86_400_000:
        return moment.date().isoformat()
    return f"{moment.date().isoformat()}T{_trimmed(moment.time())}"


def _trimmed(time) -> str:
    return time.isoformat(timespec="milliseconds" if time.microsecond else "seconds")


def unescaped(text: str) -> str:
    """A text with the characters that XML cannot hold, which workbooks write as `_x000D_`."""
    return _ESCAPED.sub(_character, text) if "_x" in text else text


def _character(found) -> str:
    code = int(found[1], 16)
    return found[0] if 0xD800 <= code <= 0xDFFF else chr(code)


def column_of(address: str) -> int:
    """The place of the column that an address like `C7` names, from 0; -1 where it names none."""
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
