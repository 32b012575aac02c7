"""The encoding, styles and value maps of a stored profile, as fields of a form."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from adsplatform.records.specification import entities
from syncs.import_profiles.encodings import NAMES
from syncs.import_profiles.inspected import Choice
from syncs.import_profiles.profile import DATE_PATTERNS, ENCODINGS
from syncs.inbox.field_names import FieldName, field_name
from syncs.inbox.question_fields import ChoiceField, in_words

DECIMALS = (Choice(".", "Point: 1234.50"), Choice(",", "Comma: 1234,50"))
_ENCODINGS = tuple(Choice(name, NAMES[name]) for name in ENCODINGS)
# Every other value of the column.
ANY_OTHER = "*"


@dataclass(frozen=True)
class MappedWord:
    """A word of a column and what it stands for."""

    word: str
    name: str
    value: str


@dataclass(frozen=True)
class ValueMap:
    """What the words of a column stand for in a field."""

    column: str
    field: FieldName
    words: tuple[MappedWord, ...]


class StyleChoices:
    """How a profile's letters, numbers and dates are written, and what its words mean, as chosen in a form."""

    def __init__(self, document: Mapping[str, Any], posted: QueryDict | None) -> None:
        styles = document["styles"]
        dates = tuple(Choice(pattern, pattern) for pattern in DATE_PATTERNS)
        self.decimal = ChoiceField("decimal", "Decimals", DECIMALS, False, styles.get("decimal"), posted)
        self.dates = ChoiceField("dates", "Dates", dates, False, styles.get("dates"), posted)
        encoding = document["read"].get("encoding")
        self.encoding = ChoiceField("encoding", "Letters (encoding)", _ENCODINGS, False, encoding, posted)
        self.maps = [self._map(at, *found, posted) for at, found in enumerate(_maps(document))]

    def applied(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """The document with what was chosen."""
        changed: dict[str, Any] = deepcopy(dict(document))
        for name, chosen in (("decimal", self.decimal), ("dates", self.dates)):
            if chosen.is_answered:
                changed["styles"][name] = chosen.value
        if self.encoding.is_answered and "encoding" in changed["read"]:
            changed["read"]["encoding"] = self.encoding.value
        for words, (kind, field, source) in zip(self.maps, list(_maps(changed)), strict=True):
            for word in words.words:
                source["values"][word.word] = _typed(kind, field, word.value)
        return changed

    @staticmethod
    def _map(at: int, kind: str, field: str, source: Mapping[str, Any], posted: QueryDict | None) -> ValueMap:
        words = []
        for number, (word, value) in enumerate(source["values"].items()):
            name = f"m{at}w{number}"
            text = "" if value is None else in_words(value)
            words.append(MappedWord(word, name, posted.get(name, text).strip() if posted is not None else text))
        return ValueMap(source["column"], field_name(f"{kind}.{field}"), tuple(words))


def _maps(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The sources of the document that have a map of values: kind, field and source."""
    for rule in document["records"]:
        for field, source in rule["fields"].items():
            if isinstance(source, dict) and source.get("values"):
                yield rule["kind"], field, source


def _typed(kind: str, field: str, value: str) -> str | bool | None:
    if not value:
        return None
    column = entities()[kind].by_wire_name[field.lower()]
    if column.type == "boolean" and value.lower() in ("true", "false"):
        return value.lower() == "true"
    return value
