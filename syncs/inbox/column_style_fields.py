"""How the numbers and dates of one column are written, as fields of a form."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from adsplatform.records.specification import Column
from syncs.import_profiles.profile import DATE_PATTERNS
from syncs.import_profiles.style_changes import column_style, with_style
from syncs.inbox.question_fields import Option

DECIMALS = {".": "decimal point: 1234.50", ",": "decimal comma: 1234,50"}
THOUSANDS = {
    ",": "comma between thousands",
    ".": "point between thousands",
    " ": "blank between thousands",
    "'": "apostrophe between thousands",
    "none": "nothing between thousands",
}
# 31 December 2024 in the parts of a pattern, the longer ones first.
DAY = {"YYYY": "2024", "YY": "24", "MMM": "Dec", "MM": "12", "DD": "31"}
SERIAL = {"excel": "days since 1900, as in Excel", "excel1904": "days since 1904, as in Excel"}


@dataclass(frozen=True)
class StyleField:
    """A list of styles; the first option leaves the style as it is."""

    name: str
    label: str
    options: tuple[Option, ...]


class ColumnStyleFields:
    """The lists of one column, and what was chosen in them."""

    def __init__(self, prefix: str, document: Mapping[str, Any], column: str, posted: QueryDict | None) -> None:
        """`document` is the profile before any choice."""
        self.prefix, self.posted = prefix, posted
        self._style = column_style(document, column)
        # What stands between thousands follows the decimal mark, where it is not chosen itself.
        decimal = {name: mark for name, mark in self.chosen().items() if name == "decimal"}
        self._thousands = column_style(with_style(document, column, decimal), column).get("thousands", [])

    def chosen(self) -> dict[str, Any]:
        """What was chosen, as a profile has it."""
        found: dict[str, Any] = {}
        if (decimal := self._posted("decimal")) in DECIMALS:
            found["decimal"] = decimal
        if (mark := self._posted("thousands")) in THOUSANDS:
            found["thousands"] = [] if mark == "none" else [mark]
        if (pattern := self._posted("dates")) in DATE_PATTERNS:
            found["dates"] = pattern
        return found

    def fields(self, filled: Iterable[Column]) -> tuple[StyleField, ...]:
        """The lists that are of use for a column that fills these fields."""
        types = {column.type for column in filled}
        found = []
        if types & {"amount", "double", "integer"}:
            between = " or ".join(THOUSANDS.get(mark, f"“{mark}”").split(" ")[0] for mark in self._thousands)
            found.append(self._field("decimal", "Decimal mark", DECIMALS, DECIMALS.get(self._style.get("decimal", ""))))
            found.append(
                self._field("thousands", "Between thousands", THOUSANDS, f"{between or 'nothing'} between thousands")
            )
        if types & {"date", "stamp"}:
            patterns = {pattern: in_words(pattern) for pattern in DATE_PATTERNS}
            found.append(self._field("dates", "Order of dates", patterns, patterns.get(self._style.get("dates", ""))))
        return tuple(found)

    def _field(self, what: str, label: str, styles: Mapping[str, str], now: str | None) -> StyleField:
        posted = self._posted(what)
        unchanged = f"{now}, as it is" if now else "not known yet"
        options = (
            Option("", unchanged, posted not in styles),
            *(Option(style, words, posted == style) for style, words in styles.items()),
        )
        return StyleField(f"{self.prefix}{what}", label, options)

    def _posted(self, what: str) -> str:
        return self.posted.get(f"{self.prefix}{what}", "") if self.posted is not None else ""


def in_words(pattern: str) -> str:
    """A pattern of dates with an example: “DD.MM.YYYY: 31.12.2024”."""
    if pattern in SERIAL:
        return SERIAL[pattern]
    example = pattern
    for part, value in DAY.items():
        example = example.replace(part, value)
    return f"{pattern}: {example}"
