"""JSON objects become blocks of rows: the columns of a block are the members of its objects together."""

import json
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from typing import Any

import msgspec
import numpy as np

from syncs.connectors.columnar import by_column
from syncs.connectors.protocol import ABSENT, Columns, JsonValue, RowProblem

MAX_COLUMNS = 1_000
MAX_DEPTH = 100
# The most members of objects that are read into columns at once.
MAX_TOGETHER = 300
TOO_DEEP = "The object is nested too deeply to be read. Write a flat object: one value for each name."

# Amounts stay text: a float would round them.
decode = msgspec.json.Decoder(float_hook=str).decode


class DuplicateMember(ValueError):
    """An object has more than one member of this name."""

    def __init__(self, member: str):
        super().__init__(member)
        self.member = member


def unique_members(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    """The members of an object, as an `object_pairs_hook`; raises DuplicateMember for the first repeated name."""
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise DuplicateMember(name)
            seen.add(name)
    return members


class FlatObjects:
    """The objects of a list, given without its brackets, if each is certain to be flat.

    To read many at once is much faster. What stands between two opening brackets is then one object's; and no member
    stands twice where a name and its colon are there no more often than there are members.
    """

    def __init__(self, text: str):
        try:
            self._data = f"[{text}]".encode()
        except UnicodeEncodeError:
            self._data = b""
        letters = np.frombuffer(self._data, np.uint8)
        before_colons = letters[np.flatnonzero(letters == ord(":")) - 1]
        self.count = np.count_nonzero(letters == ord("{"))
        self.closed = np.count_nonzero(letters == ord("}"))
        ends = np.flatnonzero(letters == ord("\n"))
        # Whether the line breaks are where one object ends and the next begins, and how many there are.
        self.breaks = len(ends)
        self.breaks_between = bool((letters[ends - 2] == ord("}")).all() and (letters[ends + 1] == ord("{")).all())
        self._members = np.count_nonzero(before_colons == ord('"'))
        is_nested = np.count_nonzero(letters == ord("[")) != 1
        self._is_sure = self.count and not is_nested and not (before_colons <= ord(" ")).any()

    @cached_property
    def shape(self) -> list[str] | None:
        """The names of the members, where each object has the same ones, in the same order or another."""
        if not self._is_sure:
            return None
        try:
            names = list(decode(self._data[1 : self._data.index(b"}") + 1]))
        except (ValueError, RecursionError):
            return None
        is_one = 0 < len(names) == len(set(map(str.casefold, names))) <= MAX_TOGETHER
        return names if is_one and self._members == self.count * len(names) else None

    @cached_property
    def by_column(self) -> dict | None:
        """What `Columns` are made of; None where not all objects have one shape."""
        if not self.shape:
            return None
        try:
            found = _decoder_of(tuple(self.shape))(self._data)
        except (ValueError, RecursionError):
            return None
        if len(found) != self.count:
            return None
        rows = list(map(msgspec.structs.astuple, found))
        if cut := by_column(rows, len(self.shape), _text):
            delimited, cells = cut
            return {"columns": self.shape, "cells": cells, "delimited": delimited, "delimiter": "\t"}
        return {"columns": self.shape, "cells": list(zip(*rows, strict=True))}

    @cached_property
    def one_by_one(self) -> list[dict] | None:
        """The objects; None where only a look at each by itself tells."""
        if not self._is_sure:
            return None
        try:
            found = decode(self._data)
        except (ValueError, RecursionError):
            return None
        is_sure = set(map(type, found)) == {dict} and len(found) == self.count
        return found if is_sure and sum(map(len, found)) == self._members else None


def _text(value: int | bool | None) -> str:
    return "" if value is None else json.dumps(value)


@lru_cache(100)
def _decoder_of(names: tuple[str, ...]):
    """Decodes a list of objects that each have all of these members and no others."""
    # Whatever a value is: only of one that may be anything does a decimal stay text.
    fields = [(f"m{at}", Any) for at in range(len(names))]
    renamed = {field: name for (field, _), name in zip(fields, names, strict=True)}
    shape = msgspec.defstruct("Flat", fields, rename=renamed, forbid_unknown_fields=True, gc=False)
    return msgspec.json.Decoder(list[shape], float_hook=str).decode


def blocks_of(
    name: str, file: str, found: list[dict | RowProblem], lines: Sequence[int], raw: list[str]
) -> Iterator[Columns | RowProblem]:
    """What stands on some lines, as a block of rows or more; `name` is the source's word for the kind of record.

    What is wrong with a line may stand in place of its object, and is handed on.
    Member names are matched without regard to case, as the API does; a block keeps the first spelling it met.
    """
    if RowProblem in set(map(type, found)):
        yield from (value for value in found if value.__class__ is RowProblem)
        kept = [at for at, value in enumerate(found) if value.__class__ is not RowProblem]
        found, lines, raw = ([values[at] for at in kept] for values in (found, lines, raw))
    spellings, columns, doubled = {}, {}, {}
    shapes = dict.fromkeys(map(tuple, found))
    for shape in list(shapes):
        spelled = [spellings.setdefault(member.casefold(), member) for member in shape]
        if len(set(spelled)) < len(spelled):
            doubled[shape] = next(member for at, member in enumerate(shape) if spelled[at] in spelled[:at])
            del shapes[shape]
        else:
            shapes[shape] = spelled
            columns.update(dict.fromkeys(spelled))
    if len(columns) > MAX_COLUMNS and len(found) > 1:
        half = len(found) // 2
        yield from blocks_of(name, file, found[:half], lines[:half], raw[:half])
        yield from blocks_of(name, file, found[half:], lines[half:], raw[half:])
        return
    if doubled:
        kept = []
        for at, one in enumerate(found):
            if member := doubled.get(tuple(one)):
                yield duplicate_member(name, file, lines[at], member, raw[at])
            else:
                kept.append(at)
        found, lines, raw = ([values[at] for at in kept] for values in (found, lines, raw))
    if found:
        yield Columns(name, file, list(columns), _cells(found, shapes, list(columns)), lines, raw)


def _cells(found: list[dict], shapes: dict[tuple, list[str]], columns: list[str]) -> list[Sequence]:
    if list(shapes.values()) == [columns]:
        return list(zip(*map(dict.values, found), strict=True))
    if any(list(shape) != spelled for shape, spelled in shapes.items()):
        found = [dict(zip(shapes[tuple(one)], one.values(), strict=True)) for one in found]
    return [[one.get(column, ABSENT) for one in found] for column in columns]


def the_object(name: str, file: str, line: int, value, raw: str) -> dict | RowProblem:
    """The object that a value is, or what is wrong with it."""
    if type(value) is list and len(value) == 1:  # as the Ruby client wraps an object
        value = value[0]
    if type(value) is not dict:
        return bad_json(name, file, line, _not_an_object(value), raw)
    if raw.count("{") + raw.count("[") > MAX_DEPTH and _is_deep(value):
        return bad_json(name, file, line, TOO_DEEP, raw)
    return value


def bad_json(name: str, file: str, line: int, message: str, raw: str) -> RowProblem:
    return RowProblem(name, file, line, "bad_json", message, raw=raw)


def duplicate_member(name: str, file: str, line: int, member: str, raw: str) -> RowProblem:
    message = f"The member “{member}” stands in the object more than once. Keep one of them."
    return RowProblem(name, file, line, "duplicate_member", message, column=member, raw=raw)


def _is_deep(found) -> bool:
    """Whether the object holds others deeper than can safely be written as text again."""
    level = [found]
    for _ in range(MAX_DEPTH):
        inner = (value for outer in level for value in (outer.values() if type(outer) is dict else outer))
        level = [value for value in inner if type(value) in (dict, list)]
        if not level:
            return False
    return True


def _not_an_object(found) -> str:
    kinds = {
        str: "a text or a number",
        bool: "true or false",
        int: "a number",
        list: "a list",
        type(None): "null",
    }
    return (
        f"Here stands {kinds.get(type(found), 'something else')}, not an object. "
        'Write an object, like {"erpKey": "I1"}.'
    )
