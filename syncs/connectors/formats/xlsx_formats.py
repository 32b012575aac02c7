"""Number formats of cells: what a format makes of a number, and what a sheet shows by it.

A format has up to four sections, for positive and negative numbers, zero, and text, or for conditions of its own. What
is shown is only told where every program shows the same: the decimal and thousands separators, the names of months and
some dates depend on the computer's region.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from syncs.connectors.formats.xlsx_dates import Moment, moment_of

BUILT_IN_CODES = {
    0: "General", 1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?",
    13: "# ??/??", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM", 20: "h:mm", 21: "h:mm:ss", 37: "#,##0;-#,##0",
    38: "#,##0;-#,##0", 39: "#,##0.00;-#,##0.00", 40: "#,##0.00;-#,##0.00", 41: "#,##0;-#,##0", 42: "#,##0;-#,##0",
    43: "#,##0.00;-#,##0.00", 44: "#,##0.00;-#,##0.00", 45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0", 48: "##0.0E+0",
    49: "@",
}  # fmt: skip
# Those whose code depends on the region.
BUILT_IN_DATES = {14, 15, 16, 17, *range(27, 32), 34, 35, 36, *range(50, 55), 57, 58}
BUILT_IN_TIMES = {32, 33, 55, 56}
BUILT_IN_STAMPS = {22}
LONGEST_CODE = 1_000
MOST_SHOWN = 10**20
# Numbers with a greater power of ten, or a smaller fraction, would be shown in too many digits.
MOST_EXPONENT = 30

_TOKEN = re.compile(
    r"""
      "(?P<quoted>[^"]*)"? | \\(?P<escaped>.) | _(?P<blank>.) | \*(?P<fill>.) | \[(?P<bracket>[^\]]*)\]
    | (?P<general>General) | (?P<half>AM/PM|A/P) | (?P<exponent>E[+-])
    | (?P<date>y+|m+|d+|h+|s+) | (?P<fraction>(?<=s)[.,]0+) | (?P<digit>[0\#?]) | (?P<point>\.) | (?P<comma>,)
    | (?P<percent>%) | (?P<text>@) | (?P<section>;) | (?P<literal>[-+$():^&'~{}<>=\ ]|[^\x00-\x7f])
    | (?P<slash>/) | (?P<unknown>.)
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_COLOUR = re.compile(r"black|blue|cyan|green|magenta|red|white|yellow|colou?r\s*\d+", re.IGNORECASE)
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*([-+]?\d+(?:\.\d+)?)")
_CURRENCY = re.compile(r"\$([^-]*)(?:-([0-9A-Fa-f]{1,4}))?")
_ELAPSED = re.compile(r"h+|m+|s+", re.IGNORECASE)
# The formats of a region that Windows calls the system's own.
_SYSTEM_FORMATS = (0xF400, 0xF800)
_MONTHS = "January February March April May June July August September October November December".split()
_WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


@dataclass(frozen=True)
class _Section:
    tokens: tuple[_Token, ...]
    condition: tuple[str, Decimal] | None = None
    is_english: bool = False

    @cached_property
    def kinds(self) -> frozenset[str]:
        return frozenset(token.kind for token in self.tokens)

    def holds_for(self, number: Decimal) -> bool:
        if self.condition is None:
            return True
        sign, limit = self.condition
        return {
            "<": number < limit, "<=": number <= limit, ">": number > limit, ">=": number >= limit,
            "=": number == limit, "<>": number != limit,
        }[sign]  # fmt: skip


@dataclass(frozen=True)
class NumberFormat:
    """The format of a cell. `kind` is what it makes of a number: `date`, `time`, `stamp` (date and time), or nothing.

    `kind` ends with `.` if parts of a second are shown. `zeros` is the length to which numbers are padded by a format
    that consists of zeros only.
    """

    code: str
    kind: str = ""
    zeros: int = 0
    is_regional: bool = False

    @cached_property
    def sections(self) -> list[_Section]:
        return _sections(self.code)

    def shown(self, number: Decimal, *, since_1904: bool = False) -> str | None:
        """The text that the sheet shows for the number; None where that is not certain, or hides a part of it."""
        if not number.is_finite() or abs(number.adjusted()) > MOST_EXPONENT:
            return None
        section = None if self.is_regional else _section_for(number, self.sections)
        if section is None or "unknown" in section.kinds:
            return None
        if section.kinds & {"date", "elapsed"}:
            return _shown_date(section, number, since_1904)
        return _shown_number(section, number, is_own_section=section is not self.sections[0])

    def shown_text(self, text: str) -> str | None:
        """The text that the sheet shows for a text; None where it shows nothing of it."""
        sections = self.sections
        if len(sections) < 4 and "text" not in sections[-1].kinds:
            return text
        section = sections[-1] if len(sections) < 4 else sections[3]
        if "text" not in section.kinds or section.kinds - {"text", "literal"}:
            return None
        return "".join(text if token.kind == "text" else token.text for token in section.tokens)

    @cached_property
    def is_plain(self) -> bool:
        """Whether a number is shown as it is."""
        return not self.is_regional and len(self.sections) == 1 and self.sections[0].kinds <= {"general", "text"}

    @cached_property
    def changes_texts(self) -> bool:
        """Whether a text may be shown as another one."""
        last = self.sections[-1]
        return len(self.sections) >= 4 or ("text" in last.kinds and len(last.tokens) > 1)


GENERAL = NumberFormat("General")


def number_format(number: int, code: str | None) -> NumberFormat:
    """The format with that number, and with that code if the workbook has one for it."""
    if code is None:
        known = (("date", BUILT_IN_DATES), ("time", BUILT_IN_TIMES), ("stamp", BUILT_IN_STAMPS))
        kind = next((kind for kind, numbers in known if number in numbers), "")
        if kind:
            return NumberFormat("", kind, is_regional=True)
        code = BUILT_IN_CODES.get(number, "General")
    if len(code) > LONGEST_CODE:
        return NumberFormat("", is_regional=True)
    zeros = len(code) if re.fullmatch("0{2,}", code) else 0
    return NumberFormat(code, _kind_of(_sections(code)[0]), zeros)


def _kind_of(section: _Section) -> str:
    if section.kinds & {"elapsed", "general"} or "date" not in section.kinds:
        return ""
    letters = {token.text[0].lower() for token in section.tokens if token.kind == "date"}
    has_time = bool(letters & {"h", "s"})
    has_day = bool(letters & {"d", "y"}) or ("m" in letters and not has_time)
    kind = ("stamp" if has_time else "date") if has_day else "time"
    return kind + "." if "fraction" in section.kinds else kind


# Parsing.


def _sections(code: str) -> list[_Section]:
    parts: list[list[re.Match[str]]] = [[]]
    for found in _TOKEN.finditer(code):
        if found.lastgroup == "section":
            parts.append([])
        else:
            parts[-1].append(found)
    return [_section(part) for part in parts]


def _section(parts: Sequence[re.Match[str]]) -> _Section:
    tokens: list[_Token] = []
    condition, is_english = None, False
    for part in parts:
        kind, text = str(part.lastgroup), part[str(part.lastgroup)]
        if kind == "bracket":
            if compared := _CONDITION.fullmatch(text.strip()):
                condition = (compared[1], Decimal(compared[2]))
            elif currency := _CURRENCY.fullmatch(text):
                region = int(currency[2] or "0", 16)
                is_english = is_english or region & 0x3FF == 9
                tokens.append(_Token("unknown" if region in _SYSTEM_FORMATS else "literal", currency[1]))
            elif _ELAPSED.fullmatch(text):
                tokens.append(_Token("elapsed", text))
            elif not _COLOUR.fullmatch(text.strip()):
                tokens.append(_Token("unknown", text))
        elif kind in ("quoted", "escaped", "literal"):
            tokens.append(_Token("literal", text))
        elif kind == "blank":
            tokens.append(_Token("literal", " "))
        elif kind != "fill":  # repeated to the width of the column, so it is no part of the text
            tokens.append(_Token(kind, text))
    return _Section(tuple(tokens), condition, is_english)


def _section_for(number: Decimal, sections: list[_Section]) -> _Section | None:
    """The section by which a number is shown; None if that is not certain."""
    numeric = sections if len(sections) > 3 or "text" not in sections[-1].kinds or len(sections) == 1 else sections[:-1]
    numeric = numeric[:3]
    if any(section.condition for section in numeric):
        # Whether a minus sign is added differs between programs.
        return None if number < 0 else next((section for section in numeric if section.holds_for(number)), None)
    if number < 0 and len(numeric) > 1:
        return numeric[1]
    return numeric[2] if number == 0 and len(numeric) > 2 else numeric[0]


# Numbers.


def _shown_number(section: _Section, number: Decimal, *, is_own_section: bool) -> str | None:
    if section.kinds & {"exponent", "slash", "half", "fraction"}:
        return None
    literals = "".join(token.text for token in section.tokens if token.kind == "literal")
    sign = ""
    if number < 0 and is_own_section:
        if not set("-(") & set(literals):
            return None  # the sign is only told by a colour, or not at all
    elif number < 0:
        sign = "-"
    if section.kinds & {"general", "text"}:
        return _shown_plainly(section, abs(number), sign)
    digits = _digits(section, abs(number))
    return None if digits is None else sign + digits


def _shown_plainly(section: _Section, number: Decimal, sign: str) -> str | None:
    if section.kinds - {"general", "text", "literal"} or number != number.to_integral_value():
        return None
    plain = f"{number:f}".partition(".")[0]
    return sign + "".join(token.text if token.kind == "literal" else plain for token in section.tokens)


def _digits(section: _Section, number: Decimal) -> str | None:
    """The digits of the number at the places that the section has for them."""
    tokens = list(section.tokens)
    kinds = [token.kind for token in tokens]
    if "digit" not in kinds or kinds.count("point") > 1:
        return None
    last = len(kinds) - 1 - kinds[::-1].index("digit")
    if "comma" in kinds[last:] or number >= MOST_SHOWN:
        return None  # such a comma counts thousands
    number *= 100 ** kinds.count("percent")
    if "point" in kinds or ("comma" in kinds and number >= 1000):
        # Separators depend on the region.
        return _plain_decimal(tokens, kinds.index("point"), number) if set(kinds) <= {"digit", "point"} else None
    if number != number.to_integral_value():
        return None  # what is rounded hides a part of the number
    rest = f"{number:f}".partition(".")[0] if number else ""
    first = kinds.index("digit")
    shown: list[str] = []
    for place in range(len(tokens) - 1, -1, -1):
        token = tokens[place]
        if token.kind == "digit":
            taken = rest if place == first else rest[-1:]
            rest = rest[: len(rest) - len(taken)]
            shown.append(taken or {"0": "0", "?": " "}.get(token.text, ""))
        elif token.kind != "comma":
            shown.append(token.text)
    return "".join(reversed(shown))


def _plain_decimal(tokens: list[_Token], point: int, number: Decimal) -> str | None:
    """The number, if the places before and after the point show nothing else."""
    plain = f"{number.normalize():f}"
    whole, _, decimals = plain.partition(".")
    zeros_before = sum(token.text == "0" for token in tokens[:point])
    zeros_after = sum(token.text == "0" for token in tokens[point:])
    is_whole = len(whole) >= zeros_before and (whole != "0" or zeros_before > 0)
    return plain if is_whole and decimals and zeros_after <= len(decimals) < len(tokens) - point else None


# Dates and times.


def _shown_date(section: _Section, number: Decimal, since_1904: bool) -> str | None:
    if section.kinds - {"date", "elapsed", "literal", "point", "comma", "half"}:
        return None
    moment = moment_of(number, since_1904=since_1904, has_fraction=False)
    parts = _parts_of_date(section)
    if moment is None or _hides(section, parts, moment):
        return None
    shown = []
    for token in section.tokens:
        text: str | None = token.text
        if token.kind == "elapsed":
            text = str(_elapsed(moment, parts.pop(0).lower())).zfill(len(token.text))
        elif token.kind == "date":
            text = _part_of_date(parts.pop(0), len(token.text), moment, section)
        elif token.kind == "half":
            text = ("AM" if moment.hour < 12 else "PM")[: 2 if len(token.text) > 3 else 1]
        if text is None:
            return None
        shown.append(text)
    return "".join(shown)


def _parts_of_date(section: _Section) -> list[str]:
    """What each token for a date or time stands for: y, M (month), d, h, m (minute) or s."""
    letters = [token.text[0].lower() for token in section.tokens if token.kind in ("date", "elapsed")]
    lengths = [len(token.text) for token in section.tokens if token.kind in ("date", "elapsed")]
    elapsed = [token.kind == "elapsed" for token in section.tokens if token.kind in ("date", "elapsed")]
    return [
        "M"
        if letter == "m"
        and not elapsed[place]
        and (lengths[place] > 2 or not (letters[place - 1 : place] == ["h"] or letters[place + 1 : place + 2] == ["s"]))
        else letter
        for place, letter in enumerate(letters)
    ]


def _hides(section: _Section, parts: list[str], moment: Moment) -> bool:
    """Whether the section shows only a part of the date and time."""
    days = {"y", "M", "d"} & set(parts)
    elapsed = {token.text[0].lower() for token in section.tokens if token.kind == "elapsed"}
    has_day = len(days) == 3 or bool(elapsed) or not (moment.days or days)
    return (
        not has_day
        or bool(moment.hour and "h" not in parts and not elapsed)
        or bool(moment.minute and "m" not in parts and elapsed != {"s"})
        or bool(moment.second and "s" not in parts)
    )


def _elapsed(moment: Moment, letter: str) -> int:
    hours = moment.days * 24 + moment.hour
    return {"h": hours, "m": hours * 60 + moment.minute}.get(letter, (hours * 60 + moment.minute) * 60 + moment.second)


def _part_of_date(part: str, length: int, moment: Moment, section: _Section) -> str | None:
    if part == "y":
        return f"{moment.year:04}" if length > 2 else f"{moment.year % 100:02}"
    if part in "Md" and length > 2:
        # A name, in the language of the region.
        names, number = (_MONTHS, moment.month - 1) if part == "M" else (_WEEKDAYS, moment.weekday)
        if not section.is_english or number is None:
            return None
        return {3: names[number][:3], 5: names[number][:1]}.get(length, names[number])
    hour = (moment.hour % 12 or 12) if "half" in section.kinds else moment.hour
    value = {"d": moment.day, "M": moment.month, "h": hour, "m": moment.minute, "s": moment.second}[part]
    return str(value).zfill(min(length, 2))
