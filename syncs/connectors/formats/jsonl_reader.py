"""JSONL: one JSON object on each line."""

import json
import re
from collections.abc import Sequence
from typing import NoReturn

import msgspec

from syncs.connectors.formats.file_kinds import reason_not_json
from syncs.connectors.formats.json_objects import (
    TOO_DEEP,
    DifferentMembers,
    DuplicateMember,
    FlatObjects,
    JsonObject,
    bad_json,
    blocks_of,
    decode,
    duplicate_member,
    object_or_problem,
    unique_members,
)
from syncs.connectors.formats.source_file import SourceFile
from syncs.connectors.formats.text_lines import LongLine, OtherEncoding, has_undecoded, physical_lines
from syncs.connectors.protocol import ByteStream, RowProblem, SourceItems

# Up to this many lines that cannot be decoded together are decoded one by one; more are halved.
ONE_BY_ONE = 32
# By how many lines a file is taken for JSON lines or for something else.
LINES_LOOKED_AT = 10
# The bytes that are read at a time: objects with the names of their members are longer than lines of CSV.
BLOCK_LINES, CHUNK_BYTES = 10_000, 4 * 1024**2

# The result of a line: an object, a problem, or nothing.
OnLine = JsonObject | RowProblem | None

_encode = msgspec.json.Encoder().encode


def read_json_lines(content: ByteStream, file: SourceFile) -> SourceItems:
    """The rows of a JSONL file."""
    number, is_first = 1, True
    stem, line_bytes = file.stem, file.limits.line_bytes
    members = DifferentMembers(file.name)
    for piece in physical_lines(content, line_bytes=line_bytes, file=file.name, chunk_bytes=CHUNK_BYTES):
        if isinstance(piece, OtherEncoding):
            yield RowProblem(stem, file.name, piece.line, "encoding_assumed", piece.message, kind="warning")
            continue
        is_long = isinstance(piece, LongLine)
        raw = [piece.start] if isinstance(piece, LongLine) else [line.rstrip("\r\n") for line in piece]
        if is_first and (first := next((text for line in raw if (text := line.strip())), "")):
            if _is_one_document(first, is_long):
                yield RowProblem(stem, file.name, None, "not_json_lines", _NOT_LINES, raw=first[:200])
                return
            if reason := reason_not_json([text for line in raw if (text := line.strip())][:LINES_LOOKED_AT], stem):
                yield RowProblem(stem, file.name, None, "other_format", reason, raw=first[:200])
                return
            is_first = False
        lines = range(number, number + len(raw))
        number += len(raw)
        if is_long:
            yield RowProblem(stem, file.name, lines[0], "line_too_long", _too_long(line_bytes), raw=raw[0])
        else:
            for start in range(0, len(raw), BLOCK_LINES):
                block = slice(start, start + BLOCK_LINES)
                yield from members.watch(_read(stem, file.name, lines[block], raw[block]))
    if is_first:
        yield RowProblem(
            stem, file.name, None, "file_empty", "The file is empty, so nothing was loaded from it.", kind="warning"
        )


def _read(name: str, file: str, lines: Sequence[int], raw: list[str]) -> SourceItems:
    """The rows of some complete lines; an empty line is no row."""
    if (flat := _flat(raw)) and (by_column := flat.by_column):
        yield by_column.block(name, file, lines, raw)
    else:
        yield from blocks_of(name, file, _decode_lines(raw, name, file, lines), lines, raw)


def _flat(raw: list[str]) -> FlatObjects | None:
    """The lines as one list; None unless each is an object from its first character to its last."""
    flat = FlatObjects(",\n".join(raw))
    # With as many opening brackets as lines, no object can begin on another's line.
    return flat if flat.breaks_between and flat.line_breaks == len(raw) - 1 and flat.count == len(raw) else None


def _decode_lines(raw: list[str], name: str, file: str, lines: Sequence[int]) -> Sequence[OnLine]:
    """The result of each line."""
    if (flat := _flat(raw)) and (found := flat.one_by_one):
        return found
    if len(raw) <= ONE_BY_ONE:
        return [_decode_line(text, name, file, line) for text, line in zip(raw, lines, strict=True)]
    half = len(raw) // 2
    return [
        *_decode_lines(raw[:half], name, file, lines[:half]),
        *_decode_lines(raw[half:], name, file, lines[half:]),
    ]


def _decode_line(raw: str, name: str, file: str, line: int) -> OnLine:
    text = raw.strip()
    if not text:
        return None
    if not text.isascii() and has_undecoded(text):
        return RowProblem(name, file, line, "bad_encoding", _undecoded_byte(raw), raw=raw)
    try:
        found = decode(text)
        # Encoded again it has the same number of colons, unless a member was lost because its name occurs twice.
        if _encode(found).count(b":") != text.count(":") + text.count("\\u003"):
            json.loads(text, object_pairs_hook=unique_members, parse_float=str)
    except DuplicateMember as duplicate:
        return duplicate_member(name, file, line, duplicate.member, raw)
    except RecursionError:
        return bad_json(name, file, line, TOO_DEEP, raw)
    except ValueError:
        return bad_json(name, file, line, _syntax_error(text), raw)
    return object_or_problem(name, file, line, found, raw)


def _syntax_error(text: str) -> str:
    """A sentence that says why the text is not JSON, and where."""
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
        if "integer string conversion" in str(error):
            return "The line holds a number of too many digits. Shorten it."
    except RecursionError:
        return TOO_DEEP
    if re.search(r"\\u[dD][89a-fA-F]", text):
        return (
            "The line holds half a character, written like \\ud83d without its other half. Correct it, or export it "
            "again."
        )
    return "The text is not valid JSON. Correct it, or export it again."


def _undecoded_byte(text: str) -> str:
    """A sentence about the first byte of a line that could not be decoded."""
    for position, character in enumerate(text):
        if "\udc80" <= character <= "\udcff":
            byte = ord(character) - 0xDC00
            return (
                f"The line holds the byte 0x{byte:02X} at character {position + 1:,}, which is not UTF-8 text. "
                "Export the file again as UTF-8, then send it again."
            )
    return "The line holds half a character. Export the file again as UTF-8, then send it again."


def _is_one_document(text: str, is_long: bool) -> bool:
    """Whether a first line begins a list, or an object that goes on in the next line."""
    if text.startswith("["):
        try:
            found = None if is_long else decode(text)
        except (ValueError, RecursionError):
            found = None
        return not (isinstance(found, list) and len(found) == 1)
    return text == "{"


def _refuse(constant: str) -> NoReturn:
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
