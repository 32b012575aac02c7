"""Column names that are known from exports, whatever kind of record they belong to."""

from collections.abc import Mapping, Sequence
from functools import cache

from adsplatform.records.specification import entities
from syncs.import_profiles.header_names import fields_by_key, key_of, roles, synonyms


def _table(name: str) -> Mapping[str, object]:
    table = roles()[name]
    return table if isinstance(table, dict) else {}


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(text) for text in value) if isinstance(value, list) else ()


@cache
def layout_roles() -> Mapping[str, str]:
    """By key of a name: what the column is for, where it is no field: moneyIn, sideFlag, firstName and others."""
    return {key_of(name): role for role, names in _table("layout").items() for name in _texts(names)}


@cache
def ambiguous_names() -> Mapping[str, tuple[str, Mapping[str, tuple[str, ...]]]]:
    """By key of a name that has several meanings: the name in English, and its possible fields by kind."""
    found: dict[str, tuple[str, Mapping[str, tuple[str, ...]]]] = {}
    for name, entry in _table("ambiguous").items():
        if not isinstance(entry, dict):
            continue
        fields = {kind: _texts(value) for kind, value in entry.items() if kind not in ("also", "decide")}
        for spelling in (name, *_texts(entry.get("also"))):
            found.setdefault(key_of(spelling), (name, fields))
    return found


@cache
def names_that_refer(kind: str) -> Mapping[str, str]:
    """By key of a name: the field of the kind that names a record by another record's name, not by its key."""
    by_kind = _table("byName").get(kind)
    if not isinstance(by_kind, dict):
        return {}
    return {key_of(name): field for field, names in by_kind.items() for name in _texts(names)}


@cache
def words_of_totals() -> frozenset[str]:
    """The words by which a line of totals names itself, in normal form."""
    return frozenset(_texts(roles()["totals"]))


@cache
def own_fields(kind: str) -> Mapping[str, str]:
    """By key: our own names of the kind's fields."""
    entity = entities()[kind]
    return {key_of(column.wire): column.wire for column in entity.columns.values()}


@cache
def _all_keys() -> frozenset[str]:
    keys: set[str] = set(layout_roles()) | set(ambiguous_names())
    for kind in synonyms():
        keys |= set(fields_by_key(kind)) | set(names_that_refer(kind))
    for kind in entities():
        keys |= set(own_fields(kind))
    return frozenset(keys)


def known_count(names: Sequence[str]) -> int:
    """How many of the names are known."""
    return sum(1 for key in {key_of(name) for name in names if name.strip()} if key in _all_keys())


def is_known(name: str) -> bool:
    """Whether exports use the name for a column."""
    return key_of(name) in _all_keys()
