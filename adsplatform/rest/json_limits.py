"""Limits on what a large JSON body is made of, counted while it arrives, before anything is made of it in memory."""

import numpy as np
from django.conf import settings

from adsplatform.errors import PlatformError, TooLarge

# Far more than there are lists of records and options.
MOST_MEMBERS = 1_000
# Elements of the lists that are no objects; each becomes a problem of its own.
MOST_OTHERS = 1_000
MOST_DEPTH = 100
NOT_ONE_OBJECT = "One object is expected, not a list of none or of more."
TOO_DEEP = "The body is no valid JSON: it is nested too deeply."

_QUOTE, _OPENING, _CLOSING, _COMMA = 1, 2, 3, 4
_KINDS = np.zeros(256, np.uint8)
for _letters, _kind in ((b'"', _QUOTE), (b"[{", _OPENING), (b"]}", _CLOSING), (b",", _COMMA)):
    _KINDS[list(_letters)] = _kind


class BatchLimits:
    """Counts the members of an object and the elements of its lists; the object may stand in a list of its own.

    What is not valid JSON may be counted wrongly; the parser refuses it later.
    """

    def __init__(self) -> None:
        self._is_in_text = False
        self._depth = 0
        # The depth within the object: 1, or 2 if it stands in a list.
        self._inside = 0
        self._members = self._elements = self._objects = 0
        self._start = b""
        self._half_escape = b""

    def add(self, chunk: bytes) -> None:
        """Count a piece of the body in UTF-8; raises PlatformError where a limit is exceeded."""
        chunk = self._without_escapes(self._half_escape + chunk)
        if not self._inside:
            self._start += chunk[:64]
            self._inside = 2 if self._start.lstrip().startswith(b"[") else 1
        letters = np.frombuffer(chunk, np.uint8)
        kinds = _KINDS[letters]
        places = np.flatnonzero(kinds)
        kinds = kinds[places]
        quotes = kinds == _QUOTE
        in_text = (np.cumsum(quotes) + self._is_in_text) % 2 == 1
        self._is_in_text ^= bool(np.count_nonzero(quotes) % 2)
        outside = ~(in_text | quotes)
        places, kinds = places[outside], kinds[outside]
        if not len(kinds):
            return
        steps = (kinds == _OPENING).astype(np.int64) - (kinds == _CLOSING)
        depths = self._depth + np.cumsum(steps)
        self._depth = int(depths[-1])
        commas = depths[kinds == _COMMA]
        opened = depths[(kinds == _OPENING) & (letters[places] == ord("{"))]
        self._check(int(depths.max()), commas, opened)

    def _check(
        self,
        deepest: int,
        commas: "np.ndarray[tuple[int], np.dtype[np.int64]]",
        opened: "np.ndarray[tuple[int], np.dtype[np.int64]]",
    ) -> None:
        inside, most = self._inside, settings.BATCH_MAX_RECORDS
        if deepest > MOST_DEPTH:
            raise PlatformError(TOO_DEEP)
        if inside > 1 and np.count_nonzero(commas == 1):
            raise PlatformError(NOT_ONE_OBJECT)
        self._members += np.count_nonzero(commas == inside)
        if self._members >= MOST_MEMBERS:
            raise PlatformError(f"The object has more than {MOST_MEMBERS:,} members. Send lists of records.")
        self._elements += np.count_nonzero(commas == inside + 1)
        self._objects += np.count_nonzero(opened == inside + 2)
        if self._elements - self._objects > MOST_OTHERS + MOST_MEMBERS:
            raise PlatformError(
                f"More than {MOST_OTHERS:,} elements of the lists are no objects. Send a list of records, each an "
                'object like {"erpKey": "I1"}.'
            )
        if self._objects > most:
            raise TooLarge(
                f"The batch has more than {most:,} records, the most that may be sent at once. Send it in parts."
            )

    def _without_escapes(self, chunk: bytes) -> bytes:
        """The piece without backslashes and the quotation marks behind them; half of such a pair waits for the next."""
        self._half_escape = b""
        if b"\\" not in chunk:
            return chunk
        chunk = chunk.replace(b"\\\\", b"").replace(b'\\"', b"")
        if chunk.endswith(b"\\"):
            self._half_escape = b"\\"
            chunk = chunk[:-1]
        return chunk
