"""Stores the raw lines of staged rows until it is known which rows have a problem.

Few have one. So raw lines are stored in a compressed temporary file of this process instead of PostgreSQL.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from tempfile import TemporaryFile

import lz4.block
from django.db.backends.utils import CursorWrapper

from adsplatform.records.checks import printable
from syncs.models.results import RAW_LENGTH

# LZ4's acceleration: this value takes a quarter less time than 1, and compresses as well.
ACCELERATION = 8
# For how many problems raw lines are looked up at once.
PROBLEMS_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Where the raw lines of one block are in the file."""

    numbers: range
    offset: int
    size: int


class RawLineStore:
    """Raw lines by the number of their staged row; numbers only grow."""

    def __init__(self) -> None:
        self._file = TemporaryFile()  # noqa: SIM115 (closed by `close`, when the stage is)
        self._chunks: list[_Chunk] = []

    def close(self) -> None:
        self._file.close()

    def add(self, numbers: range, lines: Sequence[str]) -> None:
        compressed = lz4.block.compress("\0".join(_storable(lines)).encode(), mode="fast", acceleration=ACCELERATION)
        offset = self._file.seek(0, 2)
        self._file.write(compressed)
        self._chunks.append(_Chunk(numbers, offset, len(compressed)))

    def write_for_problems(self, cursor: CursorWrapper) -> None:
        """Create the table `raw_line`, with the raw lines of all staged rows that have a problem."""
        cursor.execute("CREATE TEMP TABLE raw_line (seq bigint, raw text) ON COMMIT DROP")
        # The tables of a session may be those of an earlier sync.
        cursor.execute("CREATE INDEX IF NOT EXISTS staged_problem_of_row ON staged_problem (seq) WHERE seq IS NOT NULL")
        last = -1
        while numbers := _next_with_problem(cursor, last):
            last = numbers[-1]
            with cursor.copy("COPY raw_line FROM STDIN") as copy:
                for line in self._find(numbers):
                    copy.write_row(line)
        cursor.execute("ANALYZE raw_line")

    def _find(self, numbers: Iterable[int]) -> Iterator[tuple[int, str]]:
        """(number, raw line) for ascending numbers."""
        lasts = [chunk.numbers[-1] for chunk in self._chunks]
        at: int | None = None
        lines: dict[int, str] = {}
        for number in numbers:
            place = bisect_left(lasts, number)
            if place != at:
                at, lines = place, self._read(self._chunks[place])
            yield number, lines[number]

    def _read(self, chunk: _Chunk) -> dict[int, str]:
        self._file.seek(chunk.offset)
        lines = lz4.block.decompress(self._file.read(chunk.size)).decode().split("\0")
        return dict(zip(chunk.numbers, lines, strict=True))


def _next_with_problem(cursor: CursorWrapper, number: int) -> list[int]:
    """The numbers of the next staged rows that have a problem, after the given number."""
    cursor.execute(
        "SELECT DISTINCT seq FROM staged_problem WHERE seq > %s ORDER BY seq LIMIT %s", [number, PROBLEMS_AT_ONCE]
    )
    return [found for (found,) in cursor.fetchall()]


def _storable(lines: Sequence[str]) -> Sequence[str]:
    """The lines in a form that the database can store."""
    text = "".join(lines)
    if text.isascii() and "\0" not in text and max(map(len, lines), default=0) <= RAW_LENGTH:
        return lines
    return [printable(line[:RAW_LENGTH]) for line in lines]
