"""JSON objects as blocks of rows: the columns of a block are the members of its objects."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from types import GenericAlias
from typing import Any, NamedTuple, TypeAlias, TypeGuard

import msgspec
import numpy as np
import polars as pl

from syncs.connectors.columnar import rows_to_columns
from syncs.connectors.protocol import (
    ABSENT,
    Cell,
    Columns,
    ConnectorError,
    JsonValue,
    RowProblem,
    SourceItem,
    SourceItems,
)

JsonObject: TypeAlias = dict[str, JsonValue]

MAX_COLUMNS = 1_000
# In all objects of a file together.
MAX_DIFFERENT_MEMBERS = 2_000
MAX_DEPTH = 100
# The most members of objects that are decoded into columns at once.
MAX_MEMBERS_BY_COLUMN = 300
TOO_DEEP = "The object is nested too deeply to be read. Write a flat object: one value for each name."

# Amounts stay text: a float would round them.
decode: Callable[[str | bytes], JsonValue] = msgspec.json.Decoder(float_hook=str).decode


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


class DifferentMembers:
    """Counts the different names of members in a file; objects that all have other ones would never end."""

    def __init__(self, file: str, where: str = "") -> None:
        self._file, self._where = file, where or f"The file “{file}”"
        self._names: set[str] = set()

    def watch(self, items: Iterable[SourceItem]) -> SourceItems:
        """The items as they are; raises ConnectorError when there are too many names."""
        for item in items:
            if isinstance(item, Columns):
                self._names.update(map(str.casefold, item.columns))
                if len(self._names) > MAX_DIFFERENT_MEMBERS:
                    raise ConnectorError(
                        f"{self._where} has objects with more than {MAX_DIFFERENT_MEMBERS:,} different members, up to "
                        f"line {item.lines[0]:,}. Write the same members in each object, as columns of a table.",
                        code="too_many_members",
                        file=self._file,
                    )
            yield item


class ObjectColumns(NamedTuple):
    """The members of objects of one shape, in the terms of `Columns`."""

    columns: list[str]
    cells: Sequence[pl.Series | Sequence[JsonValue]]
    delimited: list[str]
    delimiter: str

    def block(self, name: str, file: str, lines: Sequence[int], raw: list[str]) -> Columns:
        """The objects as a block of rows, given where each is and its raw text."""
        return Columns(
            name, file, self.columns, self.cells, lines, raw, delimited=self.delimited, delimiter=self.delimiter
        )


class FlatObjects:
    """The objects of a list, given as its text without the brackets, if all of them are certain to be flat.

    Decoding many objects at once is much faster than one by one, but then the text of each object must be found without
    a parser. If no value is nested, each "{" begins an object. If a quotation mark followed by a colon occurs as often
    as there are members, no member was lost because its name is there twice.
    """

    def __init__(self, text: str) -> None:
        try:
            self._data = f"[{text}]".encode()
        except UnicodeEncodeError:
            self._data = b""
        letters = np.frombuffer(self._data, np.uint8)
        before_colons = letters[np.flatnonzero(letters == ord(":")) - 1]
        self.count = np.count_nonzero(letters == ord("{"))
        self.closing_count = np.count_nonzero(letters == ord("}"))
        ends = np.flatnonzero(letters == ord("\n"))
        self.line_breaks = len(ends)
        # Whether every line break is where one object ends and the next begins.
        self.breaks_between = bool((letters[ends - 2] == ord("}")).all() and (letters[ends + 1] == ord("{")).all())
        self._member_count = np.count_nonzero(before_colons == ord('"'))
        has_lists = np.count_nonzero(letters == ord("[")) != 1
        self._is_certain = self.count > 0 and not has_lists and not (before_colons <= ord(" ")).any()

    @cached_property
    def shape(self) -> list[str] | None:
        """The names of the members, if each object has the same ones, in any order."""
        if not self._is_certain:
            return None
        try:
            first = decode(self._data[1 : self._data.index(b"}") + 1])
        except (ValueError, RecursionError):
            return None
        names = list(first) if isinstance(first, dict) else []
        is_valid = 0 < len(names) == len(set(map(str.casefold, names))) <= MAX_MEMBERS_BY_COLUMN
        return names if is_valid and self._member_count == self.count * len(names) else None

    @cached_property
    def by_column(self) -> ObjectColumns | None:
        """The members by column; None if the objects do not all have one shape."""
        if not self.shape:
            return None
        try:
            found = _decoder_of(tuple(self.shape))(self._data)
        except (ValueError, RecursionError):
            return None
        if len(found) != self.count:
            return None
        rows: list[tuple[JsonValue, ...]] = list(map(msgspec.structs.astuple, found))
        if split := rows_to_columns(rows, len(self.shape), _scalar_text):
            delimited, columns = split
            return ObjectColumns(self.shape, columns, delimited, "\t")
        return ObjectColumns(self.shape, list(zip(*rows, strict=True)), [], "")

    @cached_property
    def one_by_one(self) -> list[JsonObject] | None:
        """The objects; None if they have to be decoded one by one."""
        if not self._is_certain:
            return None
        try:
            found = decode(self._data)
        except (ValueError, RecursionError):
            return None
        if not isinstance(found, list) or not _are_objects(found) or len(found) != self.count:
            return None
        return found if sum(map(len, found)) == self._member_count else None


def _are_objects(found: Sequence[object]) -> TypeGuard[list[JsonObject]]:
    return set(map(type, found)) == {dict}


def _scalar_text(value: JsonValue) -> str:
    return "" if value is None else json.dumps(value)


@lru_cache(100)
def _decoder_of(names: tuple[str, ...]) -> Callable[[bytes], list[msgspec.Struct]]:
    """Decodes a list of objects that each have all of these members and no others."""
    # A number with a decimal point is decoded as text only in a member of type Any.
    fields = [(f"m{position}", Any) for position in range(len(names))]
    renamed = {field: name for (field, _), name in zip(fields, names, strict=True)}
    flat = msgspec.defstruct("Flat", fields, rename=renamed, forbid_unknown_fields=True, gc=False)
    return msgspec.json.Decoder(GenericAlias(list, (flat,)), float_hook=str).decode


class _Objects(NamedTuple):
    """Objects with the line and the raw text of each."""

    values: list[JsonObject]
    lines: Sequence[int]
    raw: list[str]

    def only(self, positions: Iterable[int]) -> "_Objects":
        chosen = list(positions)
        return _Objects(
            [self.values[position] for position in chosen],
            [self.lines[position] for position in chosen],
            [self.raw[position] for position in chosen],
        )


def blocks_of(
    name: str, file: str, found: Sequence[JsonObject | RowProblem | None], lines: Sequence[int], raw: list[str]
) -> Iterator[Columns | RowProblem]:
    """The objects found on some lines as one or more blocks of rows; `name` is the source's word for the kind of
    record.

    A problem in place of an object is yielded as it is, and None means an empty line. Names of members are matched
    without regard to case, as the API does; a block has the spelling that comes first.
    """
    if _are_objects(found):
        yield from _blocks_of_objects(name, file, _Objects(found, lines, raw))
        return
    yield from (value for value in found if isinstance(value, RowProblem))
    positions = [position for position, value in enumerate(found) if isinstance(value, dict)]
    values = [value for value in found if isinstance(value, dict)]
    objects = _Objects(values, [lines[position] for position in positions], [raw[position] for position in positions])
    yield from _blocks_of_objects(name, file, objects)


def _blocks_of_objects(name: str, file: str, objects: _Objects) -> Iterator[Columns | RowProblem]:
    spellings: dict[str, str] = {}
    columns: dict[str, None] = {}
    shapes: dict[tuple[str, ...], list[str]] = {}
    repeated: dict[tuple[str, ...], str] = {}
    for shape in dict.fromkeys(map(tuple, objects.values)):
        spelled = [spellings.setdefault(member.casefold(), member) for member in shape]
        if len(set(spelled)) < len(spelled):
            repeated[shape] = next(
                member for position, member in enumerate(shape) if spelled[position] in spelled[:position]
            )
        else:
            shapes[shape] = spelled
            columns.update(dict.fromkeys(spelled))
    count = len(objects.values)
    if len(columns) > MAX_COLUMNS and count > 1:
        yield from _blocks_of_objects(name, file, objects.only(range(count // 2)))
        yield from _blocks_of_objects(name, file, objects.only(range(count // 2, count)))
        return
    if repeated:
        positions = []
        for position, value in enumerate(objects.values):
            if member := repeated.get(tuple(value)):
                yield duplicate_member(name, file, objects.lines[position], member, objects.raw[position])
            else:
                positions.append(position)
        objects = objects.only(positions)
    if objects.values:
        cells = _cells(objects.values, shapes, list(columns))
        yield Columns(name, file, list(columns), cells, objects.lines, objects.raw)


def _cells(
    values: list[JsonObject], shapes: dict[tuple[str, ...], list[str]], columns: list[str]
) -> Sequence[Sequence[Cell]]:
    """The cells of each column; `shapes` maps the names of an object's members to their columns."""
    if list(shapes.values()) == [columns]:
        return list(zip(*map(dict.values, values), strict=True))
    if any(list(shape) != spelled for shape, spelled in shapes.items()):
        values = [dict(zip(shapes[tuple(value)], value.values(), strict=True)) for value in values]
    return [[value.get(column, ABSENT) for value in values] for column in columns]


def object_or_problem(name: str, file: str, line: int, value: JsonValue, raw: str) -> JsonObject | RowProblem:
    """The value if it is an object, or else what is wrong with it."""
    if isinstance(value, list) and len(value) == 1:  # the Ruby client wraps an object in a list
        value = value[0]
    if not isinstance(value, dict):
        return bad_json(name, file, line, _not_an_object(value), raw)
    if raw.count("{") + raw.count("[") > MAX_DEPTH and _is_too_deep(value):
        return bad_json(name, file, line, TOO_DEEP, raw)
    return value


def bad_json(name: str, file: str, line: int, message: str, raw: str) -> RowProblem:
    return RowProblem(name, file, line, "bad_json", message, raw=raw)


def duplicate_member(name: str, file: str, line: int, member: str, raw: str) -> RowProblem:
    message = f"The member “{member}” stands in the object more than once. Keep one of them."
    return RowProblem(name, file, line, "duplicate_member", message, column=member, raw=raw)


def _is_too_deep(value: JsonObject) -> bool:
    """Whether the object is nested deeper than can safely be written as text again."""
    level: list[JsonObject | list[JsonValue]] = [value]
    for _ in range(MAX_DEPTH):
        inner = (value for outer in level for value in (outer.values() if isinstance(outer, dict) else outer))
        level = [value for value in inner if isinstance(value, dict | list)]
        if not level:
            return False
    return True


def _not_an_object(value: JsonValue) -> str:
    kinds = {
        str: "a text or a number",
        bool: "true or false",
        int: "a number",
        list: "a list",
        type(None): "null",
    }
    return (
        f"Here stands {kinds.get(type(value), 'something else')}, not an object. "
        'Write an object, like {"erpKey": "I1"}.'
    )
