"""JSON batches: the records of POST /api/v1/Sync/batch."""

import codecs
import json
import re
from collections import Counter
from collections.abc import Iterator
from uuid import UUID

from syncs.connectors import register
from syncs.connectors.formats.json_objects import (
    DuplicateMember,
    FlatObjects,
    blocks_of,
    duplicate_member,
    the_object,
    unique_members,
)
from syncs.connectors.protocol import (
    BLOCK_BYTES,
    BLOCK_ROWS,
    ApplicationEntry,
    Columns,
    ConnectorError,
    JsonValue,
    RowProblem,
    Source,
)

FILE = "batch"
# Enough for work by column to pay, little enough to keep memory small.
CHUNK_BYTES = 4 * 1024**2
# Members that say how to sync; the request has taken note of them.
ENVELOPE = {"appenrollmentid", "isfullsync", "currentbatch", "totalbatches", "parentsyncrequestid", "dryrun"}

_BLANKS = re.compile(r"[ \t\r\n]*")


@register
class JsonBatch:
    """Reads the lists of records in a batch body."""

    application = ApplicationEntry(
        app_id=UUID("6d0f7a52-3c0e-4d6b-9a53-1f1d6a4be002"),
        connector="json-batch",
        name="JSON Batch",
        description="Send records as JSON from a program of your own.",
        app_type="Upload",
    )

    def check(self, credentials):
        """There is nothing to reach: the records come with the request."""

    def rows(self, source: Source) -> Iterator[Columns | RowProblem]:
        text = _JsonText(source)
        is_wrapped = text.skip("[")
        text.expect("{")
        # A list that comes twice goes on where it stopped.
        places = Counter()
        for _ in text.parts("}"):
            key = text.key()
            text.expect(":")
            if text.skip("["):
                yield from _listed(text, key, places)
            else:
                value, _, _ = text.value(f"the member “{key}”")
                yield from _not_a_list(key, value)
        if is_wrapped:
            text.expect("]")
        text.expect_end()


def _listed(text: "_JsonText", key: str, places: Counter) -> Iterator[Columns | RowProblem]:
    """The records of one list, some at a time."""
    found, lines, raw, size = [], [], [], 0
    for _ in text.parts("]"):
        line = places[key.casefold()] + 1
        flat, texts = text.flat_objects()
        is_full = flat or len(found) >= BLOCK_ROWS or size >= BLOCK_BYTES
        if is_full and found:
            yield from blocks_of(key, FILE, found, lines, raw)
            found, lines, raw, size = [], [], [], 0
        if flat:
            at_lines = range(line, line + len(texts))
            if by_column := flat.by_column:
                yield Columns(key, FILE, lines=at_lines, raw=texts, **by_column)
            else:
                yield from blocks_of(key, FILE, flat.one_by_one, at_lines, texts)
            places[key.casefold()] += len(texts)
            continue
        value, one, doubled = text.value(f"record {line:,} of “{key}”")
        places[key.casefold()] = line
        if doubled:
            found.append(duplicate_member(key, FILE, line, doubled, one))
        else:
            found.append(the_object(key, FILE, line, value, one))
        lines.append(line)
        raw.append(one)
        size += len(one)
    if found:
        yield from blocks_of(key, FILE, found, lines, raw)


def _not_a_list(key: str, value) -> Iterator[RowProblem]:
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


class _JsonText:
    """A JSON text that is read value by value, holding little more of it than the value at hand."""

    def __init__(self, source: Source):
        self._read = source.content.read
        self._most = source.limits.line_bytes
        # Bytes that are no UTF-8 stay in the cell as lone surrogates, for staging to name the cell.
        self._decode = codecs.getincrementaldecoder("utf-8-sig")("surrogateescape").decode
        self._buffer, self._at, self._ended = "", 0, False
        # Up to where in the buffer only a look at each value tells.
        self._unsure = 0
        self._doubled: list[str] = []
        self._value = json.JSONDecoder(
            object_pairs_hook=self._members, parse_float=str, parse_constant=_refuse
        ).raw_decode

    def skip(self, mark: str) -> bool:
        """Step over the mark if it comes next."""
        if self._peek() != mark:
            return False
        self._at += 1
        return True

    def expect(self, mark: str) -> None:
        if not self.skip(mark):
            raise self._broken(f"where “{mark}” should stand", self._at)

    def expect_end(self) -> None:
        if self._peek():
            raise self._broken("after its end", self._at)

    def parts(self, end: str) -> Iterator[None]:
        """Stand before each part of a list or object in turn, and in the end behind its end."""
        if self.skip(end):
            return
        yield
        while not self.skip(end):
            self.expect(",")
            yield

    def key(self) -> str:
        if self._peek() != '"':
            raise self._broken("where the name of a member should stand", self._at)
        return self.value("the name of a member")[0]

    def flat_objects(self) -> tuple[FlatObjects | None, list[str]]:
        """The flat objects that come next in a list, as many as have been read, and their texts; often none."""
        self._peek()
        if len(self._buffer) - self._at < min(CHUNK_BYTES // 4, self._most):
            self._grow("")
        if self._at < self._unsure:
            return None, []
        close = self._buffer.find("]", self._at)
        end = self._buffer.rfind("}", self._at, len(self._buffer) if close < 0 else close) + 1
        text = self._buffer[self._at : end]
        flat = FlatObjects(text)
        # Each closing bracket ends an object, if there are no more of them than of the others.
        if flat.closed == flat.count and (flat.by_column or flat.one_by_one):
            texts = ["{" + part[: part.rfind("}") + 1] for part in text.split("{")[1:]]
            if max(map(len, texts)) <= self._most:
                self._at = end
                return flat, texts
        self._unsure = max(end, self._at + 1)
        return None, []

    def value(self, what: str) -> tuple[object, str, str]:
        """The value that comes next, its text, and a member that stands in it twice."""
        self._peek()
        while True:
            self._doubled.clear()
            try:
                value, end = self._value(self._buffer, self._at)
            except RecursionError:
                raise _unreadable(f"{what} is nested too deeply. Send flat records.") from None
            except json.JSONDecodeError as error:
                if self._is_final(error) or not self._grow(what):
                    raise self._broken(f"in {what}", error.pos) from None
            except _NoJson as constant:
                raise _unreadable(f"{what} holds “{constant}”. Send a number, or null.") from None
            except ValueError:
                raise _unreadable(f"{what} holds a number of too many digits. Shorten it.") from None
            else:
                # A number at the very end of what was read may have more digits.
                if end < len(self._buffer) or not self._grow(what):
                    self._check_length(end - self._at, what)
                    raw, self._at = self._buffer[self._at : end], end
                    return value, raw, self._doubled[0] if self._doubled else ""

    def _peek(self) -> str:
        """The next character that is no blank; empty at the end."""
        while True:
            self._at = _BLANKS.match(self._buffer, self._at).end()
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if not self._grow(""):
                return ""

    def _grow(self, what: str) -> bool:
        """Read on, as much again as waits, so that a long value is not tried too often."""
        if self._ended:
            return False
        waiting = self._buffer[self._at :]
        self._check_length(len(waiting), what)
        data = self._read(max(CHUNK_BYTES, len(waiting)))
        self._ended = not data
        self._buffer, self._at, self._unsure = waiting + self._decode(data, final=self._ended), 0, 0
        return True

    def _check_length(self, length: int, what: str) -> None:
        if length > self._most:
            raise _unreadable(
                f"{what} is longer than {self._most:,} bytes, or is not closed. Correct it, then send again.",
                "line_too_long",
            )

    def _members(self, pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
        try:
            return unique_members(pairs)
        except DuplicateMember as duplicate:
            self._doubled.append(duplicate.member)
            return dict(pairs)

    def _is_final(self, error: json.JSONDecodeError) -> bool:
        """Whether the fault stays one however the text goes on."""
        return not error.msg.startswith("Unterminated") and error.pos < len(self._buffer) - 20

    def _broken(self, where: str, at: int) -> ConnectorError:
        near = self._buffer[at : at + 20]
        if not near:
            return _unreadable(f"it ends {where}. Send all of it.")
        return _unreadable(f"it is not valid JSON {where}, near “{near}”. Correct it, then send it again.")


class _NoJson(Exception):
    """Stops at NaN and Infinity, which Python writes although they are no JSON."""


def _refuse(constant):
    raise _NoJson(constant)


def _unreadable(why: str, code: str = "bad_json") -> ConnectorError:
    return ConnectorError(f"The batch cannot be read: {why}", code=code, file=FILE)
