"""Which field a column fills, by its name: our own name, names from exports, and names that are much like one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache

from adsplatform.records.specification import entities
from syncs.import_profiles.header_names import fields_by_key, key_of, normal_form
from syncs.import_profiles.inspected import Verdict
from syncs.import_profiles.known_names import ambiguous_names, layout_roles, names_that_refer, own_fields
from syncs.import_profiles.tables import Column

# How much alike two names are that are taken for one, and how long they must be.
ALIKE, LEAST_LENGTH = 0.92, 5


@dataclass(frozen=True, slots=True)
class Match:
    """A field that a column may fill. `by` is companyName where it names a record by its name, not by its key;
    `others` are further possible fields."""

    column: Column
    kind: str
    field: str
    verdict: Verdict
    by: str = ""
    is_inverted: bool = False
    others: tuple[str, ...] = ()

    @property
    def is_sure(self) -> bool:
        return self.verdict is Verdict.SURE

    @property
    def path(self) -> str:
        return f"{self.kind}.{self.field}"


def match_column(column: Column, kind: str, *, is_joined: bool = False) -> Match | None:
    """The field of a kind that the column's name stands for; None if it stands for none."""
    key = column.key
    if not key:
        return None
    if field := own_fields(kind).get(key):
        return Match(column, kind, field, Verdict.SURE)
    if field := fields_by_key(kind).get(key):
        return Match(column, kind, field, Verdict.SURE)
    if field := names_that_refer(kind).get(key):
        return Match(column, kind, field, Verdict.SURE, by="companyName" if _refers_to_company(field) else "name")
    if key in ambiguous_names():
        return _ambiguous(column, kind, key)
    if layout_roles().get(key):
        return None
    return _near(column, kind) or (_by_last_word(column, kind) if is_joined else None)


def _refers_to_company(field: str) -> bool:
    return field in ("companyErpKey", "customerErpKey")


def _ambiguous(column: Column, kind: str, key: str) -> Match | None:
    possible = ambiguous_names()[key][1].get(kind, ())
    known = {column.wire for column in entities()[kind].columns.values()}
    fields = [(text, text.split(" by ")[0].split(",")[0].strip()) for text in possible]
    fitting = [(text, field) for text, field in fields if field in known]
    if not fitting:
        return None
    text, field = fitting[0]
    others = tuple(dict.fromkeys(other for _, other in fitting[1:] if other != field))
    by = "companyName" if text.endswith(" by name") else ""
    return Match(column, kind, field, Verdict.LIKELY, by, is_inverted=text.endswith("inverted"), others=others)


def _near(column: Column, kind: str) -> Match | None:
    """A name that is spelled nearly alike, or has one word more."""
    names = fields_by_key(kind)
    if len(column.key) >= LEAST_LENGTH:
        for near in get_close_matches(column.key, _long_keys(kind), n=1, cutoff=ALIKE):
            return Match(column, kind, names[near], Verdict.LIKELY)
    words = normal_form(column.name).split()
    if len(words) > 1:
        for place in range(len(words)):
            shorter = key_of(" ".join(words[:place] + words[place + 1 :]))
            if len(words) > 2 and shorter in names and " " in normal_form(" ".join(words[:place] + words[place + 1 :])):
                return Match(column, kind, names[shorter], Verdict.LIKELY)
    return None


@cache
def _long_keys(kind: str) -> tuple[str, ...]:
    return tuple(key for key in fields_by_key(kind) if len(key) >= LEAST_LENGTH)


def _by_last_word(column: Column, kind: str) -> Match | None:
    """Of a name that was joined from two rows: what the lower row says."""
    last = key_of(normal_form(column.name).split()[-1])
    if field := fields_by_key(kind).get(last):
        return Match(column, kind, field, Verdict.LIKELY)
    return _ambiguous(column, kind, last) if last in ambiguous_names() else None


def match_all(columns: Sequence[Column], kind: str, *, is_joined: bool = False) -> dict[int, Match]:
    """The matches of a kind, by the positions of their columns."""
    found = ((column.place, match_column(column, kind, is_joined=is_joined)) for column in columns)
    return {place: match for place, match in found if match is not None}


def by_field(matches: Mapping[int, Match]) -> dict[str, list[Match]]:
    """The matches by the fields that they fill."""
    fields: dict[str, list[Match]] = {}
    for match in matches.values():
        fields.setdefault(match.field, []).append(match)
    return fields
