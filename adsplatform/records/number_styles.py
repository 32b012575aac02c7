"""Numbers and dates that another style reads as another value, and the cells that show such a style.

A cell alone often does not say which style it is in: `1.000` is one, or a thousand. The other cells of its column do.
"""

import re

# As text, these mean one value with a decimal point, and another one with points or commas between thousands.
AMBIGUOUS_POINT = r"^\s*[+-]?[1-9][0-9]{0,2}\.[0-9]{3}\s*$"
AMBIGUOUS_COMMA = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}", re.ASCII)
# Both parts may be the month. A day above 12, and a day equal to the month, can be read in one way only.
AMBIGUOUS_DAY = r"^\s*[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-2])"

# The longest text that is looked at; no number of a bookkeeper is longer.
_LONGEST = 60
_BLANKS = " \u00a0\u2007\u2009\u202f"
_MARKS = f"['’´`{_BLANKS}]"
# Currencies, signs and brackets may stand around a number.
_AROUND_NUMBER = re.compile(rf"\D{{0,8}}?([.,]?\d(?:[\d.,'’´`{_BLANKS}]*\d)?,?)\D{{0,8}}", re.ASCII)
_OTHER_NUMBER = re.compile(
    # A decimal comma: not followed by three digits, or after what cannot be a first group of thousands.
    r"[^,]*,(?:\d{0,2}|\d{4,})"
    r"|(?:0+|\d{4,}),\d{3}"
    rf"|\d[^,]*(?:[.]|{_MARKS})[^,]*,\d{{3}}"
    # Points between thousands.
    r"|\d{1,3}(?:\.\d{3}){2,}"
    # Apostrophes or blanks between thousands.
    rf"|\d{{1,3}}(?:{_MARKS}\d{{3}})+(?:\.\d*)?",
    re.ASCII,
)
_DAY_BEFORE_MONTH = re.compile(r"\s*\d{4}-(?:1[3-9]|2\d|3[01])-(?:0[1-9]|1[0-2])(?!\d)", re.ASCII)


def shows_other_number_style(text: str) -> bool:
    """Whether the text is certainly a number in a style with a decimal comma or with separated thousands.

    Commas between thousands are no such style: the point is then the decimal one, as in `1,234.50`.
    """
    core = _core_of_number(text)
    return bool(core and _OTHER_NUMBER.fullmatch(core))


def may_show_other_number_style(text: str) -> bool:
    """Whether the text is a number with one comma that may be a decimal one, like `25,000`."""
    core = _core_of_number(text)
    return bool(core and AMBIGUOUS_COMMA.fullmatch(core))


def shows_day_before_month(text: str) -> bool:
    """Whether the text is a date that begins with the year and goes on with the day, like `2024-31-12`."""
    return _DAY_BEFORE_MONTH.match(text) is not None


def readings_of_number(text: str) -> tuple[str, str]:
    """What a number with one point or comma before its last three digits may mean: thousands, or decimals."""
    whole, fraction = re.split("[.,]", text.strip())
    decimals = fraction.rstrip("0")
    return whole + fraction, f"{whole}.{decimals}" if decimals else whole


def _core_of_number(text: str) -> str:
    text = text.strip()
    found = _AROUND_NUMBER.fullmatch(text) if len(text) <= _LONGEST else None
    return found[1] if found else ""
