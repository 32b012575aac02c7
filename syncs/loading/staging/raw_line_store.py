"""The text of staged lines as it was received, kept until it is known which of them something is to be said of.

Few lines need theirs, so PostgreSQL is spared all of them: they wait in a compressed temporary file of this process.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from tempfile import TemporaryFile

import lz4.block

from adsplatform.records.checks import printable
from syncs.models.results import RAW_KEPT

# Takes a quarter less time than 1, and no more room.
ACCELERATION = 8


@dataclass(frozen=True, slots=True)
class _Piece:
    """Where the lines of one block stand in the file."""

    numbers: Sequence[int]
    offset: int
    size: int


class RawLineStore:
    """Lines by their number in the sync, which only grows."""

    def __init__(self):
        self._file, self._pieces = TemporaryFile(), []

    def close(self):
        self._file.close()

    def add(self, numbers: Sequence[int], lines: list[str]):
        packed = lz4.block.compress("\0".join(kept(lines)).encode(), mode="fast", acceleration=ACCELERATION)
        offset = self._file.seek(0, 2)
        self._file.write(packed)
        self._pieces.append(_Piece(numbers, offset, len(packed)))

    def of(self, numbers: Iterable[int]) -> Iterator[tuple[int, str]]:
        """Number and text of each line asked for, in ascending order."""
        lasts = [piece.numbers[-1] for piece in self._pieces]
        at, texts = None, {}
        for number in numbers:
            place = bisect_left(lasts, number)
            if place != at:
                at, texts = place, self._read(self._pieces[place])
            yield number, texts[number]

    def _read(self, piece: _Piece) -> dict[int, str]:
        self._file.seek(piece.offset)
        lines = lz4.block.decompress(self._file.read(piece.size)).decode().split("\0")
        return dict(zip(piece.numbers, lines, strict=True))


def kept(lines: list[str]) -> list[str]:
    """The lines as the books can hold them."""
    together = "".join(lines)
    if together.isascii() and "\0" not in together and max(map(len, lines), default=0) <= RAW_KEPT:
        return lines
    return [printable(line[:RAW_KEPT]) for line in lines]
