"""Numbers and dates that another style reads as another value, and the cells that show such a style.

A cell alone often does not say which style it is in: `1.000` is one, or a thousand. The other cells of its column do.
"""

import re

POINT, COMMA = ".", ","
# The first stands first, so that between brackets of an expression it is no range.
MINUS = "-\u2212\u2013"
APOSTROPHES = "'’´`"
# Blanks that stand between and around digits: ordinary, no-break, narrow no-break, thin, figure.
BLANKS = " \u00a0\u202f\u2009\u2007"
# The longest text that is looked at; no number of a bookkeeper is longer.
LONGEST_NUMBER = 60


# Forms of numbers without a sign or a currency, as expressions for Python and for polars.


def undecided(mark: str) -> str:
    """Numbers in which the mark may be the decimal one, or stand between thousands."""
    return rf"[1-9][0-9]{{0,2}}{re.escape(mark)}[0-9]{{3}}"


def grouped(mark: str) -> str:
    """Whole numbers with the mark between groups of three digits, or as in India of two before the last three."""
    return rf"[0-9]{{1,3}}(?:{re.escape(mark)}[0-9]{{3}})+|{_grouped_as_in_india(mark)}"


def proving(mark: str) -> str:
    """Numbers that can only be read with this decimal mark, a point or a comma."""
    decimal, other = re.escape(mark), COMMA if mark == POINT else POINT
    return "|".join(
        (
            # The other mark is between groups.
            rf"(?:{grouped(other)}){decimal}[0-9]*",
            rf"[0-9]{{1,3}}(?:{re.escape(other)}[0-9]{{3}}){{2,}}",
            _grouped_as_in_india(other),
            # Apostrophes or blanks are.
            rf"{_SPACED}{decimal}[0-9]*",
            # Behind the mark are not three digits, or before it is what cannot be a first group of thousands.
            rf"[0-9]+{decimal}(?:[0-9]{{1,2}}|[0-9]{{4,}})?",
            rf"(?:[0-9]{{4,}}|0[0-9]*|){decimal}[0-9]+",
        )
    )


def _grouped_as_in_india(mark: str) -> str:
    group = re.escape(mark)
    return rf"[0-9]{{1,2}}(?:{group}[0-9]{{2}})+{group}[0-9]{{3}}"


_SPACED = rf"[0-9]{{1,3}}(?:[{APOSTROPHES}{BLANKS}][0-9]{{3}})+"
# Numbers without decimals in which no point or comma stands.
WHOLE = rf"[0-9]+|{_SPACED}"

# As text, these mean one value with a decimal point, and another one with points or commas between thousands.
AMBIGUOUS_POINT = rf"^\s*[+-]?{undecided(POINT)}\s*$"
AMBIGUOUS_COMMA = re.compile(f"[+-]?{undecided(COMMA)}")
# Both parts may be the month. A day above 12, and a day equal to the month, can be read in one way only.
AMBIGUOUS_DAY = r"^\s*[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-2])"

# Currencies, signs and brackets may stand around a number.
_AROUND_NUMBER = re.compile(rf"\D{{0,8}}?([.,]?\d(?:[\d.,{APOSTROPHES}{BLANKS}]*\d)?,?)\D{{0,8}}", re.ASCII)
_OTHER_NUMBER = re.compile(rf"{proving(COMMA)}|{_SPACED}(?:\.[0-9]*)?")
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
    found = _AROUND_NUMBER.fullmatch(text) if len(text) <= LONGEST_NUMBER else None
    return found[1] if found else ""
