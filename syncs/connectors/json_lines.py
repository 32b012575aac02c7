"""JSONL: one JSON object a line."""

import json
from collections.abc import Iterator
from typing import BinaryIO

import msgspec

from syncs.connectors.json_objects import TOO_DEEP, ObjectBlocks
from syncs.connectors.physical_lines import LongLine, physical_lines
from syncs.rows import Limits, RowProblem, Rows

# Amounts stay text: a float would round them.
_decode = msgspec.json.Decoder(float_hook=str).decode
_encode = msgspec.json.Encoder().encode


class _Duplicate(Exception):
    pass


def read_json_lines(
    content: BinaryIO, *, name: str, file: str, limits: Limits, uncut: bool = False
) -> Iterator[Rows | RowProblem]:
    """The rows of a JSONL file."""
    blocks, number, is_first = ObjectBlocks(name, file), 0, True
    for piece in physical_lines(content, line_bytes=limits.line_bytes, file=file):
        is_long = isinstance(piece, LongLine)
        for line in [piece.start] if is_long else piece:
            number += 1
            text = line.strip()
            if not text:
                continue
            if is_first and _is_one_document(text, is_long):
                yield blocks.problem(None, "not_json_lines", _NOT_LINES, text[:200])
                return
            is_first = False
            if is_long:
                yield blocks.problem(number, "line_too_long", _too_long(limits.line_bytes), text)
                continue
            raw = line.rstrip("\r\n")
            try:
                found = _decode(text)
                # As many colons out as in, unless a member that stands there twice has been lost.
                if _encode(found).count(b":") != text.count(":") + text.count("\\u003"):
                    json.loads(text, object_pairs_hook=_without_duplicates, parse_float=str)
            except _Duplicate as duplicate:
                yield blocks.duplicate(number, str(duplicate), raw)
            except RecursionError:
                yield blocks.problem(number, "bad_json", TOO_DEEP, raw)
            except ValueError:
                yield blocks.problem(number, "bad_json", what_is_wrong(text), raw)
            else:
                yield from blocks.add(found, number, raw)
    yield from blocks.rest()
    if is_first:
        empty = blocks.problem(None, "file_empty", "The file is empty, so nothing was loaded from it.")
        empty.kind = "warning"
        yield empty


def what_is_wrong(text: str) -> str:
    """A sentence on what keeps a text from being JSON, with the place."""
    try:
        json.loads(text, parse_constant=_refuse, parse_float=str)
    except json.JSONDecodeError as error:
        near = text[error.pos : error.pos + 20]
        where = "because its end is missing"
        if near.strip():
            where = f"at character {error.pos + 1:,}, near “{near}”"
        return f"The text is not valid JSON {where}. Correct it, or export it again."
    except ValueError as error:
        if str(error) in _CONSTANTS:
            return f"The value {error} is not valid JSON. Write a number, or null."
    except RecursionError:
        return TOO_DEEP
    try:
        text.encode()
    except UnicodeEncodeError:
        return "The line is not UTF-8 text. Save the file as UTF-8 and upload it again."
    return "The text is not valid JSON. Correct it, or export it again."


def _is_one_document(text: str, is_long: bool) -> bool:
    """Whether a first line begins a list, or an object that goes on in the next line."""
    if text.startswith("["):
        try:
            found = None if is_long else _decode(text)
        except (ValueError, RecursionError):
            found = None
        return not (isinstance(found, list) and len(found) == 1)
    return text == "{"


def _without_duplicates(pairs):
    found = {}
    for member, value in pairs:
        if member in found:
            raise _Duplicate(member)
        found[member] = value
    return found


def _refuse(constant):
    raise ValueError(constant)


def _too_long(line_bytes: int) -> str:
    return (
        f"The line is longer than {line_bytes:,} bytes, the most that one line may have. "
        "Write one object on each line, and shorten this one."
    )


_CONSTANTS = ("NaN", "Infinity", "-Infinity")
_NOT_LINES = (
    "The file is one JSON document, not JSON lines. Write one object on each line, without a list around "
    "them and without commas between them."
)
