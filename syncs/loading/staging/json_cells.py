"""Cells of JSON rows whose kind of value matters.

All cells come as texts, and that is enough for most. Of the few that look like a number or a boolean where the kind
makes a difference, it is read again in the row's own text, so that the others cost nothing.
"""

import json
import re
from collections.abc import Sequence
from typing import NamedTuple

from adsplatform.records.checks import Fault, as_text
from adsplatform.records.json_numbers import JsonNumber, takes_numbers, written_out
from adsplatform.records.specification import Column
from syncs.loading.staging.columnar_blocks import Block
from syncs.loading.staging.header_mapping import column_named

# JSON numbers whose text is not their plain digits. The decimals of a key are as their writer likes them.
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?[eE][+-]?[0-9]+|-?[0-9]+\.0+", re.ASCII)
_NUMBER_AS_KEY = re.compile(r"-?[0-9]+(?:\.[0-9]+)?[eE][+-]?[0-9]+|-?[0-9]+\.[0-9]+", re.ASCII)


class JsonCells(NamedTuple):
    """Cells as their JSON values mean them.

    `texts` are the cells, numbers with an exponent written out; `faults` has the booleans in place of keys, and
    `numbers` the places of keys that were such numbers.
    """

    texts: list[str]
    faults: dict[int, Fault]
    numbers: set[int]


def as_json_means(block: Block, column: Column, places: Sequence[int], texts: list[str]) -> JsonCells:
    """The cells at places of a block; those of a row that is no JSON object, and JSON's own texts, stay as they are."""
    read = JsonCells(texts.copy(), {}, set())
    if not takes_numbers(column):
        return read
    is_number = _NUMBER_AS_KEY.fullmatch if column.is_key else _NUMBER.fullmatch
    for at, (place, text) in enumerate(zip(places, texts, strict=True)):
        is_boolean = column.is_key and text in ("true", "false")
        if not is_boolean and not is_number(text):
            continue
        value = _member(block, column, place)
        if as_text(value) != text:
            continue
        if isinstance(value, bool):
            read.faults[at] = Fault(
                "boolean_key",
                f"{column.wire}: {text} is no key, but JSON’s word for yes or no. Send the key as a text, in quotation "
                "marks.",
            )
        elif isinstance(value, JsonNumber):
            read.texts[at] = written_out(value, is_key=column.is_key)
            if column.is_key:
                read.numbers.add(at)
    return read


def _member(block: Block, column: Column, place: int) -> object:
    """The value of a column in the row's JSON object; None if the row's text is none."""
    raw = block.raw[place]
    if raw[:1].lstrip() not in ("{", "[", ""):
        return None
    try:
        row = json.loads(raw, parse_float=JsonNumber)
    except (ValueError, RecursionError):
        return None
    if isinstance(row, list) and len(row) == 1:
        row = row[0]
    if not isinstance(row, dict):
        return None
    return next((value for name, value in row.items() if column_named(block.entity, name) is column), None)
