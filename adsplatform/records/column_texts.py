"""The columns as people are told about them: type and length in words, whether required, meaning, and an example.

Meanings and examples stand in `column_texts.csv`, everything else follows from the specification.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from adsplatform.records.specification import Column, Entity, entities

TYPES = {
    "text": "text",
    "amount": "amount, such as 1234.50: at most 20 digits before the decimal point and 8 after it",
    "double": "number, such as 51.5",
    "integer": "whole number",
    "boolean": "true or false",
    "uuid": "id of the platform, such as 0192f5b4-7c1e-7a3b-9d52-3f1e8a6b4c20",
    "date": "date, such as 2025-01-31",
    "stamp": "point in time, such as 2025-01-31T09:30:00, in UTC where it names no other zone",
    "json": "JSON",
}


@dataclass(frozen=True)
class ColumnText:
    """One column in words."""

    column: Column
    type: str
    # The greatest number of characters, or "".
    length: str
    # "yes", "no", or under which condition.
    required: str
    meaning: str
    # A value that loads; "" where an example is better left empty.
    example: str

    @property
    def name(self) -> str:
        return self.column.wire


@cache
def column_texts(kind: str) -> tuple[ColumnText, ...]:
    """The columns of a kind of record in words: those that every record needs first, then as in the specification."""
    entity = entities()[kind]
    written = {row["column"]: row for row in written_texts() if row["kind"] == kind}
    texts = [
        ColumnText(
            column=column,
            type=_type_in_words(column),
            length=f"{column.max_length:,}" if column.max_length else "",
            required=_required_in_words(column, entity),
            meaning=_meaning(column, written[column.wire]["meaning"]),
            example=written[column.wire]["example"],
        )
        for column in entity.columns.values()
    ]
    keys = entity_keys(entity)
    return tuple(sorted(texts, key=lambda text: (text.name not in keys, not text.required.startswith("yes"))))


def entity_keys(entity: Entity) -> set[str]:
    """The published names of the columns that identify a record."""
    return {entity.columns[name].wire for name in entity.key if name in entity.columns}


def required_kinds(kind: str) -> list[str]:
    """The kinds of record that the example of this kind refers to, directly and through others, those first."""
    examples = {text.column.name: text.example for text in column_texts(kind)}
    found: list[str] = []
    for reference in entities()[kind].references:
        for lookup in reference.lookups:
            is_meant = lookup.when is None or examples.get(lookup.when[0]) == lookup.when[1]
            if examples.get(lookup.column) and is_meant and lookup.target != kind:
                found += [*required_kinds(lookup.target), lookup.target]
    return list(dict.fromkeys(found))


@cache
def written_texts() -> tuple[dict[str, str], ...]:
    """Kind, column, example and meaning of every column."""
    text = files("adsplatform.records").joinpath("column_texts.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


def _type_in_words(column: Column) -> str:
    words = TYPES[column.type]
    if column.choices_range:
        words += f" from {column.choices_range[0]:,} to {column.choices_range[1]:,}"
    return words


def _meaning(column: Column, meaning: str) -> str:
    if not column.known_texts:
        return meaning
    return f"{meaning}. Known values: {', '.join(column.known_texts)}"


def _required_in_words(column: Column, entity: Entity) -> str:
    others = list(_other_names(column, entity))
    if column.assumed is not None:
        if column.assumed.product_of:
            assumed = " × ".join(entity.columns[name].wire for name in column.assumed.product_of)
        else:
            assumed = str(column.assumed.constant)
        return f"no; {assumed} where it is empty"
    if others:
        return f"yes, or {' or '.join(others)}"
    if column.required:
        return "yes"
    return "no" if column.default is None else f"no; {str(column.default).lower()} where it is empty"


def _other_names(column: Column, entity: Entity) -> Iterator[str]:
    """The other columns that may name the record to which a required reference goes."""
    for reference in entity.references:
        names = [lookup.column for lookup in reference.lookups if lookup.when is None]
        if reference.required and column.name in names:
            yield from (entity.columns[name].wire for name in names if name != column.name)
