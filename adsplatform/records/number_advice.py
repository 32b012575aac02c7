"""What to do about a text that is no number, by the way in which it is written."""

import re

from adsplatform.records.number_styles import readings_of_number

EXAMPLE = "like 1234.50"
# What is written where there is no number.
NOTHING = frozenset(
    {"nan", "inf", "infinity", "null", "none", "nil", "n/a", "na", "n.a.", "k.a.", "#n/a", "-", "--", "---", "–", "—",
     "./.", "?", ".", "x"}
)  # fmt: skip
_CURRENCY = re.compile(
    r"[$€£¥₹₽₺₩]|^[A-Za-z]{3}\.?\s*[-+]?\d|\d-?\s*[A-Za-z]{3}\.?$|^(?:Fr|Rs|kr)\.?\s*\d|\d\s*(?:Fr|kr)\.?$"
)
_TWO_READINGS = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")


def number_advice(text: str) -> str:
    """One or two sentences for a text that is not a number as the platform reads them."""
    readings = _two_readings(text)
    if text.lower() in NOTHING or text.lower().lstrip("+-") in NOTHING:
        return f"Leave the cell empty where there is no number, or write one, {EXAMPLE}."
    if re.fullmatch(r"[+-]?\d[\d.\s’']*,\d+", text):
        return f"Write the decimals after a point, not a comma, and leave out thousands separators, {EXAMPLE}."
    if re.fullmatch(r"[+-]?\d{1,3}([,\s’']\d{3})+(\.\d+)?|[+-]?\d{1,3}(\.\d{3}){2,}", text):
        return f"Leave out the thousands separators, {EXAMPLE}."
    if re.fullmatch(r"\([\d.,\s’']+\)|[\d.,\s’']+-|[−–]\s?[\d.,\s’']+|-\s+[\d.,\s’']+", text):
        return " ".join(filter(None, ("Write a negative number with a minus sign before it, like -1234.50.", readings)))
    if text.endswith("%"):
        return " ".join(filter(None, ("Write the number without the percent sign, like 0.19 for 19 %.", readings)))
    if re.fullmatch(r"[+-]?\d+(\.\d*)?[eE][+-]?\d+", text):
        return "It is in scientific notation, which may have lost digits; write the number out in full."
    if _CURRENCY.search(text):
        advice = "Leave out the currency; it has a column of its own."
        return f"{advice} {readings or f'Write the number alone, {EXAMPLE}.'}"
    return f"Write digits with a decimal point, {EXAMPLE}."


def _two_readings(text: str) -> str:
    """A sentence for a number with one comma or point and three digits after it, which may be read in two ways."""
    number = re.sub(r"[^\d.,]|\.$", "", text)
    if not _TWO_READINGS.fullmatch(number):
        return ""
    minus = "-" if re.search(r"[-−–]|^\(", text) else ""
    thousands, decimals = readings_of_number(number)
    return (
        f"It can be read two ways: write {minus}{thousands} if the {'comma' if ',' in number else 'point'} separates "
        f"thousands, or {minus}{decimals} if decimals follow it."
    )
