"""The columns of a stream, by its JSON Schema."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# How deep the members of objects become columns of their own; what lies deeper is JSON.
DEEPEST = 3
_NUMBERS = {"number", "integer", "null"}
_EXACT_FORMATS = {"date", "date-time", "singer.decimal"}


@dataclass(frozen=True, slots=True)
class StreamColumn:
    """A column: its name, the names that lead to its value in a record, and whether it has numbers or dates only."""

    name: str
    path: tuple[str, ...]
    is_exact: bool


def columns_of(schema: Mapping[str, Any]) -> list[StreamColumn]:
    """The columns of records with this schema; those of an object within a record are called “address.city”."""
    return list(_columns(schema, ()))


def _columns(schema: Mapping[str, Any], above: tuple[str, ...]) -> Iterator[StreamColumn]:
    properties = schema.get("properties")
    for name, of in properties.items() if isinstance(properties, Mapping) else ():
        path = (*above, name)
        variants = list(_variants(of))
        types = {each for variant in variants for each in _types(variant)}
        nested = next((one for one in variants if one.get("properties")), None)
        if nested and len(path) < DEEPEST and types <= {"object", "null"}:
            yield from _columns(nested, path)
            continue
        formats = {variant.get("format") for variant in variants if "string" in _types(variant)}
        is_exact = bool(types) and (types <= _NUMBERS or (bool(formats) and formats <= _EXACT_FORMATS))
        yield StreamColumn(".".join(path), path, is_exact)


def _variants(schema: object) -> Iterator[Mapping[str, Any]]:
    """The schema, or each of those that it allows."""
    if not isinstance(schema, Mapping):
        return
    alternatives: Sequence[object] = schema.get("anyOf") or schema.get("oneOf") or ()
    if not alternatives:
        yield schema
    for alternative in alternatives:
        yield from _variants(alternative)


def _types(schema: Mapping[str, Any]) -> set[str]:
    found = schema.get("type", ())
    return {found} if isinstance(found, str) else {each for each in found if isinstance(each, str)}
