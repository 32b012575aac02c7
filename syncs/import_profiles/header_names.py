"""The names of columns as people write them, brought to one form by which they can be compared."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import TypeAlias

from adsplatform.records.currencies import IN_USE

CURRENCY_SIGNS = "€$£¥"

_DAY, _MONTH, _YEAR = r"(?:d{1,2}|t{1,2}|j{1,2})", r"m{1,4}", r"(?:y{2,4}|j{2,4}|a{2,4})"
_ORDERS = ((_DAY, _MONTH, _YEAR), (_MONTH, _DAY, _YEAR), (_YEAR, _MONTH, _DAY))
_DATE_PATTERN = re.compile(
    r"[(\[]?\b(?:" + "|".join(r"[./ \-]?".join(order) for order in _ORDERS) + r")\b[)\]]?", re.IGNORECASE
)
_BRACKET = re.compile(r"[(\[]([^()\[\]]*+)[)\]]")
_WORD_BREAK = re.compile(r"(?<=[^\W\d_A-Z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")
# Words for “number”, alone and at the end of compounds such as Rechnungsnummer and fakturanr.
_NUMBER_WORDS = {"nr", "no", "num", "number", "nummer", "numero"}
_NUMBER_ENDING = re.compile(r"(.{3,})(?:nummer|number|numero|nr)")

FINGERPRINT_DIGITS = 16

Synonyms: TypeAlias = Mapping[str, Mapping[str, tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class HeaderName:
    """A column's name in normal form, and what was taken off it because it only says how the values are written."""

    normal: str
    date_pattern: str = ""
    currency: str = ""

    @property
    def key(self) -> str:
        """The form by which names are compared: `Fälligkeit`, `Faelligkeit` and `FALLIGKEIT` are one."""
        return self.normal.replace(" ", "").replace("ae", "a").replace("oe", "o").replace("ue", "u")


@lru_cache(maxsize=20_000)
def read_name(name: str) -> HeaderName:
    """The normal form of a column's name, as `header-synonyms.json` has it."""
    text = "".join(
        character
        for character in unicodedata.normalize("NFKC", name.replace("°", " no ").replace("º", " no "))
        if unicodedata.category(character) not in ("Cc", "Cf")
    )
    date_pattern = currency = ""
    # A name that is nothing but such a pattern keeps it.
    if (found := _DATE_PATTERN.search(text)) and len(found[0]) > 5 and found[0] != text.strip():
        date_pattern = found[0].strip("()[] ")
        text = text.replace(found[0], " ", 1)
    for bracket in _BRACKET.finditer(text):
        inside = bracket[1].strip()
        if inside.upper() in IN_USE or (inside and inside in CURRENCY_SIGNS):
            currency = inside.upper()
            text = text.replace(bracket[0], " ", 1)
            break
    text = _WORD_BREAK.sub(" ", text).lower()
    text = text.replace("#", " no ").replace("&", " and ").replace("%", " percent ").replace("ß", "ss")
    text = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    words = re.sub(r"[\W_]+", " ", text).split()
    return HeaderName(" ".join(_with_number(words)), date_pattern, currency)


def _with_number(words: list[str]) -> Iterable[str]:
    """The words with each word for “number” as “no”; the n of `n°` belongs to it."""
    for place, word in enumerate(words):
        if word == "n" and words[place + 1 : place + 2] == ["no"]:
            continue
        if word in _NUMBER_WORDS:
            yield "no"
        elif compound := _NUMBER_ENDING.fullmatch(word):
            yield f"{compound[1]} no"
        else:
            yield word


def normal_form(name: str) -> str:
    """The name's words in lower case without accents: `Rechnungsnr.` → `rechnungs no`."""
    return read_name(name).normal


@lru_cache(maxsize=20_000)
def key_of(name: str) -> str:
    """The form by which two names are compared."""
    return read_name(name).key


def fingerprint(columns: Iterable[str]) -> str:
    """The fingerprint of a header: the same for the same names in any order.

    It is the first 16 hexadecimal digits of the SHA-256 of the different keys, sorted, with a line feed between them.
    """
    keys = sorted({key_of(name) for name in columns})
    return hashlib.sha256("\n".join(keys).encode()).hexdigest()[:FINGERPRINT_DIGITS]


def _data(name: str) -> dict[str, object]:
    content: dict[str, object] = json.loads((files(__package__) / "data" / name).read_text("utf-8"))
    return content


@cache
def synonyms() -> Synonyms:
    """By kind and field: the names in normal form by which exports call the field."""
    table = _data("header-synonyms.json")
    return {
        kind: {field: tuple(names) for field, names in fields.items()}
        for kind, fields in table.items()
        if isinstance(fields, dict)
    }


@cache
def fields_by_key(kind: str) -> Mapping[str, str]:
    """The field of a kind of record that each synonym's key stands for."""
    return {key_of(name): field for field, names in synonyms().get(kind, {}).items() for name in names}


@cache
def roles() -> Mapping[str, object]:
    """Names that need more than a synonym: by which records are named, of the layout, ambiguous ones, and words of
    totals, true and false."""
    return _data("header-roles.json")
