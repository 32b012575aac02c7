"""Limits on what a large JSON body is made of, counted before anything is made of it in memory."""

from collections.abc import Iterable, Iterator

import numpy as np
from django.conf import settings

from adsplatform.errors import PlatformError, TooLarge

# Far more than there are lists of records and options.
MOST_MEMBERS = 1_000
PIECE = 256 * 1024
NOT_ONE_OBJECT = "One object is expected, not a list of none or of more."
TOO_DEEP = "The body is no valid JSON: it is nested too deeply."

_QUOTE, _OPENING, _CLOSING, _COMMA = 1, 2, 3, 4
_KINDS = np.zeros(256, np.uint8)
for _letters, _kind in ((b'"', _QUOTE), (b"[{", _OPENING), (b"]}", _CLOSING), (b",", _COMMA)):
    _KINDS[list(_letters)] = _kind


def check_members(text: memoryview) -> None:
    """Refuse an object, given as JSON in UTF-8, that has too many members; what is not valid is left to the parser."""
    count = MemberCount()
    for piece in _pieces_of(text):
        count.add(piece)
        if count.members > MOST_MEMBERS:
            raise PlatformError(f"The object has more than {MOST_MEMBERS:,} members. Send lists of records.")


def check_records(lists: Iterable[memoryview]) -> None:
    """Refuse lists, given as JSON in UTF-8, that have too many records together."""
    most, texts = settings.BATCH_MAX_RECORDS, list(lists)
    # There are at least as many opening brackets as records, and they are much faster to count.
    if sum(map(_brackets_in, texts)) > most and sum(map(_elements_of, texts)) > most:
        raise TooLarge(f"The batch has more than {most:,} records. Send several batches, or a ZIP of files.")


def _brackets_in(text: memoryview) -> int:
    return sum(piece.count(b"{") for piece in _pieces_of(text))


def _elements_of(text: memoryview) -> int:
    count = MemberCount()
    for piece in _pieces_of(text):
        count.add(piece)
    return count.members if _brackets_in(text) else 0


def _pieces_of(text: memoryview) -> Iterator[bytes]:
    return (bytes(text[start : start + PIECE]) for start in range(0, len(text), PIECE))


class MemberCount:
    """Counts the members of an object or list that comes in pieces: its commas outside of texts and inner brackets."""

    def __init__(self) -> None:
        self.members = 1
        self._is_in_text = False
        self._depth = 0
        self._half_escape = b""

    def add(self, piece: bytes) -> None:
        piece = self._without_escapes(self._half_escape + piece)
        kinds = _KINDS[np.frombuffer(piece, np.uint8)]
        kinds = kinds[kinds > 0]
        quotes = kinds == _QUOTE
        in_text = (np.cumsum(quotes) + self._is_in_text) % 2 == 1
        self._is_in_text ^= bool(np.count_nonzero(quotes) % 2)
        kinds = kinds[~(in_text | quotes)]
        if len(kinds):
            depths = self._depth + np.cumsum((kinds == _OPENING).astype(np.int64) - (kinds == _CLOSING))
            self._depth = int(depths[-1])
            self.members += int(np.count_nonzero(depths[kinds == _COMMA] == 1))

    def _without_escapes(self, piece: bytes) -> bytes:
        """The piece without backslashes and the quotation marks behind them; half of such a pair waits for the next."""
        self._half_escape = b""
        if b"\\" not in piece:
            return piece
        piece = piece.replace(b"\\\\", b"").replace(b'\\"', b"")
        if piece.endswith(b"\\"):
            self._half_escape = b"\\"
            piece = piece[:-1]
        return piece
