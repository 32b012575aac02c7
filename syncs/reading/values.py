"""The values of cells in messages: those that the encoders know, and what becomes of others."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from adsplatform.records.checks import as_text
from syncs.connectors.protocol import ABSENT, Absent

_ABSENT_CODE = 1
_ABSENT_NAME = "\0absent"
_VALUES = {str, int, float, bool, type(None), list, dict, Absent}
_SCALARS = {int, float, bool, type(None)}


def text_of_scalar(cell: object) -> str:
    """The text of a cell that is no text; raises TypeError unless that text says all that the cell does."""
    if type(cell) not in _SCALARS:
        raise TypeError
    return as_text(cell)


def plain(cells: Sequence[Any]) -> Sequence[Any]:
    """The cells, with the texts of those that are of another type than a cell has, such as bytes."""
    if _VALUES.issuperset(map(type, cells)):
        return cells
    return [cell if type(cell) in _VALUES else str(cell) for cell in cells]


def encode_other(value: object) -> object:
    if value is ABSENT:
        return msgspec.msgpack.Ext(_ABSENT_CODE, b"")
    # What a connector should not have put into a cell is loaded as its text.
    return list(value) if isinstance(value, Iterable) and not isinstance(value, Mapping) else str(value)


def decode_other(code: int, data: memoryview) -> object:
    if code != _ABSENT_CODE:
        raise ValueError(f"an unknown type of value, {code}")
    return ABSENT


def absent_as_object(value: object) -> object:
    return {_ABSENT_NAME: True} if value is ABSENT else encode_other(value)


def absent_of_object(value: dict[str, Any]) -> object:
    return ABSENT if _ABSENT_NAME in value else value
