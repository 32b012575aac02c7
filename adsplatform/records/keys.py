"""ERP keys, and references by them: the one form in which they are stored and compared."""

import re
import unicodedata
from datetime import date

from adsplatform.visible_text import first_invisible

# What a spreadsheet, or a program that takes keys for numbers, makes of them. A key that only has the form of a number
# with an exponent, like 12E5, is none of these unless it was a number.
_SCIENTIFIC = r"[+-]?[0-9]+(?:[.,][0-9]+)?[eE][+-][0-9]+|[+-]?[0-9]+[.,][0-9]+[eE][0-9]+"
_TENTHS = r"[+-]?[0-9]+[.,]0"
_DAY = r"[0-9]{1,4}[./-][0-9]{1,2}[./-][0-9]{1,4}(?:[ T]00:00(?::00(?:\.0+)?)?)?"
_MONTHS = "jan|feb|mar|mrz|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez"
_NAMED_DAY = rf"[0-9]{{1,2}}[-. ]{{1,2}}(?:{_MONTHS})|(?:{_MONTHS})[-. ]{{1,2}}[0-9]{{2,4}}"
_BOOLEAN = "true|false"
# All of the above, and what JSON may write in place of a text. For polars too, so without look-around.
SUSPICIOUS = rf"[+-]?[0-9]+(?:[.,][0-9]*)?[eE][+-]?[0-9]+|[+-]?[0-9]+[.,][0-9]+|{_DAY}|(?i:{_NAMED_DAY}|{_BOOLEAN})"

_CHANGED = re.compile(f"{_SCIENTIFIC}|{_TENTHS}|(?i:{_NAMED_DAY}|{_BOOLEAN})", re.ASCII)
_DATE = re.compile(r"([0-9]+)([./-])([0-9]+)\2([0-9]+)(?:[ T].*)?", re.ASCII)


def clean_key(text: str) -> str:
    """The key without blanks around it, and in Unicode's normal form NFC.

    Two texts that a person takes for the same key become equal, unless one of them has an invisible character.
    """
    text = text.strip()
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def is_clean(key: str) -> bool:
    """Whether a key is in the form in which keys are stored."""
    return key == clean_key(key) and first_invisible(key) is None


def is_changed_by_spreadsheet(key: str) -> bool:
    """Whether the key looks like a number, a date, or true or false, that a spreadsheet made of another text.

    Scientific notation (1.23E+15), a decimal point without need (123.0), dates (01.03.2024, 3-Mar), and TRUE.
    """
    return bool(_CHANGED.fullmatch(key)) or _is_date(key)


def _is_date(key: str) -> bool:
    found = _DATE.fullmatch(key)
    if not found:
        return False
    first, mark, second, third = found.groups()
    if len(first) == 4:
        orders = [(first, second, third)]
    elif len(third) in (2, 4):
        year = third if len(third) == 4 else f"20{third}"
        orders = [(year, second, first), (year, first, second)] if mark != "." else [(year, second, first)]
    else:
        return False
    return any(_exists(*map(int, parts)) for parts in orders)


def _exists(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True
