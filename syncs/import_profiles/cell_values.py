"""Reads cells by a style: numbers with a decimal point, ISO dates, true and false.

A cell is read only as its style says. One that does not fit is either a slip or a proof that the column is written in
another style; `explain_number` and `explain_date` tell them apart.
"""

import re
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

import polars as pl

from adsplatform.records.checks import quoted
from adsplatform.records.number_styles import APOSTROPHES, BLANKS, COMMA, MINUS, POINT, grouped
from syncs.import_profiles.header_names import CURRENCY_SIGNS
from syncs.import_profiles.month_names import MONTHS
from syncs.import_profiles.profile import DATE_PATTERNS, Style

# More different cells than this are not cached.
MOST_CACHED = 50_000
DEFAULT_CENTURY = 1970
FIRST_OF_EXCEL, FIRST_OF_1904 = date(1899, 12, 30), date(1904, 1, 1)
LAST_SERIAL = 2_958_465  # 9999-12-31

_CURRENCY = rf"(?:[A-Za-z]{{3}}|[{CURRENCY_SIGNS}]|kr\.?|Fr\.?|R\$)"
_BEFORE = re.compile(rf"^({_CURRENCY})\s*(?=[{MINUS}+\d(.,])")
_BEHIND = re.compile(rf"(?<=[\d)—.,-])\s*({_CURRENCY})$")
# Codes that a sign may stand for; it never decides alone which.
SIGN_MEANS = {
    "€": {"EUR"},
    "£": {"GBP", "EGP", "FKP", "GIP", "LBP", "SHP", "SSP", "SDG", "SYP"},
    "¥": {"JPY", "CNY"},
    "$": set(
        "USD CAD AUD NZD HKD SGD TWD MXN ARS CLP COP DOP BSD BBD BZD BMD BND FJD GYD JMD LRD NAD SBD SRD TTD UYU XCD "
        "KYD".split()
    ),
    "R$": {"BRL"},
    "KR": {"SEK", "NOK", "DKK", "ISK"},
    "KR.": {"SEK", "NOK", "DKK", "ISK"},
    "FR": {"CHF"},
    "FR.": {"CHF"},
}

_TIME = re.compile(
    r"(?<![T ,])[T ,]++(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d++)?)?\s*+"
    r"([AaPp])?(?:\.?[Mm]\.?)?\s*+(Z|UTC|GMT|[+-]\d{2}:?\d{2})?$"
)
_PARTS = {
    "YYYY-MM-DD": re.compile(r"(?P<y>\d{4})(?P<mark>[-/.])(?P<m>\d{1,2})(?P=mark)(?P<d>\d{1,2})"),
    "DD/MM/YYYY": re.compile(r"(?P<d>\d{1,2})/(?P<m>\d{1,2})/(?P<y>\d{4})"),
    "MM/DD/YYYY": re.compile(r"(?P<m>\d{1,2})/(?P<d>\d{1,2})/(?P<y>\d{4})"),
    "DD.MM.YYYY": re.compile(r"(?P<d>\d{1,2})\.\s?(?P<m>\d{1,2})\.\s?(?P<y>\d{4})"),
    "DD-MM-YYYY": re.compile(r"(?P<d>\d{1,2})-(?P<m>\d{1,2})-(?P<y>\d{4})"),
    "MM-DD-YYYY": re.compile(r"(?P<m>\d{1,2})-(?P<d>\d{1,2})-(?P<y>\d{4})"),
    "DD/MM/YY": re.compile(r"(?P<d>\d{1,2})/(?P<m>\d{1,2})/(?P<yy>\d{2})"),
    "MM/DD/YY": re.compile(r"(?P<m>\d{1,2})/(?P<d>\d{1,2})/(?P<yy>\d{2})"),
    "DD.MM.YY": re.compile(r"(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<yy>\d{2})"),
    "YYYYMMDD": re.compile(r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})"),
    "DDMMYYYY": re.compile(r"(?P<d>\d{2})(?P<m>\d{2})(?P<y>\d{4})"),
    "DD-MMM-YYYY": re.compile(r"(?P<d>\d{1,2})-(?P<name>[^\W\d_]{3,10})\.?-(?:(?P<y>\d{4})|(?P<yy>\d{2}))"),
    "DD MMM YYYY": re.compile(
        r"(?P<d>\d{1,2})\.?(?:st|nd|rd|th|er)?\s+(?:de\s+)?(?P<name>[^\W\d_]{3,10})\.?,?\s+(?:de\s+)?(?P<y>\d{4})"
    ),
    "MM.DD.YYYY": re.compile(r"(?P<m>\d{1,2})\.(?P<d>\d{1,2})\.(?P<y>\d{4})"),
    "DD-MM-YY": re.compile(r"(?P<d>\d{1,2})-(?P<m>\d{1,2})-(?P<yy>\d{2})"),
    "MM-DD-YY": re.compile(r"(?P<m>\d{1,2})-(?P<d>\d{1,2})-(?P<yy>\d{2})"),
    "DD MMM YY": re.compile(r"(?P<d>\d{1,2})\.?\s+(?P<name>[^\W\d_]{3,10})\.?,?\s+(?P<yy>\d{2})"),
    "MMM DD, YYYY": re.compile(r"(?P<name>[^\W\d_]{3,10})\.?\s+(?P<d>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<y>\d{4})"),
}


class Unfit(NamedTuple):
    """Why a cell does not fit its style. `is_other_style` says that it is written in another one."""

    code: str
    message: str
    is_other_style: bool = False


class ReadCells(NamedTuple):
    """Values by row, null where a cell is empty or does not fit; and the rows of cells that do not."""

    values: pl.Series
    unfit: list[int]


class Cache(dict[str | None, str | None]):
    """The meanings of cells, computed once for each different text; None for one that does not fit."""

    def __init__(self, read: Callable[[str], str | None]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, cell: str | None) -> str | None:
        if len(self) >= MOST_CACHED:
            self.clear()
        self[cell] = found = None if cell is None else self._read(cell)
        return found

    def read(self, cells: pl.Series) -> ReadCells:
        """The meaning of each cell of a column, in which empty cells are null."""
        self[None] = None
        # Looked up without a step of Python for each cell.
        read = pl.Series(cells.name, list(map(self.__getitem__, cells.to_list())), dtype=pl.String)
        unfit = read.is_null() & cells.is_not_null()
        return ReadCells(read, unfit.arg_true().to_list() if unfit.any() else [])


# Numbers.


class NumberReader:
    """Reads numbers in one style."""

    def __init__(self, style: Style) -> None:
        self.decimal, self.thousands = style.decimal or ".", style.thousands or ()
        self.whole_marks = sorted(style.whole_mark or (), key=len, reverse=True)
        self.has_currency = bool(style.currency_in_cell)
        self._pattern = number_pattern(self.decimal, self.thousands)
        self._full = re.compile(self._pattern)
        self._others = Cache(self._read_other)

    def read(self, cells: pl.Series) -> ReadCells:
        """The numbers of a column, in which empty cells are null."""
        cell = pl.col("cell")
        frame = cells.alias("cell").to_frame()
        fits, values = frame.select(fits=cell.str.contains(self._pattern), plain=self._plain(cell)).get_columns()
        if fits.all():
            return ReadCells(values, [])
        places = (~fits).arg_true()
        others = self._others.read(cells.gather(places))
        # `scatter` writes into its series, which may be the cells themselves.
        values = values.clone().scatter(places, others.values)
        return ReadCells(values, places.gather(others.unfit).to_list())

    def _plain(self, cell: pl.Expr) -> pl.Expr:
        for mark in self.thousands:
            cell = cell.str.replace_all(mark, "", literal=True)
        return cell if self.decimal == "." else cell.str.replace(self.decimal, ".", literal=True)

    def _read_other(self, cell: str) -> str | None:
        """A number with blanks, another sign, a currency or a mark of whole amounts; None if it is none."""
        text, is_negative = self._without_currency(cell.strip()), False
        if text.startswith("(") and text.endswith(")"):
            text, is_negative = self._without_currency(text[1:-1].strip()), True
        elif text[-1:] and text[-1] in MINUS and text[-2:-1].isdigit():
            text, is_negative = text[:-1].rstrip(), True
        elif text[:1] and text[0] in MINUS:
            text, is_negative = self._without_currency(text[1:].lstrip()), True
        for mark in self.whole_marks:
            if text.endswith(mark) and text[: -len(mark)][-1:].isdigit():
                text = text[: -len(mark)]
                break
        if not self._full.match(text) or (is_negative and text[:1] in "+-"):
            return None
        for mark in self.thousands:
            text = text.replace(mark, "")
        text = text.replace(self.decimal, ".")
        return negated(text) if is_negative else text

    def _without_currency(self, text: str) -> str:
        return _BEHIND.sub("", _BEFORE.sub("", text)).strip() if self.has_currency else text

    def currency_in(self, cell: str) -> str:
        """The code or sign of a currency that stands in the cell; empty if there is none."""
        text = cell.strip().strip("()").strip().lstrip(MINUS).lstrip()
        found = _BEFORE.search(text) or _BEHIND.search(text)
        return found[1].upper() if found else ""


def number_pattern(decimal: str, thousands: tuple[str, ...]) -> str:
    """A regular expression of numbers in a style, for Python and for polars."""
    whole = [r"[0-9]+", *map(grouped, thousands)]
    point = re.escape(decimal)
    return rf"^[+-]?(?:(?:{'|'.join(whole)})(?:{point}[0-9]+)?|{point}[0-9]+)$"


def negated(number: str) -> str:
    """The number with its sign turned; zero has none."""
    if number.startswith("-"):
        return number[1:]
    return f"-{number.removeprefix('+')}" if re.search("[1-9]", number) else number


def explain_number(cell: str, style: Style) -> Unfit:
    """Why a cell is no number in its style."""
    text, decimal = cell.strip(), style.decimal or "."
    if re.fullmatch(r"[+-]?\d+(?:[.,]\d+)?[eE][+-]?\d+", text):
        return Unfit(
            "bad_number",
            f"{quoted(cell)} is in scientific notation, which may have lost digits. Write the number out in full.",
        )
    for other in (COMMA, POINT):
        marks = (*BLANKS, *APOSTROPHES, POINT if other == COMMA else COMMA)
        reader = NumberReader(Style(decimal=other, thousands=marks, whole_mark=style.whole_mark, currency_in_cell=True))
        if reader.read(pl.Series([cell])).values[0] is not None:
            return Unfit(
                "profile_contradicted",
                f"{quoted(cell)} is a number, but it is not written with {_style_of_numbers(decimal, style)}.",
                is_other_style=True,
            )
    return Unfit("bad_number", f"{quoted(cell)} is not a number. Correct it, or leave the cell empty.")


def _style_of_numbers(decimal: str, style: Style) -> str:
    mark = "a decimal comma" if decimal == "," else "a decimal point"
    named = dict.fromkeys(f"“{mark}”" if mark.strip() else "a blank" for mark in style.thousands or ())
    thousands = " or ".join(named)
    return f"{mark} and {thousands} between thousands" if thousands else f"{mark} and nothing between thousands"


def total(numbers: list[str]) -> str | None:
    """The exact sum of numbers; None of none."""
    return format(sum(map(Decimal, numbers), Decimal()), "f") if numbers else None


# Dates.


class DateReader:
    """Reads dates in one style, as ISO dates; or with their time, if they have one."""

    def __init__(self, style: Style, *, with_time: bool = False, from_sheet: bool = False) -> None:
        self.empty = {"", *(word.strip() for word in style.empty or ())}
        self.pattern, self.with_time, self.from_sheet = style.dates or "YYYY-MM-DD", with_time, from_sheet
        self.century = _century(style)
        self._cache = Cache(self._read)

    def read(self, cells: pl.Series) -> ReadCells:
        """The dates of a column, null where a cell is empty, blank or a word for an empty cell."""
        values, unfit = self._cache.read(cells)
        return ReadCells(values, [row for row in unfit if cells[row].strip() not in self.empty])

    def _read(self, cell: str) -> str | None:
        text = cell.strip()
        found = _dated(text, self.pattern, self.century, with_time=self.with_time)
        if found is None and self.from_sheet and self.pattern != "YYYY-MM-DD":
            # A cell that the sheet itself has as a date.
            found = _dated(text, "YYYY-MM-DD", self.century, with_time=self.with_time) if "-" in text else None
        return found


def _century(style: Style) -> int:
    """The first of the hundred years that two digits may stand for."""
    century = DEFAULT_CENTURY if style.century is None else style.century
    return century * 100 if century < 100 else century


def _dated(text: str, pattern: str, century: int, *, with_time: bool = False) -> str | None:
    """The date in a text, with its time if wanted and given; None if it is none in that pattern."""
    if pattern in ("excel", "excel1904"):
        day = _of_serial(text, FIRST_OF_1904 if pattern == "excel1904" else FIRST_OF_EXCEL)
        return day.isoformat() if day else None
    time = _TIME.search(text)
    day = _day_in(text[: time.start()] if time else text, pattern, century)
    if day is None:
        return None
    clock = _clock(time) if time else ""
    if clock is None:
        return None
    return f"{day.isoformat()}T{clock}" if clock and with_time else day.isoformat()


def _day_in(text: str, pattern: str, century: int) -> date | None:
    found = _PARTS[pattern].fullmatch(text)
    if not found:
        return None
    parts = found.groupdict()
    year = int(parts["y"]) if parts.get("y") else century + (int(parts["yy"]) - century) % 100
    month = MONTHS.get(_plain(parts["name"])) if "name" in parts else int(parts["m"])
    try:
        return date(year, month or 0, int(parts["d"]))
    except ValueError:
        return None


def _plain(name: str) -> str:
    """The name of a month as the list of names has it."""
    return name.casefold().translate(str.maketrans("áàâäåéèêëíîïóôöúûüç", "aaaaaeeeeiiiooouuuc"))


def _clock(time: re.Match[str]) -> str | None:
    """The time of day in ISO form, with its zone; None if there is no such time."""
    hour, minute, second, half, zone = int(time[1]), int(time[2]), int(time[3] or 0), time[4], time[5] or ""
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half in "pP" else 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    return f"{hour:02}:{minute:02}:{second:02}{'Z' if zone in ('UTC', 'GMT') else zone}"


def _of_serial(text: str, first: date) -> date | None:
    """The day of a spreadsheet's number; there is none of 0, and no 29 February 1900."""
    found = re.fullmatch(r"(\d{1,7})(?:[.,]\d+)?", text)
    if not found:
        return None
    serial = int(found[1])
    if first == FIRST_OF_1904:
        return first + timedelta(days=serial) if serial <= LAST_SERIAL - 1_462 else None
    if not 1 <= serial <= LAST_SERIAL or serial == 60:
        return None
    return first + timedelta(days=serial if serial > 60 else serial + 1)


def explain_date(cell: str, style: Style) -> Unfit:
    """Why a cell is no date in its style."""
    text, pattern, century = cell.strip(), style.dates or "YYYY-MM-DD", _century(style)
    for other in DATE_PATTERNS:
        if other == pattern or other.startswith("excel"):
            continue
        if _dated(text, other, century) is not None:
            return Unfit(
                "profile_contradicted",
                f"{quoted(cell)} is a date, but it is not written {_shown(pattern)}.",
                is_other_style=True,
            )
    found = _PARTS[pattern].match(text) if pattern in _PARTS else None
    if found and _plain(found.groupdict().get("name") or "jan") in MONTHS:
        return Unfit("impossible_date", f"{quoted(cell)} names a day that does not exist. Correct the date.")
    return Unfit(
        "bad_date", f"{quoted(cell)} is not a date written {_shown(pattern)}. Correct it, or leave the cell empty."
    )


def _shown(pattern: str) -> str:
    return "as a spreadsheet’s number of days" if pattern.startswith("excel") else pattern


# True and false.


class BooleanReader:
    """Reads words for true and false."""

    def __init__(self, style: Style, *, from_sheet: bool = False, inverted: bool = False) -> None:
        self.true, self.false = style.true or ("true",), style.false or ("false",)
        meanings = {word.strip().casefold(): "true" for word in self.true}
        meanings |= {word.strip().casefold(): "false" for word in self.false}
        if from_sheet:
            meanings = {"true": "true", "false": "false"} | meanings
        if inverted:
            meanings = {word: "false" if meaning == "true" else "true" for word, meaning in meanings.items()}
        # What an empty cell means, if it means one of them.
        self.empty = meanings.pop("", None)
        self._cache = Cache(lambda cell: meanings.get(cell.strip().casefold()))

    def read(self, cells: pl.Series) -> ReadCells:
        """The truth of a column’s cells, in which empty cells are null."""
        found = self._cache.read(cells)
        if self.empty is None:
            return found
        empty = cells.is_null().arg_true()
        return ReadCells(found.values.scatter(empty, self.empty) if len(empty) else found.values, found.unfit)

    def explain(self, cell: str) -> Unfit:
        """Why a cell is neither."""
        words = ", ".join(f"“{word}”" for word in (*self.true, *self.false) if word)
        return Unfit(
            "bad_boolean", f"{quoted(cell)} is neither true nor false by the import profile, which knows {words}."
        )
