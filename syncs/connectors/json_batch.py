"""JSON batches: the records of POST /api/v1/Sync/batch."""

import codecs
import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple, NoReturn
from uuid import UUID

from syncs.connectors import register
from syncs.connectors.formats.json_objects import (
    DifferentMembers,
    DuplicateMember,
    FlatObjects,
    JsonObject,
    blocks_of,
    duplicate_member,
    object_or_problem,
    unique_members,
)
from syncs.connectors.protocol import (
    BLOCK_BYTES,
    BLOCK_ROWS,
    ApplicationEntry,
    Connector,
    ConnectorError,
    JsonValue,
    RowProblem,
    Source,
    SourceItems,
)

FILE = "batch"
# Enough for work by column to be worthwhile, little enough to keep memory small.
CHUNK_BYTES = 4 * 1024**2
# The elements of a list that are no readable objects, each of which is a problem.
MOST_OTHERS = 10_000
# Members that say how to sync; the API has read them already.
ENVELOPE = {"appenrollmentid", "isfullsync", "currentbatch", "totalbatches", "parentsyncrequestid", "dryrun"}

_BLANKS = re.compile(r"[ \t\r\n]*")


@register
class JsonBatch(Connector):
    """Reads the lists of records in the body of a batch."""

    application = ApplicationEntry(
        app_id=UUID("6d0f7a52-3c0e-4d6b-9a53-1f1d6a4be002"),
        connector="json-batch",
        name="JSON Batch",
        description="Send records as JSON from a program of your own.",
        app_type="Upload",
        group="Files",
    )
    reads_files = True

    def rows(self, source: Source) -> SourceItems:
        text = _JsonText(source)
        is_wrapped = text.skip("[")
        text.expect("{")
        # If a list occurs twice, the numbering continues.
        counts: Counter[str] = Counter()
        for _ in text.parts("}"):
            key = text.key()
            text.expect(":")
            if text.skip("["):
                yield from DifferentMembers(FILE, f"The list “{key}”").watch(_records(text, key, counts))
            else:
                yield from _not_a_list(key, text.value(f"the member “{key}”").value)
        if is_wrapped:
            text.expect("]")
        text.expect_end()


def _records(text: "_JsonText", key: str, counts: Counter[str]) -> SourceItems:
    """The records of one list, block by block; `counts` is how many of each list have been read."""
    name = key.casefold()
    found: list[JsonObject | RowProblem] = []
    lines: list[int] = []
    raw: list[str] = []
    size = others = 0
    for _ in text.parts("]"):
        line = counts[name] + 1
        flat, texts = text.flat_objects()
        is_full = flat or len(found) >= BLOCK_ROWS or size >= BLOCK_BYTES
        if is_full and found:
            yield from blocks_of(key, FILE, found, lines, raw)
            found, lines, raw, size = [], [], [], 0
        if flat:
            at_lines = range(line, line + len(texts))
            if by_column := flat.by_column:
                yield by_column.block(key, FILE, at_lines, texts)
            else:
                yield from blocks_of(key, FILE, flat.one_by_one or [], at_lines, texts)
            counts[name] += len(texts)
            continue
        parsed = text.value(f"record {line:,} of “{key}”")
        counts[name] = line
        if parsed.duplicate:
            found.append(duplicate_member(key, FILE, line, parsed.duplicate, parsed.raw))
        else:
            found.append(object_or_problem(key, FILE, line, parsed.value, parsed.raw))
        others += not isinstance(found[-1], dict)
        if others > MOST_OTHERS:
            raise _unreadable_batch(f"more than {MOST_OTHERS:,} elements of “{key}” are no records. Send objects.")
        lines.append(line)
        raw.append(parsed.raw)
        size += len(parsed.raw)
    if found:
        yield from blocks_of(key, FILE, found, lines, raw)


def _not_a_list(key: str, value: JsonValue) -> Iterator[RowProblem]:
    if value is None or key.casefold() in ENVELOPE:
        return
    problem = RowProblem(
        key,
        FILE,
        None,
        "not_a_list",
        f"The member “{key}” is not a list of records, so nothing was loaded from it. "
        "Put the records into a list, or leave the member out.",
        column=key,
    )
    if not isinstance(value, dict):
        problem.kind = "warning"
    yield problem


class _Parsed(NamedTuple):
    """A value, its text, and the name of a member that occurs twice in one of its objects, or nothing."""

    value: JsonValue
    raw: str
    duplicate: str


class _JsonText:
    """Reads a JSON text value by value, with little more than the current value in memory."""

    def __init__(self, source: Source) -> None:
        self._read = source.upload.read
        self._max_length = source.limits.line_bytes
        # Bytes that are not UTF-8 become lone surrogates, by which staging finds the cell that they are in.
        self._decode = codecs.getincrementaldecoder("utf-8-sig")("surrogateescape").decode
        self._buffer, self._at, self._ended = "", 0, False
        # Up to this position of the buffer, values have to be decoded one by one.
        self._one_by_one_until = 0
        self._duplicates: list[str] = []
        self._decode_value = json.JSONDecoder(
            object_pairs_hook=self._members, parse_float=str, parse_constant=_refuse
        ).raw_decode

    def skip(self, character: str) -> bool:
        """Skip the character if it comes next; returns whether it did."""
        if self._peek() != character:
            return False
        self._at += 1
        return True

    def expect(self, character: str) -> None:
        """Skip the character, which must come next."""
        if not self.skip(character):
            raise self._broken(f"where “{character}” should stand", self._at)

    def expect_end(self) -> None:
        """Raise unless only white space is left."""
        if self._peek():
            raise self._broken("after its end", self._at)

    def parts(self, end: str) -> Iterator[None]:
        """Yield at the beginning of each element of a list or object in turn, and then skip its end."""
        if self.skip(end):
            return
        yield
        while not self.skip(end):
            self.expect(",")
            yield

    def key(self) -> str:
        """The name of the member that comes next."""
        if self._peek() != '"':
            raise self._broken("where the name of a member should stand", self._at)
        return str(self.value("the name of a member").value)

    def flat_objects(self) -> tuple[FlatObjects | None, list[str]]:
        """The next flat objects in a list, as many as are in the buffer, and their texts; often none."""
        self._peek()
        if len(self._buffer) - self._at < min(CHUNK_BYTES // 4, self._max_length):
            self._grow("")
        if self._at < self._one_by_one_until:
            return None, []
        close = self._buffer.find("]", self._at)
        end = self._buffer.rfind("}", self._at, len(self._buffer) if close < 0 else close) + 1
        text = self._buffer[self._at : end]
        flat = FlatObjects(text)
        # If there are as many closing as opening brackets, each closing one ends an object.
        if flat.closing_count == flat.count and (flat.by_column or flat.one_by_one):
            texts = ["{" + part[: part.rfind("}") + 1] for part in text.split("{")[1:]]
            if max(map(len, texts)) <= self._max_length:
                self._at = end
                return flat, texts
        self._one_by_one_until = max(end, self._at + 1)
        return None, []

    def value(self, what: str) -> _Parsed:
        """The value that comes next; `what` names it in error messages."""
        self._peek()
        while True:
            self._duplicates.clear()
            try:
                value, end = self._decode_value(self._buffer, self._at)
            except RecursionError:
                raise _unreadable_batch(f"{what} is nested too deeply. Send flat records.") from None
            except json.JSONDecodeError as error:
                if self._is_final(error) or not self._grow(what):
                    raise self._broken(f"in {what}", error.pos) from None
            except _NotJson as constant:
                raise _unreadable_batch(f"{what} holds “{constant}”. Send a number, or null.") from None
            except ValueError:
                raise _unreadable_batch(f"{what} holds a number of too many digits. Shorten it.") from None
            else:
                # A number at the very end of what was read may have more digits.
                if end < len(self._buffer) or not self._grow(what):
                    self._check_length(end - self._at, what)
                    raw, self._at = self._buffer[self._at : end], end
                    return _Parsed(value, raw, self._duplicates[0] if self._duplicates else "")

    def _peek(self) -> str:
        """Skip white space; returns the character that follows, or nothing at the end."""
        while True:
            if blanks := _BLANKS.match(self._buffer, self._at):
                self._at = blanks.end()
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if not self._grow(""):
                return ""

    def _grow(self, what: str) -> bool:
        """Read on; False at the end. Doubles the buffer at least, so that a long value is not decoded too often."""
        if self._ended:
            return False
        waiting = self._buffer[self._at :]
        self._check_length(len(waiting), what)
        data = self._read(max(CHUNK_BYTES, len(waiting)))
        self._ended = not data
        self._buffer, self._at, self._one_by_one_until = waiting + self._decode(data, final=self._ended), 0, 0
        return True

    def _check_length(self, length: int, what: str) -> None:
        if length > self._max_length:
            raise _unreadable_batch(
                f"{what} is longer than {self._max_length:,} bytes, or is not closed. Correct it, then send again.",
                "line_too_long",
            )

    def _members(self, pairs: list[tuple[str, JsonValue]]) -> JsonObject:
        try:
            return unique_members(pairs)
        except DuplicateMember as duplicate:
            self._duplicates.append(duplicate.member)
            return dict(pairs)

    def _is_final(self, error: json.JSONDecodeError) -> bool:
        """Whether the text is not JSON whatever follows it."""
        return not error.msg.startswith("Unterminated") and error.pos < len(self._buffer) - 20

    def _broken(self, where: str, at: int) -> ConnectorError:
        near = self._buffer[at : at + 20]
        if not near:
            return _unreadable_batch(f"it ends {where}. Send all of it.")
        return _unreadable_batch(f"it is not valid JSON {where}, near “{near}”. Correct it, then send it again.")


class _NotJson(Exception):
    """The text contains NaN or Infinity, which Python writes although they are not JSON."""


def _refuse(constant: str) -> NoReturn:
    raise _NotJson(constant)


def _unreadable_batch(why: str, code: str = "bad_json") -> ConnectorError:
    return ConnectorError(f"The batch cannot be read: {why}", code=code, file=FILE)
